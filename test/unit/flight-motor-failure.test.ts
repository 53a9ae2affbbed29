import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MotorFailureDetector } from '../../src/judge/flight/motor-failure.ts';
import type { FlightSample } from '../../src/values/flight-finding.ts';
import { FRAMES } from '../../src/values/frame.ts';
import { HOVER, madeFlight, sampleAt } from '../support/made-flight.ts';

const FAILED_MS = 5000;

/** Falls over an arm, 2000 deg/s² until the controller holds it at 200 deg/s, from the fifth second on. */
const fallsOver =
  (armDeg: number, rateDegS = 200) =>
  (flownMs: number) => {
    const rate = Math.min(rateDegS, Math.max(0, flownMs - FAILED_MS) * 2);
    const arm = (armDeg * Math.PI) / 180;
    return { 'rate.roll': rate * Math.sin(arm), 'rate.pitch': -rate * Math.cos(arm) };
  };

const find = (samples: readonly FlightSample[], arms: readonly number[] = FRAMES['quad-x']) => {
  const detector = new MotorFailureDetector(arms);
  return samples.flatMap((sample) => detector.push(sample));
};

describe('a motor that fails in the air', () => {
  test.each(
    Object.entries(FRAMES).flatMap(([frame, arms]) =>
      arms.map((arm, index) => [frame, index + 1, arm] as const),
    ),
  )('is found on a %s and named: motor %i', (frame, motor, arm) => {
    const found = find(
      madeFlight({ durationMs: 7000, at: fallsOver(arm) }),
      FRAMES[frame as keyof typeof FRAMES],
    );
    expect(found).toMatchObject([{ kind: 'motor-failure', event: 'opened', motor }]);
    const [finding] = found;
    expect((finding?.timeMs ?? 0) - FAILED_MS - 1000).toBeLessThanOrEqual(300);
    expect(finding?.sinceMs).toBe(FAILED_MS + 1000);
  });

  test('is found once a flight, and again in the next one', () => {
    const flight = madeFlight({ durationMs: 7000, at: fallsOver(45) });
    const next = flight.map((sample) => ({ ...sample, timeMs: sample.timeMs + 60_000 }));
    expect(find(flight)).toHaveLength(1);
    expect(find([...flight, ...next])).toHaveLength(2);
  });

  test('is not named when it falls between two arms', () => {
    const [finding] = find(madeFlight({ durationMs: 7000, at: fallsOver(90) }), FRAMES['quad-x']);
    expect(finding).toBeDefined();
    expect(finding?.motor).toBeUndefined();
  });

  test('is found by the attitude that is demanded where nobody tells the demanded rates', () => {
    const withoutDemand = madeFlight({ durationMs: 7000, at: fallsOver(45) }).map(
      ({ timeMs, names, values }) => {
        const entries = names.map((name, at) => [name, values[at] ?? 0] as const);
        const attitude = {
          'attitude.roll': 0,
          'attitude.pitch': 0,
          'attitude.rollDemand': 0,
          'attitude.pitchDemand': 0,
        };
        const kept = Object.fromEntries(
          entries.filter(([name]) => !name.startsWith('rate.') || !name.endsWith('Demand')),
        );
        return sampleAt(timeMs, { ...attitude, ...kept });
      },
    );
    expect(find(withoutDemand)).toMatchObject([{ motor: 1 }]);
  });

  test('is found the same whatever the outputs of the motors say', () => {
    const flight = madeFlight({ durationMs: 7000, at: fallsOver(-135) });
    const expected = find(flight);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 3000 }), { minLength: 4, maxLength: 4 }), (outputs) => {
        const noisy = flight.map((sample, at) => ({
          ...sample,
          names: [...sample.names, 'motor.1', 'motor.2', 'motor.3', 'motor.4'],
          values: [...sample.values, ...outputs.map((output) => output * ((at % 7) / 7))],
        }));
        expect(find(noisy)).toEqual(expected);
      }),
    );
    expect(expected).toMatchObject([{ motor: 2 }]);
  });
});

describe('no motor has failed', () => {
  test('when the vehicle turns as it is told, however fast', () => {
    const acrobatic = madeFlight({
      durationMs: 20_000,
      at: (flownMs) => {
        const rate = 400 * Math.sin(flownMs / 300);
        return {
          'rate.roll': rate,
          'rate.rollDemand': rate + 20,
          'rate.pitch': -rate,
          'rate.pitchDemand': -rate,
        };
      },
    });
    expect(find(acrobatic)).toEqual([]);
  });

  test('when one sample is wild', () => {
    const knocked = madeFlight({
      durationMs: 10_000,
      at: (flownMs) => (flownMs === FAILED_MS ? { 'rate.roll': 150 } : {}),
    });
    expect(find(knocked)).toEqual([]);
  });

  test('when it shakes more than others but as it always does', () => {
    const shaky = (growMs: number) =>
      madeFlight({
        durationMs: 60_000,
        at: (flownMs) => ({
          'rate.roll': Math.min(1, flownMs / growMs) * 60 * Math.sign(Math.sin(flownMs / 500)),
        }),
      });
    expect(find(shaky(20_000))).toEqual([]);
    // Nothing had time to learn that.
    expect(find(shaky(1))).toHaveLength(1);
  });

  test('on the ground, while it is put down, and in rates that come too seldom', () => {
    const fall = fallsOver(45);
    const onGround = madeFlight({ durationMs: 7000, at: (ms) => ({ ...fall(ms), 'vehicle.altitude': 0.1 }) });
    const touching = madeFlight({
      durationMs: 7000,
      at: (ms) => ({ ...fall(ms), 'vehicle.throttle': ms < FAILED_MS ? 40 : 10 }),
    });
    const seldom = madeFlight({ durationMs: 12_000, stepMs: 1000, at: fall });
    expect([onGround, touching, seldom].map((flight) => find(flight))).toEqual([[], [], []]);
  });

  test('while nothing tells whether it flies', () => {
    const silent = madeFlight({ durationMs: 7000, at: fallsOver(45) }).map(({ timeMs, names, values }) =>
      sampleAt(
        timeMs,
        Object.fromEntries(
          names.flatMap((name, at) => (name.startsWith('rate.') ? [[name, values[at] ?? 0]] : [])),
        ),
      ),
    );
    expect(find(silent)).toEqual([]);
  });

  test('in any rates within what every vehicle may have', () => {
    const rate = fc.double({ min: -20, max: 20, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(rate, rate), { maxLength: 100 }), (rates) => {
        const flight = rates.map(([roll, pitch], at) =>
          sampleAt(1000 + at * 100, { ...HOVER, 'rate.roll': roll, 'rate.pitch': pitch }),
        );
        expect(find(flight)).toEqual([]);
      }),
    );
  });

  test('in values that are none', () => {
    const broken = madeFlight({
      durationMs: 7000,
      at: () => ({ 'rate.roll': Number.NaN, 'rate.pitch': Number.NaN }),
    });
    expect(find(broken)).toEqual([]);
  });
});
