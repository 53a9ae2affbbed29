import { describe, expect, test } from 'vitest';
import { type AssetConfig, configSchema } from '../../src/config/schema.ts';
import { AssetIncidents } from '../../src/incidents.ts';
import { recordingClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import type { IncidentEvent } from '../../src/values/incident.ts';
import type { Verdict } from '../../src/values/verdict.ts';
import type { Window } from '../../src/values/window.ts';
import { AssetWatch } from '../../src/watch.ts';
import type { SensorProfiles } from '../../src/window/sensors/check.ts';
import { seeded } from '../support/sensor-rig.ts';

const CHANNELS = {
  vibration: { from: 'mcu.vib', unit: 'mm/s' },
  temperature: { from: 'mcu.temp', unit: '°C' },
} as const;

const BASELINES = [2, 60];
const SPREAD = 0.1;

/** Scores the mean of each channel by its distance from the baseline; a channel without values is neutral. */
function judge({ data, rows, channels, endMs, asset }: Window): Verdict {
  const newest = data.subarray((rows - 15) * channels.length);
  const distances = channels.map((_, column) => {
    const values = newest.filter((value, at) => at % channels.length === column && !Number.isNaN(value));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.length === 0 ? 0 : mean - (BASELINES[column] ?? 0);
  });
  const sum = distances.reduce((total, distance) => total + distance ** 2, 0);
  const deviations = channels.map((channel, column) => {
    const baseline = BASELINES[column] ?? 0;
    const distance = distances[column] ?? 0;
    return { channel, value: baseline + distance, baseline, spread: SPREAD, share: distance ** 2 / sum };
  });
  return { kind: 'judged', asset, endMs, model: 'm', score: Math.sqrt(sum), deviations, labels: [] };
}

type Reading = readonly [vib: number, temp: number];

/** A watched machine, one sample a second, judged by the distance of its means. */
class Watched {
  readonly events: IncidentEvent[] = [];
  readonly windows: Window[] = [];
  readonly kept: SensorProfiles[] = [];
  readonly counters = new Counters();
  readonly incidents: AssetIncidents;
  readonly #watch: AssetWatch;
  readonly #random = seeded(5);
  readonly #clock = recordingClock();
  #second = 0;
  #ids = 0;

  constructor(openAfter = '5s', learnFor = '200s') {
    const config = configSchema.parse({
      ...{ site: 's', node: 'n', sources: { mcu: { link: { type: 'file', path: 'x' } } } },
      assets: { pump: { channels: CHANNELS, learn: { for: learnFor }, incident: { openAfter } } },
    }).assets['pump'] as AssetConfig;
    const clock = this.#clock;
    this.incidents = new AssetIncidents({
      ...{ asset: 'pump', settings: config.incident, clock, stored: new Map() },
      newId: () => `00000000-0000-4000-8000-${String(++this.#ids).padStart(12, '0')}`,
      onIncident: (event) => this.events.push(event),
      onUnreadable: () => {},
    });
    this.#watch = new AssetWatch({
      ...{ key: 'pump', config, clock, counters: this.counters, incidents: this.incidents },
      timeOf: { mcu: ({ monoMs }) => monoMs },
      judge: {
        judge: async (window) => {
          this.windows.push(window);
          return judge(window);
        },
      },
      sensors: {
        keep: async (profiles) => {
          this.kept.push(profiles);
        },
      },
      on: { learned() {}, verdict() {} },
    });
  }

  async run(seconds: number, fault: (healthy: Reading, second: number) => Reading = (healthy) => healthy) {
    for (let second = 0; second < seconds; second++) {
      const noise = () => this.#random() - this.#random();
      const values = fault([2 + 0.2 * noise(), 60 + 0.2 * noise()], second);
      const monoMs = ++this.#second * 1000;
      this.#clock.advanceTo(monoMs);
      const sample = { kind: 'sample', source: 'mcu', monoMs, deviceMs: undefined } as const;
      this.#watch.push({ ...sample, names: NAMES, values });
      await this.#watch.settled();
    }
    return this;
  }

  /** What opened and closed. */
  get told(): string[] {
    const ends = this.events.filter(({ event }) => event !== 'updated');
    return ends.map(({ event, incident }) => `${incident.kind} ${event}`);
  }

  get leftOut(): readonly string[] {
    return this.#watch.leftOut;
  }
}

