import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Cell,
  failureOf,
  largestScore,
  learn,
  moved,
  noise,
  scoreAt,
  WINDOW_ROWS,
} from '../support/made-learning.ts';

describe('fitNormal', () => {
  test('gives what it learned from a score well below the limit', () => {
    expect(largestScore(learn(noise), noise)).toBeLessThan(1 / 1.7);
  });

  test('gives the same noise later on a score below the limit', () => {
    expect(largestScore(learn(noise), noise, { from: 201, to: 3000 })).toBeLessThan(1);
  });

  test('gives a shifted mean a score over the limit', () => {
    const shifted = moved(noise, { row: 300, column: 1, by: 1.5 });
    expect(scoreAt(learn(noise), shifted, 310)).toBeGreaterThan(1);
  });

  test('gives a score that grows with the distance from normal', () => {
    const model = learn(noise);
    const at = (by: number) => scoreAt(model, moved(noise, { row: 300, column: 0, by }), 310);
    expect(at(8) / at(4)).toBeGreaterThan(1.9);
    expect(at(8) / at(4)).toBeLessThan(2.1);
  });

  test('gives a score in proportion to the sensitivity that is asked for', () => {
    const shifted = moved(noise, { row: 300, column: 1, by: 1.5 });
    const score = (sensitivity: number) => scoreAt(learn(noise, { sensitivity }), shifted, 310);
    expect(score(2) / score(1)).toBeCloseTo(2, 1);
    expect(score(0.5) / score(1)).toBeCloseTo(0.5, 1);
  });

  test('does not depend on units', () => {
    const gain = fc.double({ min: 0.01, max: 1000, noNaN: true });
    const offset = fc.double({ min: -100, max: 100, noNaN: true });
    const shifted = moved(noise, { row: 300, column: 0, by: 0.5 });
    const plain = scoreAt(learn(noise), shifted, 305);
    fc.assert(
      fc.property(gain, offset, (factor, shift) => {
        const inUnit =
          (cell: Cell): Cell =>
          (row, column) =>
            column === 0 ? factor * (cell(row, 0) + shift) : cell(row, 1);
        expect(scoreAt(learn(inUnit(noise)), inUnit(shifted), 305) / plain).toBeCloseTo(1, 3);
      }),
      { numRuns: 30 },
    );
  });

  test('does not depend on the order of the channels', () => {
    const cell: Cell = (row, column) => (column + 1) * noise(row, column) + (column === 2 ? row / 50 : 0);
    const shifted = moved(cell, { row: 300, column: 1, by: 2 });
    const plain = scoreAt(learn(cell, { width: 4 }), shifted, 308);
    const orders = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
    fc.assert(
      fc.property(orders, (order) => {
        const inOrder =
          (of: Cell): Cell =>
          (row, column) =>
            of(row, order[column] ?? 0);
        const model = learn(inOrder(cell), { width: 4 });
        expect(scoreAt(model, inOrder(shifted), 308) / plain).toBeCloseTo(1, 6);
      }),
    );
  });

  describe('of short excursions, too rare to be common', () => {
    const ROWS = 8000;
    const LATER = 9000;
    const excursions = (starts: readonly number[], sizes: readonly number[]): Cell => {
      const isWithin = (row: number) => starts.some((start) => row >= start && row < start + WINDOW_ROWS);
      return (row, column) => noise(row, column) + (isWithin(row) ? (sizes[column] ?? 0) : 0);
    };
    const scoreLater = (learned: Cell) => {
      const later = excursions([LATER], [6, -3]);
      return largestScore(learn(learned, { rows: ROWS }), later, { from: LATER, to: LATER + 30 });
    };

    test('takes one that comes again and again, alike, as normal', () => {
      expect(scoreLater(excursions([1000, 3000, 5000, 7000], [6, -3]))).toBeLessThan(1);
    });

    test('takes one that came once or twice as odd', () => {
      expect(scoreLater(excursions([3000], [6, -3]))).toBeGreaterThan(1);
      expect(scoreLater(excursions([3000, 6000], [6, -3]))).toBeGreaterThan(1);
    });

    test('takes several that have nothing in common as odd', () => {
      const [one, other] = [excursions([1000], [6, 6]), excursions([5000], [-6, 0])];
      const third = excursions([3000], [6, -3]);
      const all: Cell = (row, column) =>
        one(row, column) + other(row, column) + third(row, column) - 2 * noise(row, column);
      expect(scoreLater(all)).toBeGreaterThan(1);
    });
  });

  test('leaves gaps out of every mean', () => {
    const gappy: Cell = (row, column) => (row % 5 === column ? Number.NaN : 100 + noise(row, column));
    expect(largestScore(learn(gappy), gappy)).toBeLessThan(1 / 1.7);
  });

  test('is not blinded for one channel by the drift of another', () => {
    const drifting: Cell = (row, column) => (column === 0 ? row / 100 + noise(row, 0) / 10 : noise(row, 1));
    const shifted = moved(drifting, { row: 210, column: 1, by: 1.5 });
    expect(scoreAt(learn(drifting), shifted, 220)).toBeGreaterThan(1);
  });

  test('expects channels that move together to go on doing so', () => {
    const together: Cell = (row, column) => noise(row, 0) + noise(row, 1 + column) / 10;
    const model = learn(together);
    const both = moved(moved(together, { row: 300, column: 0, by: 1 }), { row: 300, column: 1, by: 1 });
    const one = moved(moved(together, { row: 300, column: 0, by: 1 }), { row: 300, column: 1, by: -1 });
    expect(scoreAt(model, one, 310)).toBeGreaterThan(1.5 * scoreAt(model, both, 310));
  });

  test('takes a constant channel that moves by a tenth as a fault', () => {
    const mains: Cell = (row, column) => (column === 0 ? 230 : noise(row, 1));
    const model = learn(mains);
    expect(scoreAt(model, moved(mains, { row: 300, column: 0, by: 23 }), 310)).toBeGreaterThan(1);
    expect(scoreAt(model, moved(mains, { row: 300, column: 0, by: 0.23 }), 310)).toBeLessThan(1);
  });

  test('takes a switch that was always off and goes on as a fault', () => {
    const off: Cell = () => 0;
    const model = learn(off, { width: 1 });
    expect(scoreAt(model, off, 310)).toBe(0);
    expect(scoreAt(model, moved(off, { row: 300, column: 0, by: 1 }), 310)).toBeGreaterThan(1);
  });

  test('does not take a change by one step of a coarse sensor as far away', () => {
    const coarse: Cell = (row, column) => (column === 0 ? Number(row === 50) : noise(row, 1));
    expect(learn(coarse).deviation[0]).toBeGreaterThanOrEqual(1 / Math.sqrt(12));
  });

  test('keeps a spread above zero for every channel', () => {
    const value = fc.oneof(
      fc.constant(0),
      fc.constant(1e-40),
      fc.constant(1e30),
      fc.double({ min: -1e6, max: 1e6 }),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), (cycle) => {
        const model = learn((row) => cycle[row % cycle.length] ?? 0, { width: 1, rows: 60 });
        expect(
          [...model.spread, ...model.deviation].every(
            (width) => Math.fround(width) > 0 && Math.fround(width) < Number.POSITIVE_INFINITY,
          ),
        ).toBe(true);
        expect(model.whitening.every(Number.isFinite)).toBe(true);
      }),
    );
  });

  test('learns from a long period with no more windows than it can use', () => {
    expect(learn(noise, { rows: 50_000, width: 1 }).windows).toBeLessThanOrEqual(10_000);
  });

  test('learns the same from a long period as its parts show', () => {
    const model = learn(noise, { rows: 50_000, width: 1 });
    expect(model.spread[0]).toBeCloseTo(1 / Math.sqrt(3 * WINDOW_ROWS), 1);
  });
});

