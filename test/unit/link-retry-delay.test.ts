import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { retryDelayMs } from '../../src/link/reopening.ts';

const failures = fc.nat({ max: 10_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the wait before a link is opened again', () => {
  test('is at most a quarter of a second after the first failure', () => {
    expect(retryDelayMs(0, () => 1)).toBe(250);
  });

  test('doubles its limit with each failure', () => {
    const limits = [0, 1, 2, 3, 4, 5, 6].map((count) => retryDelayMs(count, () => 1));
    expect(limits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000]);
  });

  test('never exceeds half a minute, however many failures there were', () => {
    fc.assert(
      fc.property(failures, random, (count, share) => {
        const delayMs = retryDelayMs(count, () => share);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(30_000);
      }),
    );
  });

  test('spreads evenly from nothing to its limit', () => {
    fc.assert(
      fc.property(failures, random, (count, share) => {
        expect(retryDelayMs(count, () => share)).toBeCloseTo(share * retryDelayMs(count, () => 1), 6);
      }),
    );
  });
});
