import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { together } from '../../src/incident/agreement.ts';
import type { Judged } from '../../src/values/verdict.ts';

const LIMIT = 0.8;

/** A burst by its probabilities; what is left is healthy. */
function burst(inner: number, outer: number, endMs = 0): Judged {
  const labels = [
    { name: 'healthy', probability: 1 - inner - outer },
    { name: 'inner race', probability: inner },
    { name: 'outer race', probability: outer },
  ];
  const sorted = labels.sort((a, b) => b.probability - a.probability);
  const score = (inner + outer) / LIMIT;
  return { kind: 'judged', asset: 'pump', endMs, model: 'm', score, deviations: [], labels: sorted };
}

const settings = { count: 3, unsureBelow: 0.5 };
const anyBurst = fc
  .tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([fault, share]) => burst(fault * share, fault * (1 - share)));

describe('several bursts together', () => {
  test('say the mean of what each says, as of the newest', () => {
    const verdicts = [burst(0, 1, 1), burst(0.2, 0.8, 2), burst(0.25, 0.6, 3)];
    expect(together(verdicts, settings)).toEqual({
      ...burst(0, 0),
      endMs: 3,
      score: expect.closeTo(0.95 / LIMIT, 12),
      labels: [
        { name: 'outer race', probability: expect.closeTo(0.8, 12) },
        { name: 'inner race', probability: expect.closeTo(0.15, 12) },
        { name: 'healthy', probability: expect.closeTo(0.05, 12) },
      ],
    });
  });

  test('say nothing while there are too few', () => {
    expect(together([], settings)).toBe('too-few');
    expect(together([burst(0, 1), burst(0, 1)], settings)).toBe('too-few');
  });

  test('are no alarm when one of them is', () => {
    expect(together([burst(0, 1), burst(0, 0), burst(0, 0)], settings)).toMatchObject({
      score: expect.closeTo(1 / 3 / LIMIT, 12),
      labels: [{ name: 'healthy' }, { name: 'outer race' }, { name: 'inner race' }],
    });
  });

  test('are unsure when they say different faults', () => {
    expect(together([burst(1, 0), burst(0, 1), burst(0.4, 0.4)], settings)).toBe('unsure');
  });

  test('say the score alone when the model has no labels', () => {
    const plain = [1, 2, 6].map((score) => ({ ...burst(0, 0), score, labels: [] }));
    expect(together(plain, settings)).toMatchObject({ score: 3, labels: [] });
  });

  test('never say more than the loudest of them, nor less than the quietest', () => {
    fc.assert(
      fc.property(fc.array(anyBurst, { minLength: 3, maxLength: 9 }), (verdicts) => {
        const joint = together(verdicts, { count: 3, unsureBelow: 0 });
        if (typeof joint === 'string') throw new Error(joint);
        const scores = verdicts.map(({ score }) => score);
        expect(joint.score).toBeLessThanOrEqual(Math.max(...scores) + 1e-9);
        expect(joint.score).toBeGreaterThanOrEqual(Math.min(...scores) - 1e-9);
        expect(joint.labels.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 9);
        expect(joint.labels.map(({ probability }) => -probability)).toEqual(
          joint.labels.map(({ probability }) => -probability).sort((a, b) => a - b),
        );
      }),
    );
  });
});