describe('fitNormal refuses', () => {
  test('too few rows, and says how many are needed', () => {
    const error = failureOf(() => learn(noise, { rows: 39 }));
    expect(error.code).toBe('LEARN_UNSTEADY');
    expect(error.message).toContain('39 rows');
    expect(error.message).toContain('40 rows');
  });

  test('no rows at all', () => {
    expect(failureOf(() => learn(noise, { rows: 0 })).code).toBe('LEARN_UNSTEADY');
  });

  test('a channel without any value, by name', () => {
    const error = failureOf(() => learn((row, column) => (column === 1 ? Number.NaN : noise(row, 0))));
    expect(error.code).toBe('LEARN_UNSTEADY');
    expect(error.message).toContain('channel "channel1" gave no value at all');
  });

  test('a channel with too many gaps, with how many', () => {
    const error = failureOf(() => learn((row, column) => (row % 4 > 0 && column === 0 ? Number.NaN : 1)));
    expect(error.message).toContain('"channel0" gave a value in 25 %');
    expect(error.context).toMatchObject({ channel: 'channel0', coverage: 0.25 });
  });

  test('a channel that varies as no sensor does', () => {
    const error = failureOf(() => learn((row, column) => (column === 0 ? (row % 2) * 3e38 : noise(row, 1))));
    expect(error.message).toContain('channel "channel0"');
    expect(error.code).toBe('LEARN_UNSTEADY');
  });

  test('channels that are never there together', () => {
    const shift: Cell = (row, column) => (row < 100 === (column === 0) ? noise(row, column) : Number.NaN);
    const error = failureOf(() => learn(shift));
    expect(error.message).toContain('of all channels at once');
  });
});
