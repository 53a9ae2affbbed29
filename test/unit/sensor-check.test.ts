import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LEARNED_S, SensorRig, seeded } from '../support/sensor-rig.ts';

const seeds = fc.integer({ min: 1, max: 1e6 });
const RUNS = { numRuns: 20, seed: 1 };

describe('a stuck sensor', () => {
  test('is one that repeats its last value for far longer than it ever did', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const rig = SensorRig.learned({ seed });
        rig.run(40, () => ({ vib: 2.13 }));
        expect(rig.kinds).toEqual(['vibration stuck']);
        expect(rig.told[0]?.second).toBeLessThanOrEqual(20);
      }),
      RUNS,
    );
  });

  test('is left out before it is sure, from the first of the same values on', () => {
    const rig = SensorRig.learned();
    const beforeMs = rig.timeMs;
    rig.run(4, () => ({ vib: 2.13 }));
    expect(rig.told).toEqual([]);
    expect(rig.check.suspects).toEqual(new Map([[0, beforeMs + 1000]]));
  });

  test('says which value, since when, and how long was normal', () => {
    const rig = SensorRig.learned();
    const beforeMs = rig.timeMs;
    rig.run(30, () => ({ temp: 61.5 }));
    expect(rig.check.findings).toEqual([
      {
        ...{ subject: 'temperature', fault: 'stuck', source: 'mcu', channels: ['temperature'] },
        ...{ sinceMs: beforeMs + 1000, value: 61.5, normalMs: expect.any(Number) },
      },
    ]);
  });

  test('heals with the first other value', () => {
    const rig = SensorRig.learned().run(30, () => ({ vib: 2.13 }));
    expect(rig.faults).toEqual(['vibration stuck']);
    expect(rig.check.isAlive('vibration')).toBe(false);
    expect(rig.run(1).faults).toEqual([]);
    expect(rig.check.isAlive('vibration')).toBe(true);
  });

  test('is not a setpoint, which is constant by nature', () => {
    expect(SensorRig.learned().run(10_000).told).toEqual([]);
  });

  test('is not a quantity that was as calm while it was learned', () => {
    const rig = new SensorRig();
    const calm = (_: unknown, second: number) => ({ temp: 60 + Math.floor(second / 40) / 10 });
    rig.run(LEARNED_S + 1, calm).run(7200, () => ({ temp: 61.7 }));
    expect(rig.told).toEqual([]);
  });

  test('is not a motor that is off, when being off was learned', () => {
    const rig = new SensorRig();
    const startsAndStops = (_: unknown, second: number) => (second % 300 < 120 ? { amps: 0 } : {});
    rig.run(2 * LEARNED_S, startsAndStops).run(28_800, () => ({ amps: 0 }));
    expect(rig.told).toEqual([]);
  });

  test('is one fault of the source when all of its live channels repeat their values', () => {
    const rig = SensorRig.learned().run(60, () => ({ vib: 2.1, temp: 60.3, amps: 12.2 }));
    expect(rig.kinds).toEqual(['source:mcu stuck']);
    expect(rig.run(1).faults).toEqual([]);
  });

  test('is told once for a value that the channel comes back from again and again', () => {
    const rig = SensorRig.learned();
    for (let time = 0; time < 10; time++) rig.run(60, () => ({ temp: 60.1 })).run(60);
    expect(rig.told).toHaveLength(1);
  });

  test('is not a flow that was 0 now and then while it was learned', () => {
    const pauses = (_: unknown, second: number) => (second % 50 < 3 ? { amps: 0 } : {});
    const rig = new SensorRig().run(2 * LEARNED_S, pauses).run(3600, () => ({ amps: 0 }));
    expect(rig.told).toEqual([]);
  });

  test('is not a machine that stands still for the first time: nothing of it is as usual', () => {
    const still = () => ({ vib: 0.01, amps: 0, set: 0 });
    const rig = SensorRig.learned().run(600, (_, second) => ({ ...still(), temp: 55 - second / 60 }));
    expect(rig.told).toEqual([]);
  });

  test('is one at 0 while everything else goes on as usual', () => {
    expect(SensorRig.learned().run(60, () => ({ amps: 0 })).kinds).toEqual(['current stuck']);
  });
});

