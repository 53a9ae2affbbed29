import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BackOff } from '../../src/isolate/back-off.ts';
import { recordingClock } from '../../src/system/clock.ts';

const FIRST_MS = 500;
const LONGEST_MS = 60_000;

function backOff(random = () => 1) {
  const clock = recordingClock();
  clock.advanceTo(1_000_000);
  return { clock, backOff: new BackOff({ clock, random, firstMs: FIRST_MS, longestMs: LONGEST_MS }) };
}

describe('back-off', () => {
  test('allows the first try at once', () => {
    expect(backOff().backOff.waitMs).toBe(0);
  });

  test('doubles the wait with each failure up to the longest', () => {
    const { clock, backOff: tried } = backOff();
    const waits = Array.from({ length: 9 }, () => {
      tried.fail();
      const { waitMs } = tried;
      clock.advanceTo(clock.monoMs() + waitMs);
      return waitMs;
    });
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  test('allows the next try when the wait is over', () => {
    const { clock, backOff: tried } = backOff();
    tried.fail();
    clock.advanceTo(clock.monoMs() + 499);
    expect(tried.waitMs).toBe(1);
    clock.advanceTo(clock.monoMs() + 1);
    expect(tried.waitMs).toBe(0);
  });

  test('starts from the shortest wait after a healthy minute', () => {
    const { clock, backOff: tried } = backOff();
    for (let i = 0; i < 5; i++) tried.fail();
    clock.advanceTo(clock.monoMs() + tried.waitMs + 60_000);
    tried.fail();
    expect(tried.waitMs).toBe(500);
  });

  test('keeps growing when the minute was not over', () => {
    const { clock, backOff: tried } = backOff();
    tried.fail();
    clock.advanceTo(clock.monoMs() + tried.waitMs + 59_999);
    tried.fail();
    expect(tried.waitMs).toBe(1000);
  });

  test('waits at least half and at most the whole of its time, however often it fails', () => {
    const draw = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(draw, { minLength: 1, maxLength: 2000 }), (draws) => {
        let turn = 0;
        const { backOff: tried } = backOff(() => draws[turn++] as number);
        for (const [failures] of draws.entries()) {
          tried.fail();
          const fullMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
          expect(tried.waitMs).toBeGreaterThanOrEqual(fullMs / 2);
          expect(tried.waitMs).toBeLessThanOrEqual(fullMs);
        }
      }),
    );
  });
});
