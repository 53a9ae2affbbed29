import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RateLimit } from '../../src/publish/rate-limit.ts';
import { recordingClock } from '../../src/system/clock.ts';
import type { Lane } from '../../src/values/lane.ts';

/** Sends as soon as it may, for so long; gives the bytes and the times. */
function sendFor(forMs: number, limit: RateLimit, clock: ReturnType<typeof recordingClock>, lane: Lane) {
  const times: number[] = [];
  while (clock.monoMs() < forMs) {
    const waitMs = limit.waitMs(lane);
    if (waitMs > 0) clock.advanceTo(clock.monoMs() + Math.ceil(waitMs));
    else {
      limit.take(1000, lane);
      times.push(clock.monoMs());
    }
  }
  return times;
}

describe('the rate limit', () => {
  test('that is not set lets everything pass at once', () => {
    const clock = recordingClock();
    const limit = new RateLimit({}, clock);
    limit.take(1e9, 'update');
    expect(limit.waitMs('update')).toBe(0);
  });

  test('of bytes is kept over a long time, even when one message takes minutes', () => {
    const clock = recordingClock();
    const limit = new RateLimit({ bytesPerSecond: 10 }, clock);
    const times = sendFor(3_600_000, limit, clock, 'incident');
    expect(times.slice(0, 3)).toEqual([0, 100_000, 200_000]);
    expect(times).toHaveLength(36);
  });

  test('of messages is kept with a burst of one second at most', () => {
    const clock = recordingClock();
    const limit = new RateLimit({ messagesPerSecond: 5 }, clock);
    clock.advanceTo(60_000);
    const times = sendFor(70_000, limit, clock, 'update');
    expect(times.filter((ms) => ms === 60_000)).toHaveLength(6);
    expect(times.length).toBeLessThanOrEqual(6 + 50);
  });

  test('lets a fresh critical report go at once, and the others pay for it', () => {
    const clock = recordingClock();
    const limit = new RateLimit({ bytesPerSecond: 10 }, clock);
    limit.take(1000, 'update');
    expect(limit.waitMs('critical')).toBe(0);
    limit.take(1000, 'critical');
    expect(limit.waitMs('update')).toBe(200_000);
  });

  test('holds for a flood of critical reports too', () => {
    const clock = recordingClock();
    const limit = new RateLimit({ bytesPerSecond: 1000, messagesPerSecond: 100 }, clock);
    expect(sendFor(100_000, limit, clock, 'critical').length).toBeLessThanOrEqual(102);
  });

  test('is never passed by more than one second and one message of each kind, whatever is sent', () => {
    const send = fc.record({
      gapMs: fc.integer({ min: 0, max: 5000 }),
      sizeBytes: fc.integer({ min: 1, max: 5000 }),
      lane: fc.constantFrom<Lane>('critical', 'incident', 'telemetry'),
    });
    fc.assert(
      fc.property(fc.array(send, { maxLength: 200 }), (sends) => {
        const clock = recordingClock();
        const limit = new RateLimit({ bytesPerSecond: 700 }, clock);
        let sumBytes = 0;
        for (const { gapMs, sizeBytes, lane } of sends) {
          clock.advanceTo(clock.monoMs() + gapMs);
          if (limit.waitMs(lane) > 0) continue;
          limit.take(sizeBytes, lane);
          sumBytes += sizeBytes;
        }
        expect(sumBytes).toBeLessThanOrEqual(2 * (700 * (clock.monoMs() / 1000) + 700 + 5000));
      }),
    );
  });
});
