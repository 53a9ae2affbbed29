import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RetryDelay } from '../../src/publish/retry-delay.ts';

const ALMOST_ONE = 1 - Number.EPSILON;

describe('the back-off', () => {
  test('doubles its bound from 1 s to 60 s', () => {
    const retryDelay = new RetryDelay(() => ALMOST_ONE);
    const delays = Array.from({ length: 9 }, () => Math.round(retryDelay.nextMs()));
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test('spreads over the whole range below the bound', () => {
    const retryDelay = new RetryDelay(() => 0);
    expect(retryDelay.nextMs()).toBe(0);
  });

  test('begins again after a reset', () => {
    const retryDelay = new RetryDelay(() => 0.5);
    retryDelay.nextMs();
    retryDelay.nextMs();
    retryDelay.reset();
    expect(retryDelay.nextMs()).toBe(500);
  });

  test('waits half a minute to a minute for a person', () => {
    expect(new RetryDelay(() => 0).slowMs()).toBe(30_000);
    expect(Math.round(new RetryDelay(() => ALMOST_ONE).slowMs())).toBe(60_000);
  });

  test('never waits longer than a minute, however often it failed', () => {
    const random = fc.double({ min: 0, max: ALMOST_ONE, noNaN: true });
    fc.assert(
      fc.property(random, fc.integer({ min: 1, max: 3000 }), (value, attempts) => {
        const retryDelay = new RetryDelay(() => value);
        for (let n = 0; n < attempts; n++) {
          const delayMs = retryDelay.nextMs();
          if (!(delayMs >= 0 && delayMs <= 60_000)) throw new Error(`delay ${delayMs}`);
        }
      }),
    );
  });
});
