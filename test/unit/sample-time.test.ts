import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { liveTime } from '../../src/sample-time.ts';
import type { Sample } from '../../src/values/sample.ts';

const sample = (monoMs: number, deviceMs?: number): Sample => ({
  ...{ kind: 'sample', source: 'mcu', names: [], values: [] },
  ...{ monoMs, deviceMs },
});

/** What an arrival may differ by and no sample moves. */
const SLACK_MS = 20;

/** Times of samples, given as arrival and device time. */
function timesOf(choice: 'arrival' | 'device', ...samples: [monoMs: number, deviceMs?: number][]): number[] {
  const time = liveTime(choice);
  return samples.map(([monoMs, deviceMs]) => time(sample(monoMs, deviceMs)));
}

describe('the time of a sample', () => {
  test('is its arrival, when that is configured', () => {
    expect(timesOf('arrival', [1000, 5], [1013, 15])).toEqual([1000, 1013]);
  });

  test('follows the device and not the jitter of the link', () => {
    expect(timesOf('device', [1000, 0], [1013, 10], [1021, 20], [1038, 30])).toEqual([
      1000, 1010, 1020, 1030,
    ]);
  });

  test('is the arrival at the most, also when the first samples waited in a buffer', () => {
    expect(timesOf('device', [5000, 0], [5000, 10], [5001, 4990], [5011, 5000])).toEqual([
      5000, 5000, 5001, 5011,
    ]);
  });

  test.for([90_000, 5000])('goes on with a device that was restarted after %s ms', (uptimeMs) => {
    const times = timesOf(
      'device',
      [1000, uptimeMs],
      [1010, uptimeMs + 10],
      [3000, 0],
      [3015, 10],
      [3020, 20],
    );
    expect(times).toEqual([1000, 1010, 3000, 3010, 3020]);
  });

  test('goes on with a device whose clock was set ahead', () => {
    expect(timesOf('device', [1000, 0], [1010, 10], [1020, 3_600_000])).toEqual([1000, 1010, 1020]);
  });

  test('is not overtaken for long by a device clock that runs slow or fast', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.98, max: 1.02, noNaN: true }),
        fc.integer({ min: 0, max: 50 }),
        (rate, jitterMs) => {
          const time = liveTime('device');
          for (let ms = 0; ms < 600_000; ms += 250) {
            const arrivalMs = ms + ((ms / 250) % 7) * (jitterMs / 7);
            const delayMs = arrivalMs - time(sample(arrivalMs, ms * rate));
            expect(delayMs).toBeGreaterThanOrEqual(-SLACK_MS);
            expect(delayMs).toBeLessThan(jitterMs + 500);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test('falls back to the arrival where the device gave no time', () => {
    expect(timesOf('device', [1000, 0], [1500])).toEqual([1000, 1500]);
  });

  const delays = fc.array(fc.double({ min: 0, max: SLACK_MS - 0.1, noNaN: true }), {
    minLength: 2,
    maxLength: 50,
  });

  test('moves by nothing when an arrival is faster than all before by no more than the slack', () => {
    fc.assert(
      fc.property(delays, (delaysMs) => {
        const times = timesOf(
          'device',
          ...delaysMs.map((delayMs, at): [number, number] => [8000 + 25 * at + delayMs, 25 * at]),
        );
        for (const [at, timeMs] of times.entries()) expect(timeMs).toBeCloseTo((times[0] ?? 0) + 25 * at, 6);
      }),
    );
  });

  test('follows an arrival that is faster by more', () => {
    expect(timesOf('device', [1000, 0], [1025, 50], [1055, 75], [1080, 100])).toEqual([
      1000, 1025, 1050, 1075,
    ]);
  });

  test('is the same however often it is asked for', () => {
    const time = liveTime('device');
    for (const one of [sample(1000, 0), sample(1005, 10), sample(1019, 20)])
      expect([time(one), time(one)]).toEqual([time(one), time(one)]);
    expect(time(sample(1030, 30))).toBe(1030);
  });

  test('is the arrival for what waited in a buffer, and even from then on', () => {
    const waited = Array.from({ length: 30 }, (_, at): [number, number] => [9000, 10 * at]);
    const live = Array.from({ length: 30 }, (_, at): [number, number] => [
      9010 + 10 * at - (at % 3),
      300 + 10 * at,
    ]);
    const times = timesOf('device', ...waited, ...live);
    expect(times.slice(0, 30)).toEqual(waited.map(() => 9000));
    expect(times.slice(30)).toEqual(live.map((_, at) => 9010 + 10 * at));
  });

  test('is even for a device that sends in batches, after the first of them', () => {
    const times = timesOf(
      'device',
      ...Array.from({ length: 60 }, (_, at): [number, number] => {
        const batch = Math.floor(at / 10);
        return [5000 + 100 * batch + (batch === 0 ? 7 : batch % 3), 10 * at];
      }),
    );
    expect(times.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 5007));
    expect(times.slice(10)).toEqual(Array.from({ length: 50 }, (_, at) => 5017 + 10 * at));
  });
});
