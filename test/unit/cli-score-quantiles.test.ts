import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ScoreQuantiles } from '../../src/cli/score-quantiles.ts';

/** The score that `share` of all do not exceed, from the sorted list. */
function exact(scores: readonly number[], share: number): number {
  const sorted = [...scores].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? Number.NaN;
}

function of(scores: readonly number[]): ScoreQuantiles {
  const quantiles = new ScoreQuantiles();
  for (const score of scores) quantiles.add(score);
  return quantiles;
}

describe('ScoreQuantiles', () => {
  test('is never below the true quantile and at most 1 % above it', () => {
    const scores = fc.array(fc.double({ min: 1e-4, max: 1e6, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(scores, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const found = of(given).at(share) ?? Number.NaN;
        const wanted = exact(given, share);
        expect(found).toBeGreaterThanOrEqual(wanted * (1 - 1e-9));
        expect(found).toBeLessThanOrEqual(wanted * 1.01 * (1 + 1e-9));
      }),
    );
  });

  test('gives the largest score as it is', () => {
    const quantiles = of([0.25, 3.21, 0.5]);
    expect([quantiles.largest, quantiles.at(1)]).toEqual([3.21, 3.21]);
  });

  test('takes 0 and scores beyond all measure', () => {
    const quantiles = of([0, 0, 1e30]);
    expect(quantiles.at(0.5)).toBeLessThanOrEqual(1e-4);
    expect(quantiles.at(1)).toBeGreaterThan(1e5);
    expect(quantiles.largest).toBe(1e30);
  });

  test('knows nothing without scores', () => {
    expect(of([]).at(0.5)).toBeUndefined();
  });
});
