import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { at, diagonalOf, eigenSymmetric, inverseSquareRoot } from '../../src/learn/linear-algebra.ts';

interface Square {
  readonly matrix: Float64Array;
  readonly size: number;
}

function product(a: Float64Array, b: Float64Array, size: number): Float64Array {
  return a.map((_, index) => {
    const [i, j] = [Math.floor(index / size), index % size];
    return Array.from({ length: size }, (_, k) => at(a, i * size + k) * at(b, k * size + j)).reduce(
      (x, y) => x + y,
    );
  });
}

function transposed(matrix: Float64Array, size: number): Float64Array {
  return matrix.map((_, index) => at(matrix, (index % size) * size + Math.floor(index / size)));
}

function identity(size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, index) => Number(index % (size + 1) === 0));
}

function distance(a: Float64Array, b: Float64Array): number {
  return Math.hypot(...a.map((value, index) => value - at(b, index)));
}

const anySquare: fc.Arbitrary<Square> = fc.integer({ min: 1, max: 9 }).chain((size) =>
  fc
    .array(fc.double({ min: -10, max: 10, noNaN: true }), {
      minLength: size * size,
      maxLength: size * size,
    })
    .map((values) => ({ matrix: Float64Array.from(values), size })),
);

const symmetric = anySquare.map(({ matrix, size }) => {
  const other = transposed(matrix, size);
  return { matrix: matrix.map((value, index) => value + at(other, index)), size };
});

const positiveDefinite = anySquare.map(({ matrix, size }) => {
  const unit = identity(size);
  const square = product(matrix, transposed(matrix, size), size);
  return { matrix: square.map((value, index) => value + at(unit, index)), size };
});

describe('eigenSymmetric', () => {
  test('gives values and vectors that make up the matrix again', () => {
    fc.assert(
      fc.property(symmetric, ({ matrix, size }) => {
        const { values, vectors } = eigenSymmetric(matrix, size);
        const scaled = vectors.map((value, index) => value * at(values, index % size));
        const again = product(scaled, transposed(vectors, size), size);
        expect(distance(again, matrix)).toBeLessThan(1e-12 * (1 + Math.hypot(...matrix)));
      }),
    );
  });

  test('gives vectors at right angles and of length one', () => {
    fc.assert(
      fc.property(symmetric, ({ matrix, size }) => {
        const { vectors } = eigenSymmetric(matrix, size);
        expect(distance(product(transposed(vectors, size), vectors, size), identity(size))).toBeLessThan(
          1e-12,
        );
      }),
    );
  });

  test('leaves its argument as it was', () => {
    const matrix = Float64Array.of(2, 1, 1, 2);
    eigenSymmetric(matrix, 2);
    expect([...matrix]).toEqual([2, 1, 1, 2]);
  });
});

describe('inverseSquareRoot', () => {
  test('makes the identity of its matrix', () => {
    fc.assert(
      fc.property(positiveDefinite, ({ matrix, size }) => {
        const root = inverseSquareRoot(matrix, size);
        const unit = product(product(root, matrix, size), root, size);
        expect(distance(unit, identity(size))).toBeLessThan(1e-8);
      }),
    );
  });

  test('is symmetric', () => {
    fc.assert(
      fc.property(positiveDefinite, ({ matrix, size }) => {
        const root = inverseSquareRoot(matrix, size);
        expect(distance(root, transposed(root, size))).toBeLessThan(1e-12);
      }),
    );
  });

  test('handles as many channels as an asset may have', () => {
    const size = 64;
    const matrix = Float64Array.from(
      { length: size * size },
      (_, k) => 0.9 ** Math.abs(Math.floor(k / size) - (k % size)),
    );
    const root = inverseSquareRoot(matrix, size);
    expect(distance(product(product(root, matrix, size), root, size), identity(size))).toBeLessThan(1e-10);
  });

  test('refuses a matrix that is not positive definite', () => {
    expect(() => inverseSquareRoot(Float64Array.of(1, 2, 2, 1), 2)).toThrow('is not positive');
  });
});

test('diagonalOf takes the diagonal', () => {
  expect([...diagonalOf(Float64Array.of(1, 2, 3, 4), 2)]).toEqual([1, 4]);
});
