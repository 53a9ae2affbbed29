import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitNormal, type NormalModel } from '../../src/learn/fit.ts';
import { FieldnoteError } from '../../src/system/errors.ts';

const WINDOW_ROWS = 10;

type Cell = (row: number, column: number) => number;

/** Noise between −1 and 1 that repeats itself from run to run (mulberry32). */
function noise(row: number, column: number): number {
  let state = Math.imul(row * 64 + column + 1, 0x6d2b79f5);
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 2 ** 31 - 1;
}

function learn(cell: Cell, { rows = 200, width = 2, windowRows = WINDOW_ROWS } = {}): NormalModel {
  const data = Float32Array.from({ length: rows * width }, (_, k) => cell(Math.floor(k / width), k % width));
  const channels = Array.from({ length: width }, (_, column) => `channel${column}`);
  return fitNormal({ data, channels, windowRows });
}

/** Score of window means in the unit of the channels, by the model's matrix. */
function scoreOf({ baseline, deviation, whitening }: NormalModel, means: readonly number[]): number {
  const z = means.map((mean, i) => (mean - (baseline[i] ?? 0)) / (deviation[i] ?? 1));
  const whitened = z.map((_, i) =>
    z.reduce((sum, value, j) => sum + value * (whitening[i * z.length + j] ?? 0), 0),
  );
  return Math.hypot(...whitened);
}

/** Mean of every full window of a channel, the plain way. */
function meansOf(cell: Cell, rows: number, column: number): number[] {
  const ends = Array.from({ length: rows - WINDOW_ROWS + 1 }, (_, k) => k + WINDOW_ROWS);
  return ends.map((end) => {
    const values = Array.from({ length: WINDOW_ROWS }, (_, k) => Math.fround(cell(end - 1 - k, column)));
    const held = values.filter((value) => !Number.isNaN(value));
    return held.reduce((sum, value) => sum + value, 0) / held.length;
  });
}

function largestScore(model: NormalModel, cell: Cell, rows: number): number {
  const columns = [...model.baseline].map((_, column) => meansOf(cell, rows, column));
  const windows = columns[0]?.map((_, k) => columns.map((means) => means[k] ?? Number.NaN)) ?? [];
  return Math.max(...windows.map((means) => scoreOf(model, means)));
}

function failureOf(attempt: () => unknown): FieldnoteError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof FieldnoteError) return error;
    throw error;
  }
  throw new Error('did not fail');
}

describe('fitNormal', () => {
  test('gives what it learned from a score well below the limit', () => {
    expect(largestScore(learn(noise), noise, 200)).toBeCloseTo(1 / 1.75, 9);
  });

  test('gives a shifted mean a score over the limit', () => {
    const model = learn(noise);
    expect(scoreOf(model, [model.baseline[0] ?? 0, 1.5])).toBeGreaterThan(1);
  });

  test('gives a score that grows with the distance from normal', () => {
    const model = learn(noise);
    const at = (shift: number) =>
      scoreOf(
        model,
        [...model.baseline].map((mean) => mean + shift),
      );
    expect(at(2)).toBeCloseTo(2 * at(1), 9);
  });

  test('does not depend on units', () => {
    const gain = fc.double({ min: 0.01, max: 1000, noNaN: true });
    const offset = fc.double({ min: -1000, max: 1000, noNaN: true });
    const plain = learn(noise);
    fc.assert(
      fc.property(gain, offset, (factor, shift) => {
        const model = learn((row, column) => (column === 0 ? factor * noise(row, 0) + shift : noise(row, 1)));
        const score = scoreOf(model, [factor * 0.5 + shift, 0.2]);
        expect(score / scoreOf(plain, [0.5, 0.2])).toBeCloseTo(1, 1);
      }),
      { numRuns: 30 },
    );
  });

  test('does not depend on the order of the channels', () => {
    const forwards = learn((row, column) => (column + 1) * noise(row, column));
    const backwards = learn((row, column) => (2 - column) * noise(row, 1 - column));
    expect(scoreOf(backwards, [0.9, -0.4])).toBeCloseTo(scoreOf(forwards, [-0.4, 0.9]), 9);
  });

  test('leaves gaps out of every mean', () => {
    const gappy: Cell = (row, column) => (row % 5 === column ? Number.NaN : 100 + noise(row, column));
    expect(largestScore(learn(gappy), gappy, 200)).toBeCloseTo(1 / 1.75, 6);
  });

  test('allows a drifting channel to drift on', () => {
    const drifting: Cell = (row, column) => (column === 0 ? row / 100 + noise(row, 0) / 10 : noise(row, 1));
    const model = learn(drifting);
    expect(scoreOf(model, [3, model.baseline[1] ?? 0])).toBeLessThan(1);
    expect(scoreOf(model, [100, model.baseline[1] ?? 0])).toBeGreaterThan(1);
  });

  test('is not blinded for one channel by the drift of another', () => {
    const drifting: Cell = (row, column) => (column === 0 ? row / 100 + noise(row, 0) / 10 : noise(row, 1));
    const model = learn(drifting);
    expect(scoreOf(model, [model.baseline[0] ?? 0, 1])).toBeGreaterThan(1);
  });

  test('expects channels that move together to go on doing so', () => {
    const together: Cell = (row, column) => noise(row, 0) + noise(row, 1 + column) / 10;
    const model = learn(together);
    expect(scoreOf(model, [0.3, -0.3])).toBeGreaterThan(1.5 * scoreOf(model, [0.3, 0.3]));
  });

  test('takes a constant channel that moves by a tenth as a fault', () => {
    const model = learn((row, column) => (column === 0 ? 230 : noise(row, 1)));
    expect(scoreOf(model, [230 * 1.1, model.baseline[1] ?? 0])).toBeGreaterThan(1);
    expect(scoreOf(model, [230 * 1.001, model.baseline[1] ?? 0])).toBeLessThan(1);
  });

  test('takes a switch that was always off and goes on as a fault', () => {
    const model = learn(() => 0, { width: 1 });
    expect(scoreOf(model, [0])).toBe(0);
    expect(scoreOf(model, [1])).toBeGreaterThan(1);
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
