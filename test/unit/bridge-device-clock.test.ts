import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeviceClock } from '../../src/decode/bridge/device-clock.ts';
import { BridgeDevice, PUMP_STREAMS, seeded } from '../support/bridge-device.ts';
import { createRig } from '../support/bridge-rig.ts';

const WRAP = 2 ** 32;

describe('ticks', () => {
  test('are extended across any number of wraps', () => {
    fc.assert(
      fc.property(fc.nat(WRAP - 1), fc.array(fc.nat(30_000_000), { maxLength: 400 }), (start, steps) => {
        const clock = new DeviceClock(1_000_000, start, 0);
        let tick = start;
        for (const step of steps) {
          tick += step;
          expect(clock.deviceMs(tick % WRAP)).toBeCloseTo(tick / 1000, 3);
          clock.observe(tick / 1000, (tick - start) / 1000, 1);
        }
      }),
    );
  });

  test('that lie a little back are not taken for a wrap', () => {
    const clock = new DeviceClock(1_000_000, WRAP - 10, 0);
    clock.observe(clock.deviceMs(10), 0, 1);
    expect(clock.deviceMs(WRAP - 20) - clock.deviceMs(10)).toBeCloseTo(-0.03, 6);
  });

  test.each([
    [1_000_000, 59_000, true],
    [1_000_000, 61_000, false],
    [1_000_000, -61_000, false],
    [50_000_000, 20_000, true],
    [50_000_000, 22_000, false],
  ])('at %i Hz that are %i ms away are plausible: %s', (tickHz, awayMs, isPlausible) => {
    const clock = new DeviceClock(tickHz, 0, 1e9);
    expect(clock.isPlausible(awayMs, 1e9)).toBe(isPlausible);
  });

  test('are plausible after an outage, when as much time has passed here', () => {
    const clock = new DeviceClock(1_000_000, 0, 1e9);
    expect(clock.isPlausible(600_000, 1e9 + 600_000)).toBe(true);
  });
});

/** A device that samples at 100 Hz in batches of 10, over a link that is not perfect. */
function live(options: {
  seed: number;
  rateErrorPpm: number;
  backlogMs: number;
  startTick: number;
  asks: boolean;
}) {
  const { rateErrorPpm, backlogMs, startTick, asks } = options;
  const random = seeded(options.seed);
  const device = new BridgeDevice({ streams: PUMP_STREAMS });
  const rig = createRig({ device, isDeaf: !asks });
  const ticksAt = (trueMs: number) => Math.round(startTick + trueMs * 1000 * (1 + rateErrorPpm / 1e6)) % WRAP;
  const rows = Array.from({ length: 10 }, () => [0, 0]);
  let arrivedMs = 0;
  const arrival = (sentMs: number) => {
    arrivedMs = Math.max(arrivedMs, backlogMs, sentMs + 1 - 2 * Math.log(1 - random()));
    return arrivedMs;
  };
  rig.hear([device.hello(ticksAt(0)), ...device.descriptorInTurn()], arrival(0));
  rig.take();
  let latenessMs = 0;
  for (let n = 0; n < 600; n++) {
    const sentMs = (n * 100 + 90) / (1 + rateErrorPpm / 1e6);
    const ticks = (startTick + n * 100_000) % WRAP;
    const trueFirstMs = (n * 100) / (1 + rateErrorPpm / 1e6);
    const frame = device.data(1, ticks, rows);
    if (random() > 0.05) rig.hear([frame], arrival(sentMs));
    if (n % 50 === 0) rig.hear([device.hello(ticksAt(sentMs))], arrival(sentMs));
    for (const question of rig.sent.splice(0))
      rig.hear(device.receive(question, ticksAt(arrivedMs + 1)), arrival(arrivedMs + 1));
    const [first] = rig.of('sample');
    if (first !== undefined) latenessMs = first.monoMs - trueFirstMs;
    const times = rig.take().flatMap((item) => (item.kind === 'sample' ? [item.monoMs] : []));
    expect(times).toEqual([...times].sort((a, b) => a - b));
  }
  return { timing: rig.decoder.timing, latenessMs };
}

test('after a minute, the rate is known to 50 ppm and the time to some ms, whatever drift, wrap, backlog and loss', () => {
  const conditions = fc.record({
    seed: fc.integer(),
    rateErrorPpm: fc.double({ min: -200, max: 200, noNaN: true }),
    backlogMs: fc.constantFrom(0, 500, 2000),
    startTick: fc.constantFrom(0, WRAP - 30_000_000, WRAP - 1),
    asks: fc.boolean(),
  });
  fc.assert(
    fc.property(conditions, (condition) => {
      const { timing, latenessMs } = live(condition);
      expect(Math.abs((timing?.rateErrorPpm ?? Number.NaN) - condition.rateErrorPpm)).toBeLessThan(50);
      expect(latenessMs).toBeGreaterThan(-3);
      expect(latenessMs).toBeLessThan(20);
    }),
    { numRuns: 40 },
  );
});
