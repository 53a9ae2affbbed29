import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gaussian, seededRandom, wander } from '../../demo/noise.ts';
import {
  createPump,
  motorLoad,
  operatingPoint,
  PUMP_CHANNELS,
  type PumpChannel,
  type PumpReading,
} from '../../demo/pump.ts';
import { DEMO_TIMELINE, faultLevel, followTimeline, healthy, type Scenario } from '../../demo/scenario.ts';

const STEP_S = 0.1;

function record(
  scenario: Scenario,
  { seconds, seed = 1 }: { seconds: number; seed?: number },
): PumpReading[] {
  const pump = createPump({ seed, scenario });
  return Array.from({ length: Math.round(seconds / STEP_S) }, () => pump.step(STEP_S));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}

function meanOf(readings: readonly PumpReading[], channel: PumpChannel): number {
  return mean(readings.map((reading) => reading[channel]));
}

function between(readings: readonly PumpReading[], fromS: number, toS: number): PumpReading[] {
  return readings.filter(({ timeS }) => timeS > fromS && timeS <= toS);
}

describe('seeded noise', () => {
  test('repeats for a seed and differs between seeds', () => {
    const first = Array.from({ length: 5 }, seededRandom(7));
    expect(Array.from({ length: 5 }, seededRandom(7))).toEqual(first);
    expect(Array.from({ length: 5 }, seededRandom(8))).not.toEqual(first);
  });

  test('is uniform in [0, 1) for any seed', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const values = Array.from({ length: 2000 }, seededRandom(seed));
        expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...values)).toBeLessThan(1);
        expect(Math.abs(mean(values) - 0.5)).toBeLessThan(0.04);
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  test('has the moments of the normal distribution', () => {
    const random = seededRandom(3);
    const values = Array.from({ length: 20_000 }, () => gaussian(random));
    expect(mean(values)).toBeCloseTo(0, 1);
    expect(deviation(values)).toBeCloseTo(1, 1);
  });

  test('stays finite when the random number is 0', () => {
    expect(gaussian(() => 0)).toBeCloseTo(0);
  });

  test.each([0.1, 1, 10])('wanders with the same spread at steps of %f s', (stepS) => {
    const next = wander(seededRandom(5), 2, 4);
    const values = Array.from({ length: 40_000 }, () => next(stepS));
    expect(Math.abs(deviation(values) - 2)).toBeLessThan(0.25);
  });

  test('wanders with a memory: neighbours are alike, distant values are not', () => {
    const next = wander(seededRandom(5), 1, 4);
    const values = Array.from({ length: 40_000 }, () => next(STEP_S));
    const correlation = (lag: number) =>
      mean(values.slice(lag).map((value, at) => value * (values[at] ?? 0)));
    expect(correlation(1)).toBeGreaterThan(0.8);
    expect(Math.abs(correlation(400))).toBeLessThan(0.2);
  });
});

describe('hydraulics', () => {
  const speeds = fc.double({ min: 0.8, max: 1.1, noNaN: true });
  const openings = fc.double({ min: 0.02, max: 1, noNaN: true });

  test('closing the valve lowers the flow and raises the head', () => {
    fc.assert(
      fc.property(
        speeds,
        openings,
        fc.double({ min: 0.5, max: 0.99, noNaN: true }),
        (speed, opening, share) => {
          const open = operatingPoint(speed, opening);
          const closed = operatingPoint(speed, opening * share);
          expect(closed.flowLmin).toBeLessThan(open.flowLmin);
          expect(closed.headM).toBeGreaterThan(open.headM);
          expect(closed.shaftW).toBeLessThan(open.shaftW);
        },
      ),
    );
  });

  test('the water never gets more power than the shaft gives', () => {
    fc.assert(
      fc.property(speeds, openings, (speed, opening) => {
        const { hydraulicW, shaftW } = operatingPoint(speed, opening);
        expect(hydraulicW).toBeGreaterThan(0);
        expect(hydraulicW / shaftW).toBeLessThanOrEqual(0.62 + 1e-9);
      }),
    );
  });

  test('lies on both curves: the head of the pump is the head that the system needs', () => {
    fc.assert(
      fc.property(speeds, openings, (speed, opening) => {
        const { flowLmin, headM } = operatingPoint(speed, opening);
        const system = 5 + (10 + 5 / opening ** 2) * (flowLmin / 250) ** 2;
        expect(headM).toBeCloseTo(system, 9);
      }),
    );
  });

  test('runs near its best efficiency with the valve open', () => {
    expect(operatingPoint(1, 1).load).toBeCloseTo(0.98, 2);
  });
});

