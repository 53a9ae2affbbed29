import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClockFit } from '../../src/decode/bridge/clock-fit.ts';
import { seeded } from '../support/bridge-device.ts';

interface Link {
  readonly rateErrorPpm: number;
  readonly durationMs: number;
  readonly intervalMs?: number;
  /** Least delay of the link, and the mean of what is added by chance. */
  readonly delayMs?: number;
  readonly jitterMs?: number;
  /** The host hears nothing before this time, then all at once. */
  readonly backlogMs?: number;
  readonly seed?: number;
  /** Round trips each 10 s. */
  readonly asks?: boolean;
  readonly deviceStartMs?: number;
}

/** A device that tells its time over a link; `trueMs` and the host's time are one. */
function simulate(link: Link) {
  const {
    rateErrorPpm,
    durationMs,
    intervalMs = 50,
    delayMs = 0.5,
    jitterMs = 2,
    backlogMs = 0,
    seed = 1,
  } = link;
  const random = seeded(seed);
  const jitter = () => -jitterMs * Math.log(1 - random());
  const deviceMs = (trueMs: number) => (link.deviceStartMs ?? 5_000_000) + trueMs * (1 + rateErrorPpm / 1e6);
  let arrivedMs = 0;
  let fit: ClockFit | undefined;
  for (let trueMs = 0; trueMs <= durationMs; trueMs += intervalMs) {
    arrivedMs = Math.max(arrivedMs, backlogMs, trueMs + delayMs + jitter());
    if (fit === undefined) fit = new ClockFit(deviceMs(trueMs), arrivedMs);
    else fit.add(deviceMs(trueMs), arrivedMs, 1);
    if (link.asks && trueMs % 10_000 === 0 && trueMs > 0) {
      const askedMs = trueMs - delayMs - jitter();
      const hostMs = trueMs + delayMs + jitter();
      fit.addRoundTrip(deviceMs(trueMs), { askedMs, hostMs }, 0);
    }
  }
  if (fit === undefined) throw new Error('the link is too short');
  return { fit, errorMs: (trueMs: number) => (fit?.hostMs(deviceMs(trueMs)) ?? Number.NaN) - trueMs };
}

const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const drifts = fc.double({ min: -200, max: 200, noNaN: true });

describe('the clock fit', () => {
  test('is the arrival at first', () => {
    const fit = new ClockFit(1000, 77_000);
    expect(fit.hostMs(1000)).toBe(77_000);
    expect(fit.hostMs(990)).toBe(76_990);
    expect(fit.timing).toEqual({ rateErrorPpm: undefined, errorMs: undefined, spanMs: 0 });
  });

  test('claims no less error than a round trip that contradicts it', () => {
    const fit = new ClockFit(1000, 77_000);
    // The device's clock stood still: it says 1000 again, but was asked 40 ms after that moment had passed here.
    fit.addRoundTrip(1000, { askedMs: 77_040, hostMs: 77_050 }, 0);
    expect(fit.timing.errorMs).toBeGreaterThanOrEqual(40);
  });

  test('knows the rate to 50 ppm and the time to a few ms after a minute, whatever drift and jitter', () => {
    fc.assert(
      fc.property(seeds, drifts, fc.constantFrom(0, 300, 1500), (seed, rateErrorPpm, backlogMs) => {
        const { fit, errorMs } = simulate({ seed, rateErrorPpm, backlogMs, durationMs: 60_000 });
        expect(Math.abs((fit.timing.rateErrorPpm ?? Number.NaN) - rateErrorPpm)).toBeLessThan(50);
        expect(errorMs(60_000)).toBeGreaterThan(-1);
        expect(errorMs(60_000)).toBeLessThan(2);
      }),
      { numRuns: 60 },
    );
  });

  test('holds the true time within its error bound, once it has asked', () => {
    fc.assert(
      fc.property(
        seeds,
        drifts,
        fc.double({ min: 0, max: 20, noNaN: true }),
        (seed, rateErrorPpm, delayMs) => {
          const { fit, errorMs } = simulate({ seed, rateErrorPpm, delayMs, durationMs: 60_000, asks: true });
          const boundMs = fit.timing.errorMs ?? Number.NaN;
          expect(Math.abs(errorMs(60_000))).toBeLessThanOrEqual(boundMs + 1);
          expect(boundMs).toBeLessThan(delayMs + 3);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('takes a large fixed delay out when it may ask', () => {
    const link = { rateErrorPpm: 30, delayMs: 40, durationMs: 60_000 };
    expect(simulate(link).errorMs(60_000)).toBeGreaterThan(39);
    expect(Math.abs(simulate({ ...link, asks: true }).errorMs(60_000))).toBeLessThan(3);
  });

  test('never says that something happened after it was heard of', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3000), fc.nat(500)), { minLength: 1, maxLength: 80 }), (steps) => {
        const fit = new ClockFit(0, 1e6);
        let deviceMs = 0;
        for (const [stepMs, delayMs] of steps) {
          deviceMs += stepMs;
          fit.add(deviceMs, 1e6 + deviceMs + delayMs, 1);
          expect(fit.hostMs(deviceMs)).toBeLessThanOrEqual(1e6 + deviceMs + delayMs + 1e-6);
        }
      }),
    );
  });

  test('follows a device whose clock stood still', () => {
    const fit = new ClockFit(0, 0);
    for (let ms = 100; ms <= 60_000; ms += 100) fit.add(ms, ms + 1, 1);
    for (let ms = 60_100; ms <= 75_000; ms += 100) fit.add(ms, ms + 5001, 1);
    expect(fit.hostMs(75_000)).toBeGreaterThan(79_900);
  });

  test('is not moved by a host that was busy for some seconds', () => {
    const fit = new ClockFit(0, 0);
    for (let ms = 100; ms <= 30_000; ms += 100) fit.add(ms, ms + 1, 1);
    for (let ms = 30_100; ms <= 34_000; ms += 100) fit.add(ms, 34_500, 1);
    expect(Math.abs(fit.hostMs(34_000) - 34_001)).toBeLessThan(1);
  });

  test('follows a drift that changes', () => {
    const fit = new ClockFit(0, 0);
    const deviceMs = (ms: number) => (ms < 600_000 ? ms : 600_000 + (ms - 600_000) * 1.0001);
    for (let ms = 100; ms <= 1_200_000; ms += 500) fit.add(deviceMs(ms), ms + 1, 1);
    expect(fit.timing.rateErrorPpm).toBeGreaterThan(95);
    expect(fit.timing.rateErrorPpm).toBeLessThan(105);
  });

  test('takes the rate from the frames that come most often, and the offset from the quickest', () => {
    const fit = new ClockFit(0, 2);
    for (let ms = 160; ms <= 40_000; ms += 160) fit.add(ms, ms + 18, 1);
    fit.add(5000, 5002, 0);
    for (let ms = 40_160; ms <= 60_000; ms += 160) fit.add(ms, ms + 18, 1);
    expect(fit.timing.rateErrorPpm).toBeCloseTo(0, 3);
    expect(fit.hostMs(60_000)).toBeCloseTo(60_002, 3);
  });

  test('does not believe a rate that no crystal has', () => {
    const fit = new ClockFit(0, 0);
    for (let ms = 100; ms <= 20_000; ms += 100) fit.add(ms, 2 * ms, 1);
    expect(fit.timing.rateErrorPpm).toBeUndefined();
  });

  test('keeps no more than its window', () => {
    const { fit } = simulate({ rateErrorPpm: 0, durationMs: 1_000_000, intervalMs: 500, asks: true });
    expect(fit.timing.spanMs).toBeLessThanOrEqual(302_000);
  });
});
