import { describe, expect, test } from 'vitest';
import type { NormalModel } from '../../src/learn/fit.ts';
import { type Cell, largestScore, learn, noise, scoreAt } from '../support/made-learning.ts';

const LEARNED_ROWS = 400;

/** A temperature that rises by a hundredth each row while it is learned, then at another rate; a steady channel beside. */
const warming =
  (laterRate: number): Cell =>
  (row, column) => {
    const risen = Math.min(row, LEARNED_ROWS) + laterRate * Math.max(0, row - LEARNED_ROWS);
    return column === 0 ? 20 + risen / 100 + noise(row, 0) / 10 : noise(row, 1);
  };

describe('a channel that drifts', () => {
  const model = learn(warming(1), { rows: LEARNED_ROWS });

  test('is told from one that does not', () => {
    expect(model.drift[0]).toBe(0.99);
    expect(model.drift[1]).toBeLessThan(0.01);
  });

  test('may drift on as fast as it did while it was learned', () => {
    expect(largestScore(model, warming(1), { from: LEARNED_ROWS, to: 2 * LEARNED_ROWS })).toBeLessThan(1);
  });

  test('may stand still, and come back', () => {
    const later = { from: LEARNED_ROWS, to: 2 * LEARNED_ROWS };
    expect(largestScore(model, warming(0), later)).toBeLessThan(1);
    expect(largestScore(model, warming(-0.5), later)).toBeLessThan(1);
  });

  test('is abnormal when it drifts several times as fast', () => {
    expect(scoreAt(model, warming(6), LEARNED_ROWS + 150)).toBeGreaterThan(1);
    expect(scoreAt(model, warming(-6), LEARNED_ROWS + 150)).toBeGreaterThan(1);
  });

  test('is abnormal when it has drifted out of any sense, however slowly', () => {
    const far = LEARNED_ROWS + 100_000;
    expect(scoreAt(model, warming(1), far)).toBeGreaterThan(1);
  });

  test('is known to come back when it was learned for long enough', () => {
    const swinging: Cell = (row, column) => 5 * Math.sin(row / 30) + noise(row, column);
    expect(learn(swinging, { rows: 2000, width: 1 }).drift[0]).toBeLessThan(0.05);
  });
});

describe('a fault that grows over ten times the learning', () => {
  const growing: Cell = (row, column) =>
    noise(row, column) + (column === 1 ? Math.max(0, row - LEARNED_ROWS) / 1000 : 0);
  const end = 11 * LEARNED_ROWS;
  const model = learn(noise, { rows: LEARNED_ROWS });
  /** Share of the windows that are over the limit when it has grown for ten times the learning. */
  const alarmShare = (judging: NormalModel) => {
    const ends = Array.from({ length: 200 }, (_, k) => end - k);
    return ends.filter((row) => scoreAt(judging, growing, row) > 1).length / ends.length;
  };

  test('is found, and stays found', () => {
    expect(alarmShare(model)).toBe(1);
  });

  test('would not be found if all that was seen taught as much as what was learned', () => {
    const gullible = { ...model, baselineWeight: 0, healthyBelow: Number.POSITIVE_INFINITY };
    expect(alarmShare(gullible)).toBeLessThan(0.05);
  });

  test('would be found by either protection alone', () => {
    expect(alarmShare({ ...model, baselineWeight: 0 })).toBeGreaterThan(0.95);
    expect(alarmShare({ ...model, healthyBelow: Number.POSITIVE_INFINITY })).toBeGreaterThan(0.95);
  });
});

describe('what is slow and healthy', () => {
  test('is followed: a level that changed a little counts less after a while', () => {
    const model = learn(noise, { rows: LEARNED_ROWS });
    const settled: Cell = (row, column) => (row < 500 ? noise(row, column) : 0.2);
    expect(scoreAt(model, settled, 700)).toBeLessThan(0.8 * scoreAt(model, settled, 510));
  });
});