describe('motor', () => {
  const powers = fc.double({ min: 200, max: 1800, noNaN: true });
  const voltages = fc.double({ min: 360, max: 440, noNaN: true });

  test('takes from the mains what it gives and what it loses', () => {
    fc.assert(
      fc.property(powers, voltages, (shaftW, voltageV) => {
        const { currentA, lossW } = motorLoad(shaftW, voltageV);
        const copperW = 3 * 7.3 * currentA ** 2;
        expect(lossW).toBeCloseTo(80 + copperW, 6);
        expect(shaftW + lossW).toBeLessThan(Math.sqrt(3) * voltageV * currentA);
      }),
    );
  });

  test('draws more current for more load', () => {
    fc.assert(
      fc.property(powers, voltages, (shaftW, voltageV) => {
        expect(motorLoad(shaftW * 1.05, voltageV).currentA).toBeGreaterThan(
          motorLoad(shaftW, voltageV).currentA,
        );
      }),
    );
  });
});

describe('scenario', () => {
  test('a fault grows, stays and heals', () => {
    const fault = { startS: 100, growS: 20, holdS: 30, healS: 10 };
    const levels = [99, 100, 110, 120, 150, 155, 160, 999].map((timeS) => faultLevel(fault, timeS));
    expect(levels).toEqual([0, 0, 0.5, 1, 1, 0.5, 0, 0]);
  });

  test('the demo starts and ends healthy, and its faults do not touch', () => {
    const condition = followTimeline(DEMO_TIMELINE);
    const { valve, deposit, endS } = DEMO_TIMELINE;
    for (const timeS of [0, valve.startS, deposit.startS, endS])
      expect(condition(timeS)).toEqual(healthy(timeS));
    expect(condition(valve.startS + valve.growS)).toEqual({
      valveOpening: expect.closeTo(0.2),
      unbalanceGmm: 40,
    });
    expect(condition(deposit.startS + deposit.growS)).toEqual({ valveOpening: 1, unbalanceGmm: 340 });
  });

  test('the demo ends within 55 s at 20 times real time', () => {
    expect(DEMO_TIMELINE.endS / 20).toBeLessThanOrEqual(55);
  });
});

