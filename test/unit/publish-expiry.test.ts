import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ageMs, expiryIntervalS, remainingMs } from '../../src/publish/expiry.ts';
import { recordingClock } from '../../src/system/clock.ts';
import type { Stamp } from '../../src/values/stamp.ts';

const DAY_MS = 86_400_000;
const NOW: Stamp = { boot: 3, monoMs: 5000, wallMs: 2e12, clock: 'synced', errorMs: 10 };

describe('the age of a report', () => {
  test('is told by the monotonic clock within a boot, whatever the wall clock says', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.nat({ max: 5000 }), (wallMs, monoMs) => {
        expect(ageMs({ ...NOW, wallMs, monoMs }, NOW)).toBe(5000 - monoMs);
      }),
    );
  });

  test('is told by the wall clock across boots when both were right', () => {
    expect(ageMs({ ...NOW, boot: 1, wallMs: 2e12 - DAY_MS }, NOW)).toBe(DAY_MS);
    expect(ageMs({ ...NOW, boot: 1, clock: 'gnss', wallMs: 2e12 - DAY_MS }, NOW)).toBe(DAY_MS);
  });

  test.each(['unknown', 'floor', 'manual'] as const)(
    'is no more than this boot across boots when a clock was %s',
    (clock) => {
      expect(ageMs({ ...NOW, boot: 1, clock, wallMs: 0 }, NOW)).toBe(5000);
      expect(ageMs({ ...NOW, boot: 1, wallMs: 0 }, { ...NOW, clock })).toBe(5000);
    },
  );

  test('is at least this boot when the wall clock went back', () => {
    expect(ageMs({ ...NOW, boot: 1, wallMs: 3e12 }, NOW)).toBe(5000);
  });

  test('is nothing for a report that was made before the boots were counted', () => {
    expect(ageMs({ ...NOW, boot: 0, clock: 'unknown' }, NOW)).toBe(0);
    expect(ageMs({ ...NOW, boot: 0, wallMs: 2e12 - DAY_MS }, NOW)).toBe(DAY_MS);
  });

  test('is nothing for a report of a boot that is still to come', () => {
    expect(ageMs({ ...NOW, boot: 9, clock: 'unknown' }, NOW)).toBe(0);
  });
});

describe('what is left', () => {
  const clock = recordingClock();
  const stamp: Stamp = { boot: 0, monoMs: 0, wallMs: 0, clock: 'manual', errorMs: null };
  clock.advanceTo(60_000);

  test('is infinite for a lane that never expires', () => {
    expect(remainingMs({ lane: 'critical', stamp }, { telemetry: 1 }, clock)).toBe(Number.POSITIVE_INFINITY);
    expect(expiryIntervalS(Number.POSITIVE_INFINITY)).toBeUndefined();
  });

  test('shrinks with the age and gets negative', () => {
    expect(remainingMs({ lane: 'telemetry', stamp }, { telemetry: 61_000 }, clock)).toBe(1000);
    expect(remainingMs({ lane: 'telemetry', stamp }, { telemetry: 59_000 }, clock)).toBe(-1000);
  });

  test('becomes an interval that MQTT can carry', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (leftMs) => {
        const seconds = expiryIntervalS(leftMs) ?? 0;
        expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 2 ** 32 - 1).toBe(true);
      }),
    );
    expect(expiryIntervalS(1001)).toBe(2);
  });
});
