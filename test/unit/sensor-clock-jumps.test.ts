import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClockJumps } from '../../src/window/sensors/clock-jumps.ts';

/** Jumps of a clock, by the times that it wrote and when they arrived. */
function jumpsOf(times: readonly (readonly [deviceMs: number, arrivalMs: number])[]): number[] {
  const clock = new ClockJumps();
  return times.flatMap(([deviceMs, arrivalMs]) => clock.push(deviceMs, arrivalMs) ?? []);
}

const steady = (from: number, count: number, offsetMs = 0) =>
  Array.from({ length: count }, (_, at) => [(from + at) * 100 + offsetMs, (from + at) * 100 + 5] as const);

describe('the clock of a device', () => {
  test('goes forward at once, by that much', () => {
    expect(jumpsOf([...steady(0, 50, 1e9), ...steady(50, 50, 1e9 + 60_000)])).toEqual([60_000]);
  });

  test('goes back at once, by that much', () => {
    expect(jumpsOf([...steady(0, 50, 1e9), ...steady(50, 50, 1e9 - 60_000)])).toEqual([-60_000]);
  });

  test('begins anew when the device was restarted', () => {
    expect(jumpsOf([...steady(0, 50, 1e9), ...steady(0, 50)])).toEqual([]);
  });

  test('does not jump by any delay of the link', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 2, maxLength: 60 }),
        fc.integer({ min: -1e12, max: 1e12 }),
        (delays, offsetMs) => {
          let arrivalMs = delays[0] ?? 0;
          // The first sample comes without delay, and none overtakes another one.
          const times = [0, ...delays].map((delayMs, at) => {
            arrivalMs = Math.max(arrivalMs, at * 100 + delayMs);
            return [at * 100 + offsetMs, at === 0 ? 0 : arrivalMs] as const;
          });
          expect(jumpsOf(times)).toEqual([]);
        },
      ),
    );
  });

  test('does not jump by running fast or slow', () => {
    for (const rate of [0.9995, 1.0005]) {
      const times = Array.from({ length: 1000 }, (_, at) => [at * 60_000 * rate, at * 60_000] as const);
      expect(jumpsOf(times)).toEqual([]);
    }
  });

  test('jumps as often as it is set', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2000, max: 1e9 }), { maxLength: 8 }), (jumps) => {
        let offsetMs = 1e12;
        const times = jumps.flatMap((jumpMs, at) => {
          const before = steady(at * 10, 10, offsetMs);
          offsetMs += jumpMs;
          return before;
        });
        expect(jumpsOf([...times, ...steady(jumps.length * 10, 10, offsetMs)])).toEqual(jumps);
      }),
    );
  });
});
