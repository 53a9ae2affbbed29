import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Backoff } from '../../src/publish/backoff.ts';

const ALMOST_ONE = 1 - Number.EPSILON;

describe('the back-off', () => {
  test('doubles its bound from 1 s to 60 s', () => {
    const backoff = new Backoff(() => ALMOST_ONE);
    const delays = Array.from({ length: 9 }, () => Math.round(backoff.nextMs()));
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test('spreads over the whole range below the bound', () => {
    const backoff = new Backoff(() => 0);
    expect(backoff.nextMs()).toBe(0);
  });

  test('begins again after a reset', () => {
    const backoff = new Backoff(() => 0.5);
    backoff.nextMs();
    backoff.nextMs();
    backoff.reset();
    expect(backoff.nextMs()).toBe(500);
  });

  test('waits half a minute to a minute for a person', () => {
    expect(new Backoff(() => 0).slowMs()).toBe(30_000);
    expect(Math.round(new Backoff(() => ALMOST_ONE).slowMs())).toBe(60_000);
  });

  test('never waits longer than a minute, however often it failed', () => {
    const random = fc.double({ min: 0, max: ALMOST_ONE, noNaN: true });
    fc.assert(
      fc.property(random, fc.integer({ min: 1, max: 3000 }), (value, attempts) => {
        const backoff = new Backoff(() => value);
        for (let n = 0; n < attempts; n++) {
          const delayMs = backoff.nextMs();
          if (!(delayMs >= 0 && delayMs <= 60_000)) throw new Error(`delay ${delayMs}`);
        }
      }),
    );
  });
});
