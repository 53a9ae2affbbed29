import { describe, expect, test } from 'vitest';
import { type Cell, failureOf, learn, moved, noise } from '../support/made-learning.ts';

const ROWS = 400;
const period = (cell: Cell, { rows = ROWS, width = 4 } = {}) => learn(cell, { rows, width });

/** The noise, and from one row up to another a column that is moved. */
const disturbed = (from: number, to: number, by: number): Cell =>
  moved(moved(noise, { row: from, column: 1, by }), { row: to, column: 1, by: -by });

describe('a learning period that is not steady', () => {
  test('is refused, with the channel, what it did, and what to do', () => {
    const error = failureOf(() => period(disturbed(200, 220, -60)));
    expect(error.code).toBe('LEARN_UNSTEADY');
    expect(error.message).toMatch(
      /after 5\d % of the learning channel "channel1" (fell|rose) by 60 from one window to the next, and 0\.\d+ is usual/,
    );
    expect(error.message).toContain('let it run undisturbed');
  });

  test('says from where on it was steady', () => {
    const steadyFrom = Number(failureOf(() => period(disturbed(200, 220, 60))).context['steadyFrom']);
    expect(steadyFrom).toBeGreaterThanOrEqual(220);
    expect(steadyFrom).toBeLessThan(250);
    expect(() => period((row, column) => disturbed(200, 220, 60)(row + steadyFrom, column))).not.toThrow();
  });

  test('is one in which nearly everything moves', () => {
    const startingUp: Cell = (row, column) => (column === 3 ? 0 : row / 20) + noise(row, column);
    const error = failureOf(() => period(startingUp));
    expect(error.message).toContain('most channels (channel0, channel1, channel2) moved all the time');
    expect(error.context).toMatchObject({ steadyFrom: 200 });
  });
});

describe('a learning period is steady', () => {
  test('while a temperature warms up', () => {
    const warming: Cell = (row, column) =>
      column === 0 ? 40 * (1 - Math.exp(-row / 150)) : noise(row, column);
    expect(() => period(warming)).not.toThrow();
  });

  test('while a machine starts and stops', () => {
    const cycling: Cell = (row, column) => (row % 200 < 100 && column < 3 ? 60 : 0) + noise(row, column);
    expect(() => period(cycling)).not.toThrow();
  });

  test('when something jumps time and again', () => {
    const switching: Cell = (row, column) => (row % 40 < 5 && column === 1 ? 60 : 0) + noise(row, column);
    expect(() => period(switching)).not.toThrow();
  });

  test('when a disturbance took less than a hundredth of it, which sets no limit', () => {
    const rare = { rows: 20_000, width: 2 };
    const model = period(disturbed(9000, 9020, 60), rare);
    const undisturbed = period(noise, rare);
    expect(model.whitening[0] ?? Number.NaN).toBeGreaterThan(0.7 * (undisturbed.whitening[0] ?? Number.NaN));
  });
});
