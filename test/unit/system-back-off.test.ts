import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exponentialMs, fullJitterMs } from '../../src/system/back-off.ts';

const LIMITS = { firstMs: 250, longestMs: 30_000 };
const failures = fc.nat({ max: 10_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the wait before something is tried again', () => {
  test('doubles with each failure up to the longest', () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((count) => exponentialMs(count, LIMITS));
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  test('never exceeds the longest, however many failures there were', () => {
    fc.assert(
      fc.property(failures, random, (count, share) => {
        const delayMs = fullJitterMs(count, LIMITS, () => share);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(LIMITS.longestMs);
      }),
    );
  });

  test('spreads evenly from nothing to its limit', () => {
    fc.assert(
      fc.property(failures, random, (count, share) => {
        expect(fullJitterMs(count, LIMITS, () => share)).toBeCloseTo(share * exponentialMs(count, LIMITS), 6);
      }),
    );
  });
});