describe('a sensor that dropped out', () => {
  test('gives no value while its source goes on', () => {
    const rig = SensorRig.learned().run(26, () => ({ temp: Number.NaN }));
    expect(rig.kinds).toEqual(['temperature dropped-out']);
    expect(rig.run(1).faults).toEqual([]);
  });

  test('is not told before it has been silent for long', () => {
    expect(SensorRig.learned().run(24, () => ({ temp: Number.NaN })).told).toEqual([]);
  });

  test('is one fault of the source when all of its channels are silent', () => {
    const rig = SensorRig.learned().wait(60);
    expect(rig.kinds).toEqual(['source:mcu dropped-out']);
    expect(rig.check.findings[0]?.channels).toEqual(['vibration', 'temperature', 'current', 'setpoint']);
  });

  test('is told by who knows the sensor, even if it never speaks after a restart', () => {
    const { profiles } = SensorRig.learned().check;
    expect(new SensorRig({ profiles }).wait(60).kinds).toEqual(['source:mcu dropped-out']);
    expect(new SensorRig().wait(60).kinds).toEqual([]);
  });

  test('is not one that was as slow while it was learned', () => {
    const slow = (_: unknown, second: number) => (second % 20 === 0 ? {} : { temp: Number.NaN });
    const rig = new SensorRig().run(LEARNED_S * 5, slow);
    rig.run(79, () => ({ temp: Number.NaN }));
    expect(rig.told).toEqual([]);
    expect(rig.run(5, () => ({ temp: Number.NaN })).kinds).toEqual(['temperature dropped-out']);
  });
});

describe('a spiking sensor', () => {
  const spikes = (everyS: number) => (healthy: { vib: number }, second: number) =>
    second % everyS === 5 ? { vib: healthy.vib + 50 } : {};

  test('jumps far off and back, several times', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 7, max: 40 }), (seed, everyS) => {
        const rig = SensorRig.learned({ seed }).run(6 * everyS, spikes(everyS));
        expect(rig.kinds).toEqual(['vibration spiking']);
        expect(rig.check.findings[0]).toMatchObject({ count: 5, withinMs: 4000 * everyS });
      }),
      RUNS,
    );
  });

  test('has its spikes withheld from the first one on', () => {
    const rig = SensorRig.learned().run(20, spikes(20));
    expect([rig.withheld, rig.told]).toEqual([1, []]);
  });

  test('withholds nothing where a window of few samples cannot miss one', () => {
    const rig = SensorRig.learned({ check: { windowMs: 7000 } }).run(20, spikes(20));
    expect(rig.withheld).toBe(0);
    expect(rig.run(100, spikes(7)).kinds).toEqual(['vibration spiking']);
  });

  test('is calm again when no spike has come for a while', () => {
    const rig = SensorRig.learned().run(120, spikes(20));
    expect(rig.faults).toEqual(['vibration spiking']);
    expect(rig.run(300).faults).toEqual([]);
  });

  test('is not a machine that begins to vibrate: nearly all of it is believed', () => {
    const rig = SensorRig.learned().run(600, ({ vib }) => ({ vib: 5 * vib }));
    expect(rig.told).toEqual([]);
    expect(rig.withheld).toBeLessThan(6);
  });

  test('is not a machine that has become rough', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 20 }), (seed, factor) => {
        const rig = SensorRig.learned({ seed });
        rig.run(600, ({ vib }) => ({ vib: 10 + (vib - 2) * factor }));
        expect(rig.told).toEqual([]);
      }),
      RUNS,
    );
  });

  test('is not a machine that starts and stops', () => {
    const rig = SensorRig.learned().run(3000, ({ vib, amps }, second) =>
      second % 60 < 30 ? { vib: vib / 20, amps: amps / 30 } : {},
    );
    expect(rig.told).toEqual([]);
  });
});

