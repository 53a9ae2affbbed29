import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitNormal } from '../../src/learn/fit.ts';
import { Learner, type LearnerOptions } from '../../src/learn/learner.ts';

const OPTIONS: LearnerOptions = {
  channels: [
    { name: 'flow', unit: 'L/min' },
    { name: 'pressure', unit: 'bar' },
  ],
  rateHz: 1,
  windowRows: 5,
  rowsNeeded: 40,
};

const row = (index: number) => Float32Array.of(32 + Math.sin(index * index), 1 + Math.cos(index * index));
const EMPTY = new Float32Array(2).fill(Number.NaN);

function learnerWith(count: number, options: Partial<LearnerOptions> = {}): Learner {
  const learner = new Learner({ ...OPTIONS, ...options });
  for (let index = 0; index < count; index++) learner.push(row(index));
  return learner;
}

describe('Learner', () => {
  test('goes from 0 to 1 as rows come', () => {
    expect([0, 10, 39, 40].map((count) => learnerWith(count).progress)).toEqual([0, 0.25, 0.975, 1]);
  });

  test('does not count a row that holds nothing', () => {
    const learner = learnerWith(20);
    learner.push(EMPTY);
    expect(learner.progress).toBe(0.5);
  });

  test('counts a row of which half holds values', () => {
    const learner = learnerWith(20);
    learner.push(Float32Array.of(Number.NaN, 1));
    expect(learner.progress).toBe(21 / 40);
  });

  test('never goes back', () => {
    const rows = fc.array(fc.boolean(), { maxLength: 200 });
    fc.assert(
      fc.property(rows, (areHeld) => {
        const learner = new Learner(OPTIONS);
        let before = 0;
        areHeld.forEach((isHeld, index) => {
          learner.push(isHeld ? row(index) : EMPTY);
          expect(learner.progress).toBeGreaterThanOrEqual(before);
          before = learner.progress;
        });
        expect(before).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('learns from the rows in the order in which they came', () => {
    const data = Float32Array.from(Array.from({ length: 40 }, (_, index) => [...row(index)]).flat());
    const { normal } = learnerWith(40).fit();
    expect(normal).toEqual(fitNormal({ data, channels: ['flow', 'pressure'], windowRows: 5 }));
  });

  test('says what it learned for', () => {
    expect(learnerWith(40).fit()).toMatchObject({ channels: OPTIONS.channels, rateHz: 1 });
  });

  test('goes on after a restart where it was', () => {
    const restored = Array.from({ length: 30 }, (_, index) => row(index));
    const learner = new Learner({ ...OPTIONS, restored });
    expect(learner.progress).toBe(0.75);
    for (let index = 30; index < 40; index++) learner.push(row(index));
    expect(learner.fit()).toEqual(learnerWith(40).fit());
  });

  test('takes no more rows than it needs', () => {
    expect(learnerWith(500).fit().normal.rows).toBe(40);
  });

  test('keeps many rows', () => {
    expect(learnerWith(5000, { rowsNeeded: 5000 }).fit().normal.rows).toBe(5000);
  });

  test('gives up waiting for values, and the fit says that they are missing', () => {
    const learner = new Learner(OPTIONS);
    for (let index = 0; index < 80; index++) learner.push(EMPTY);
    expect(learner.progress).toBe(1);
    expect(() => learner.fit()).toThrow('channel "flow" gave no value at all');
  });

  test('refuses a fit before there is enough', () => {
    expect(() => learnerWith(3).fit()).toThrow(expect.objectContaining({ code: 'LEARN_UNSTEADY' }));
  });

  test('refuses a row of another width', () => {
    expect(() => learnerWith(3).push(new Float32Array(3))).toThrow('3 values for 2 channels');
  });

  test('refuses to learn from more than fits into memory', () => {
    expect(() => learnerWith(0, { rowsNeeded: 8_388_609 })).toThrow(
      expect.objectContaining({
        code: 'BAD_ARGUMENT',
        context: { rowsNeeded: 8_388_609, rowsKept: 8_388_608 },
      }),
    );
  });

  test('takes the longest learning that fits', () => {
    expect(learnerWith(1, { rowsNeeded: 8_388_608 }).progress).toBeGreaterThan(0);
  });
});