const NAMES = ['vib', 'temp'];
const LEARN_S = 220;

describe('a machine whose sensor fails', () => {
  test('has no incident of its own when the sensor freezes far off', async () => {
    const watched = await new Watched().run(LEARN_S);
    await watched.run(60, ([, temp]) => [30, temp]);
    expect(watched.told).toEqual(['sensor opened']);
    expect(watched.leftOut).toEqual(['vibration']);
    await watched.run(120);
    expect(watched.told).toEqual(['sensor opened', 'sensor closed']);
    expect(watched.leftOut).toEqual([]);
  });

  test('has its incident withdrawn when that was opened by the sensor', async () => {
    const watched = await new Watched().run(LEARN_S);
    await watched.run(60, ([vib, temp], second) => [second < 8 ? 28 + vib : 30, temp]);
    expect(watched.told).toEqual(['machine opened', 'sensor opened', 'machine closed']);
    const ids = watched.events.map(({ incident }) => incident);
    const [machine, sensor, withdrawn] = [ids[0], ids.find(({ kind }) => kind === 'sensor'), ids.at(-1)];
    expect(withdrawn).toMatchObject({ id: machine?.id, explainedBy: sensor?.id });
  });

  test('keeps its own incident: it was there before the sensor failed', async () => {
    const watched = await new Watched().run(LEARN_S);
    await watched.run(60, ([vib, temp]) => [vib + 8, temp]);
    expect(watched.told).toEqual(['machine opened']);
    await watched.run(600, ([, temp]) => [10, temp]);
    expect(watched.told).toEqual(['machine opened', 'sensor opened']);
    expect(watched.incidents.openOf('machine')).toHaveLength(1);
    await watched.run(60);
    expect(watched.told.slice(2).sort()).toEqual(['machine closed', 'sensor closed']);
  });

  test('keeps an incident that a saturated sensor tells: the machine may have driven it there', async () => {
    const watched = await new Watched().run(LEARN_S);
    await watched.run(200, ([vib, temp]) => [Math.min(10, 9.7 + 5 * (vib - 2)), temp]);
    expect(watched.told).toEqual(['machine opened', 'sensor opened']);
    expect(watched.incidents.openOf('sensor')[0]?.fault?.fault).toBe('saturated');
  });

  test('comes back with the cable, whatever else is wrong with one of its sensors', async () => {
    const watched = await new Watched().run(LEARN_S);
    await watched.run(60, ([vib]) => [vib, -999]);
    await watched.run(60, () => [Number.NaN, Number.NaN]);
    await watched.run(120, ([vib]) => [vib, -999]);
    expect(watched.leftOut).toEqual(['temperature']);
  });

  test('is known after a power cut by what was learned of its sensors until shortly before', async () => {
    const watched = await new Watched('5s', '1h').run(700);
    expect(watched.kept).toHaveLength(1);
    expect(watched.kept[0]?.['vibration']?.samples).toBeGreaterThan(600);
  });

  test('is still watched by its other channels', async () => {
    const watched = await new Watched().run(LEARN_S);
    await watched.run(60, ([, temp]) => [30, temp]);
    await watched.run(60, ([, temp]) => [30, temp + 5]);
    expect(watched.told).toEqual(['sensor opened', 'machine opened']);
    expect(watched.incidents.openOf('machine')[0]?.evidence).toMatchObject([{ channel: 'temperature' }]);
  });

  test('is judged without the cells from before it was sure', async () => {
    const watched = await new Watched().run(LEARN_S);
    watched.windows.length = 0;
    await watched.run(30, ([, temp]) => [30, temp]);
    const [window] = watched.windows.slice(-1);
    expect(window?.excluded).toEqual(['vibration']);
    expect(window?.data.includes(30)).toBe(false);
    expect(window?.coverage).toEqual([0, 1]);
  });

  test('learns nothing of what cannot be true', async () => {
    const watched = new Watched();
    await watched.run(60, ([vib]) => [vib, -300]);
    expect(watched.windows.flatMap(({ data }) => [...data]).includes(-300)).toBe(false);
    expect(watched.told).toEqual(['sensor opened']);
    expect(watched.counters.get('values_withheld', 'pump')).toBe(60);
  });
});
