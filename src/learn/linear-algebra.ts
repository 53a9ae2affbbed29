/**
 * The little linear algebra that learning needs, for symmetric matrices of at most 64 × 64. Matrices are square and
 * lie row by row in a Float64Array. Own code because a dependency would be larger than the two functions here.
 */

export interface Eigen {
  /** Eigenvalues, in no order. */
  readonly values: Float64Array;
  /** Column k is the unit eigenvector of value k. */
  readonly vectors: Float64Array;
}

/** Jacobi converges quadratically; 64 × 64 needs about ten sweeps. */
const SWEEPS_MAX = 60;

/** Off-diagonal rest, relative to the whole matrix, at which it counts as diagonal. */
const REST_MAX = 1e-15;

/** Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Golub & Van Loan, 8.5). */
export function eigenSymmetric(matrix: Float64Array, size: number): Eigen {
  const rotated = matrix.slice();
  const vectors = identity(size);
  const restMax = REST_MAX * norm(rotated);
  for (let sweep = 0; sweep < SWEEPS_MAX && offDiagonalNorm(rotated, size) > restMax; sweep++) {
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(rotated, vectors, size, p, q);
  }
  return { values: diagonalOf(rotated, size), vectors };
}

/**
 * The symmetric W with W · M · W = identity.
 * @param matrix symmetric and positive definite
 * @throws {RangeError} when an eigenvalue is not positive
 */
export function inverseSquareRoot(matrix: Float64Array, size: number): Float64Array {
  const { values, vectors } = eigenSymmetric(matrix, size);
  const factors = values.map((value) => {
    if (!(value > 0)) throw new RangeError(`eigenvalue ${value} is not positive`);
    return 1 / Math.sqrt(value);
  });
  const scaled = vectors.map((value, k) => value * at(factors, k % size));
  return product(scaled, transposed(vectors, size), size);
}

export function diagonalOf(matrix: Float64Array, size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => at(matrix, i * size + i));
}

/** left · right of matrices that lie row by row; `inner` is the number of columns of the left one. */
export function product(left: Float64Array, right: Float64Array, inner: number): Float64Array {
  const columns = right.length / inner;
  const values = new Float64Array((left.length / inner) * columns);
  return values.map((_, k) => {
    const [row, column] = [Math.floor(k / columns), k % columns];
    let sum = 0;
    for (let i = 0; i < inner; i++) sum += at(left, row * inner + i) * at(right, i * columns + column);
    return sum;
  });
}

export function transposed(matrix: Float64Array, size: number): Float64Array {
  return matrix.map((_, k) => at(matrix, (k % size) * size + Math.floor(k / size)));
}

/** Element of an array whose index is known to be inside. */
export function at(values: Float64Array | Float32Array, index: number): number {
  return values[index] as number;
}

function identity(size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  return matrix;
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

function offDiagonalNorm(matrix: Float64Array, size: number): number {
  return norm(matrix.filter((_, index) => index % (size + 1) !== 0));
}

/** One rotation in the plane of p and q, by the angle that makes element (p, q) zero. */
function rotate(matrix: Float64Array, vectors: Float64Array, size: number, p: number, q: number): void {
  const pq = at(matrix, p * size + q);
  if (pq === 0) return;
  const theta = (at(matrix, q * size + q) - at(matrix, p * size + p)) / (2 * pq);
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  for (let i = 0; i < size; i++) turn(matrix, i * size + p, i * size + q, cosine, sine);
  for (let i = 0; i < size; i++) turn(matrix, p * size + i, q * size + i, cosine, sine);
  for (let i = 0; i < size; i++) turn(vectors, i * size + p, i * size + q, cosine, sine);
}

function turn(values: Float64Array, first: number, second: number, cosine: number, sine: number): void {
  const a = at(values, first);
  const b = at(values, second);
  values[first] = cosine * a - sine * b;
  values[second] = sine * a + cosine * b;
}