describe('a sensor out of its range', () => {
  const channels = {
    vibration: { from: 'mcu.vib', unit: 'mm/s' },
    temperature: { from: 'mcu.temp', unit: '°C', range: [-40, 150] as const },
  };

  test('is told at once, also while it is learned, and its values are withheld', () => {
    const rig = new SensorRig({ check: { channels } }).run(3, () => ({ temp: -200 }));
    expect(rig.withheld).toBe(3);
    expect(rig.check.findings).toMatchObject([{ subject: 'temperature', value: -200, min: -40 }]);
    expect(rig.run(1).faults).toEqual([]);
  });

  test('is one colder than absolute zero, whatever the configuration says', () => {
    expect(new SensorRig().run(3, () => ({ temp: -300 })).kinds).toEqual(['temperature out-of-range']);
    expect(new SensorRig().run(3, () => ({ temp: -270 })).kinds).toEqual([]);
  });

  test('is spiking where single values are out of it', () => {
    const rig = SensorRig.learned({ check: { channels } });
    rig.run(60, (_, second) => (second % 10 === 5 ? { temp: 2000 } : {}));
    expect(rig.kinds).toEqual(['temperature spiking']);
    expect(rig.withheld).toBe(6);
  });

  test.each([
    [6553.5, { fault: 'out-of-range', value: 6553.5 }],
    [Number.NaN, { fault: 'out-of-range' }],
  ])(
    'is one of which the device says that it has none, which would be %d, until there is one again',
    (value, fault) => {
      const rig = new SensorRig();
      const sample = {
        kind: 'sample',
        source: 'mcu',
        deviceMs: undefined,
        names: ['temp'],
        values: [Number.NaN],
      } as const;
      for (const monoMs of [1000, 2000, 3000])
        rig.check.take({ ...sample, monoMs, refused: new Map([['temp', value]]) }, monoMs);
      expect(rig.check.findings).toEqual([
        { ...fault, subject: 'temperature', source: 'mcu', channels: ['temperature'], sinceMs: 1000 },
      ]);
      expect(rig.check.isAlive('temperature')).toBe(false);
      rig.check.take({ ...sample, monoMs: 4000, values: [60] }, 4000);
      expect(rig.check.findings).toEqual([]);
      expect(rig.check.isAlive('temperature')).toBe(true);
    },
  );

  test('may be right at its limit', () => {
    expect(new SensorRig({ check: { channels } }).run(3, () => ({ temp: 150 })).kinds).toEqual([]);
  });
});

describe('a saturated sensor', () => {
  test('stays at the limit of its range', () => {
    const channels = { temperature: { from: 'mcu.temp', unit: '°C', range: [-40, 150] as const } };
    const rig = SensorRig.learned({ check: { channels } }).run(30, () => ({ temp: 150 }));
    expect(rig.check.findings).toMatchObject([{ fault: 'saturated', value: 150, max: 150 }]);
  });

  test('is cut off at the same value again and again', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const rig = SensorRig.learned({ seed });
        rig.run(100, ({ vib }) => ({ vib: Math.min(2.6, 2 + 6 * (vib - 2)) }));
        expect(rig.kinds).toEqual(['vibration saturated']);
        expect(rig.check.findings[0]?.value).toBe(2.6);
      }),
      RUNS,
    );
  });

  test('is not stuck when it is at its rail for good', () => {
    const rig = SensorRig.learned().run(100, ({ vib }) => ({ vib: Math.min(2.6, 2 + 6 * (vib - 2)) }));
    expect(rig.run(60, () => ({ vib: 2.6 })).faults).toEqual(['vibration saturated']);
  });

  test('is not one that gave more while it was learned', () => {
    expect(SensorRig.learned().run(300, ({ vib }) => ({ vib: Math.min(2.1, vib) })).told).toEqual([]);
  });

  test('is not a signal of few steps, which has its extremes all the time', () => {
    const coarse = ({ vib }: { vib: number }) => ({ vib: Math.round(vib * 4) / 4 });
    expect(new SensorRig().run(5 * LEARNED_S, coarse).told).toEqual([]);
  });
});

describe('a clock that jumps', () => {
  const reading = { vib: 2, temp: 60, amps: 12, set: 1450 };

  test.each([3_600_000, -3_600_000])('by %d ms is told with the source', (jumpMs) => {
    const rig = new SensorRig().run(100);
    const offsetMs = 1e9;
    const jumping = new SensorRig();
    for (let second = 0; second < 100; second++)
      jumping.push(reading, jumping.timeMs + 1000 + offsetMs + (second < 60 ? 0 : jumpMs));
    expect(rig.told).toEqual([]);
    expect(jumping.kinds).toEqual(['source:mcu clock-jump']);
    expect(jumping.faults).toEqual([]);
  });
});

describe('a healthy machine', () => {
  test('has no sensor fault in a day, whatever its noise', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = seeded(seed);
        const rig = SensorRig.learned({ seed });
        rig.run(3600, ({ vib, temp }, second) => ({
          vib: vib + 0.5 * Math.sin(second / 100),
          temp: temp + second / 1000 + 0.1 * random(),
        }));
        expect(rig.told).toEqual([]);
      }),
      { numRuns: 24, seed: 2 },
    );
  });

  test('costs the same memory for a minute and for a day', () => {
    const rig = SensorRig.learned();
    const size = () => JSON.stringify(rig.check.profiles).length;
    const before = size();
    expect(rig.run(20_000).told).toEqual([]);
    expect(size()).toBe(before);
  });
});