describe('pump', () => {
  const demo = record(followTimeline(DEMO_TIMELINE), { seconds: DEMO_TIMELINE.endS });
  const normal = between(demo, 0, DEMO_TIMELINE.valve.startS);

  test('gives the same readings for the same seed and others for another', () => {
    expect(record(healthy, { seconds: 2, seed: 4 })).toEqual(record(healthy, { seconds: 2, seed: 4 }));
    expect(record(healthy, { seconds: 2, seed: 4 })).not.toEqual(record(healthy, { seconds: 2, seed: 5 }));
  });

  test('does not look into the future: the readings before a fault are those of a healthy pump', () => {
    const readings = record(healthy, { seconds: DEMO_TIMELINE.valve.startS - 1 });
    expect(demo.slice(0, readings.length)).toEqual(readings);
  });

  test('shows plausible values throughout the demo', () => {
    const limits: Record<PumpChannel, readonly [number, number]> = {
      vibration_de: [0.5, 5],
      vibration_nde: [0.4, 3],
      current: [2, 3.2],
      pressure: [1.7, 2.7],
      temp_motor: [60, 72],
      temp_fluid: [21, 27],
      voltage: [390, 410],
      flow: [80, 300],
    };
    for (const { key } of PUMP_CHANNELS) {
      const values = demo.map((reading) => reading[key]);
      expect(Math.min(...values), key).toBeGreaterThan(limits[key][0]);
      expect(Math.max(...values), key).toBeLessThan(limits[key][1]);
    }
  });

  test('lifts the water with less power than it takes from the mains', () => {
    for (const { pressure, flow, voltage, current } of demo) {
      const hydraulicW = (pressure * 1e5 * flow) / 60_000;
      expect(hydraulicW / (Math.sqrt(3) * voltage * current)).toBeLessThan(0.55);
    }
  });

  test('healthy vibration is acceptable, and a deposit makes it unsatisfactory (ISO 10816-1, class I)', () => {
    const { startS, growS, holdS } = DEMO_TIMELINE.deposit;
    const worst = between(demo, startS + growS, startS + growS + holdS);
    expect(meanOf(normal, 'vibration_de')).toBeLessThan(1.8);
    expect(meanOf(worst, 'vibration_de')).toBeGreaterThan(1.8);
    expect(meanOf(worst, 'vibration_de')).toBeLessThan(4.5);
  });

  test('closing the valve moves flow, pressure, current and vibration as it does in life', () => {
    const { startS, growS, holdS } = DEMO_TIMELINE.valve;
    const closed = between(demo, startS + growS, startS + growS + holdS);
    expect(meanOf(closed, 'flow')).toBeLessThan(0.5 * meanOf(normal, 'flow'));
    expect(meanOf(closed, 'pressure')).toBeGreaterThan(1.2 * meanOf(normal, 'pressure'));
    expect(meanOf(closed, 'current')).toBeLessThan(0.95 * meanOf(normal, 'current'));
    expect(meanOf(closed, 'vibration_de')).toBeGreaterThan(1.5 * meanOf(normal, 'vibration_de'));
    expect(meanOf(closed, 'voltage')).toBeCloseTo(meanOf(normal, 'voltage'), -1);
  });

  test('unbalance shakes the drive end more than the other end and leaves the flow alone', () => {
    const { startS, growS, holdS } = DEMO_TIMELINE.deposit;
    const worst = between(demo, startS + growS, startS + growS + holdS);
    const rise = (key: PumpChannel) => meanOf(worst, key) / meanOf(normal, key);
    expect(rise('vibration_de')).toBeGreaterThan(rise('vibration_nde'));
    expect(rise('vibration_nde')).toBeGreaterThan(1.5);
    expect(Math.abs(rise('flow') - 1)).toBeLessThan(0.02);
  });

  test('warms the water that hardly moves', () => {
    const throttled = record(() => ({ ...healthy(0), valveOpening: 0.02 }), { seconds: 200 });
    expect(meanOf(throttled, 'temp_fluid')).toBeGreaterThan(meanOf(normal, 'temp_fluid') + 0.5);
  });

  test('cools its motor slowly when the load falls', () => {
    const throttled = record(() => ({ ...healthy(0), valveOpening: 0.2 }), { seconds: 4000 });
    const early = meanOf(between(throttled, 0, 60), 'temp_motor');
    expect(meanOf(between(throttled, 140, 200), 'temp_motor')).toBeGreaterThan(early - 1.5);
    expect(meanOf(between(throttled, 3940, 4000), 'temp_motor')).toBeLessThan(early - 4);
  });

  test('is as normal after a fault as before it', () => {
    const { startS, growS, holdS, healS } = DEMO_TIMELINE.valve;
    const healed = between(demo, startS + growS + holdS + healS, DEMO_TIMELINE.deposit.startS);
    for (const { key } of PUMP_CHANNELS) {
      const spread = deviation(normal.map((reading) => reading[key]));
      expect(Math.abs(meanOf(healed, key) - meanOf(normal, key)), key).toBeLessThan(spread);
    }
  });

  test('stays stationary while it is healthy, for any seed', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const readings = record(healthy, { seconds: 900, seed });
        const [first, last] = [between(readings, 0, 450), between(readings, 450, 900)];
        for (const { key } of PUMP_CHANNELS) {
          const spread = deviation(readings.map((reading) => reading[key]));
          expect(Math.abs(meanOf(last, key) - meanOf(first, key)), key).toBeLessThan(spread);
        }
      }),
      { numRuns: 10, seed: 1 },
    );
  });

  test('healthy is not white noise: neighbouring readings are alike and channels move together', () => {
    const standardised = (key: PumpChannel) => {
      const values = normal.map((reading) => reading[key]);
      return values.map((value) => (value - mean(values)) / deviation(values));
    };
    const flow = standardised('flow');
    const pressure = standardised('pressure');
    expect(mean(flow.slice(1).map((value, at) => value * (flow[at] ?? 0)))).toBeGreaterThan(0.5);
    expect(mean(flow.map((value, at) => value * (pressure[at] ?? 0)))).toBeLessThan(-0.3);
  });
});
