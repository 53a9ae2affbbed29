import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { liveTime } from '../../src/sample-time.ts';
import type { Sample } from '../../src/values/sample.ts';

const sample = (monoMs: number, deviceMs?: number): Sample => ({
  ...{ kind: 'sample', source: 'mcu', names: [], values: [] },
  ...{ monoMs, deviceMs },
});

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

  test('is never after the arrival, also when the first samples waited in a buffer', () => {
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
            expect(delayMs).toBeGreaterThanOrEqual(0);
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
});
