import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ReportEvent } from '../../src/publish/envelope.ts';
import { countOf, healthAt, reportAt, reportsAt } from '../support/node-topics.ts';
import { type Plant, setUpPlant } from '../support/plant.ts';

/** Waits until so many more windows were judged. */
async function judged({ broker }: Plant, count: number): Promise<void> {
  const { counters } = await healthAt(broker, () => true);
  const before = Object.values(counters['verdicts'] ?? {}).reduce((sum, value) => sum + value, 0);
  await healthAt(broker, (health) => countOf(health, 'verdicts') >= before + count);
}

const kindsAt = ({ broker }: Plant) => [...new Set(reportsAt(broker).map(({ data }) => data.kind))];

/** A silence is told after ten times this; a window that is held for longer than it lasts would be no mean. */
const SHORT_HOLD = '50ms';

/** The plant and a daemon that watches it. */
async function watchedPlant(hold = '1s'): Promise<AsyncDisposableStack & { readonly plant: Plant }> {
  const parts = new AsyncDisposableStack();
  const plant = parts.use(await setUpPlant());
  const { pump } = plant.config.assets;
  const window = { ...pump.window, hold };
  const daemon = plant.start({ ...plant.config, assets: { pump: { ...pump, window } } });
  await daemon.logged(/^watching pump/);
  await judged(plant, 50);
  return Object.assign(parts, { plant });
}

describe.concurrent('the daemon and sensors at fault', { timeout: 90_000 }, () => {
  test.for([
    ['stuck', /^Feed pump 7: sensor notice.*Drive-end vibration \(sensor\) reads exactly 2\.0625 mm\/s/],
    ['dropped-out', /Drive-end vibration gave no value/],
    ['spiking', /Drive-end vibration \(sensor\) jumped off and back 5 times within/],
    ['saturated', /Drive-end vibration \(sensor\) is at the end of its range, 2\.375 mm\/s/],
    ['out-of-range', /Drive-end vibration \(sensor\) reads -5 mm\/s.*below the 0 mm\/s that are possible/],
  ] as const)('a sensor that is %s has a report of its own, and the end of it', async ([fault, text]) => {
    await using parts = await watchedPlant(fault === 'dropped-out' ? SHORT_HOLD : undefined);
    const { plant } = parts;
    plant.machine.sensorFault = fault;
    // A machine that drives its sensor to the end of its range is at fault itself.
    const isAwaited = ({ data }: ReportEvent) => data.kind === 'sensor' || fault !== 'saturated';
    const isOfChannel = ({ data }: ReportEvent) => data.subject !== 'source:mcu';
    const isFirst = (event: ReportEvent) => isAwaited(event) && isOfChannel(event);
    const { data: opened } = await reportAt(plant.broker, isFirst);
    expect(opened).toMatchObject({
      ...{ kind: 'sensor', subject: 'vibration', severity: 'notice', channels: [] },
      sensor: { fault, source: 'mcu', channels: [{ channel: 'vibration', unit: 'mm/s' }] },
    });
    expect(opened.text).toMatch(text);
    expect(opened.text).toMatch(/It is left out of the judgement\. Check /);
    const { assets } = await healthAt(plant.broker, () => true);
    expect(assets['pump']?.leftOut).toEqual(['vibration']);
    // The other channels are judged without it.
    await judged(plant, 50);
    plant.machine.sensorFault = undefined;
    const isEnd = ({ data }: ReportEvent) => data.id === opened.id && data.event === 'closed';
    const { data: closed } = await reportAt(plant.broker, isEnd);
    expect(closed).toMatchObject({ kind: 'sensor', subject: 'vibration', sensor: { fault } });
    await judged(plant, 100);
    if (fault !== 'saturated') expect(kindsAt(plant)).toEqual(['sensor']);
  });

  test('a clock that jumps has a report about its source', async () => {
    await using parts = await watchedPlant();
    const { plant } = parts;
    plant.machine.sensorFault = 'clock-jump';
    const { data: opened } = await reportAt(plant.broker, ({ data }) => data.event === 'opened');
    expect(opened).toMatchObject({ kind: 'sensor', subject: 'source:mcu', sensor: { fault: 'clock-jump' } });
    expect(opened.text).toMatch(/The clock of source mcu went (1 h|60 min) forward at once/);
    await reportAt(plant.broker, ({ data }) => data.event === 'closed');
    await judged(plant, 100);
    expect(kindsAt(plant)).toEqual(['sensor']);
  });

  test('a source that says nothing has one report, not one for each channel', async () => {
    await using parts = await watchedPlant(SHORT_HOLD);
    const { plant } = parts;
    plant.machine.isMute = true;
    const { data: opened } = await reportAt(plant.broker, ({ data }) => data.event === 'opened');
    expect(opened).toMatchObject({ kind: 'sensor', subject: 'source:mcu', sensor: { fault: 'dropped-out' } });
    expect(opened.text).toContain('Source mcu with its 3 channels gave no value');
    plant.machine.isMute = false;
    await reportAt(plant.broker, ({ data }) => data.event === 'closed');
    await judged(plant, 100);
    expect(new Set(reportsAt(plant.broker).map(({ data }) => data.subject))).toEqual(new Set(['source:mcu']));
  });

  test('a machine at fault is no sensor at fault', async () => {
    await using parts = await watchedPlant();
    const { plant } = parts;
    plant.machine.isFaulty = true;
    await reportAt(plant.broker, ({ data }) => data.event === 'opened');
    plant.machine.isFaulty = false;
    await reportAt(plant.broker, ({ data }) => data.event === 'closed');
    await judged(plant, 100);
    expect(kindsAt(plant)).toEqual(['machine']);
  });

  test('the incident of a sensor stays the same across a restart, and the sensor stays left out', async () => {
    await using plant = await setUpPlant();
    const { broker, machine, start, startWatching, dataDir } = plant;
    const first = await startWatching();
    await judged(plant, 50);
    machine.sensorFault = 'stuck';
    const { data: opened } = await reportAt(broker, ({ data }) => data.event === 'opened');
    await first.kill();
    expect(JSON.parse(readFileSync(join(dataDir, 'sensors/pump.json'), 'utf8'))).toHaveProperty('vibration');
    start();
    const { assets } = await healthAt(broker, (health) => health.assets['pump']?.phase === 'watching');
    expect(assets['pump']?.leftOut).toEqual(['vibration']);
    machine.sensorFault = undefined;
    const { data: closed } = await reportAt(broker, ({ data }) => data.event === 'closed');
    expect(closed.id).toBe(opened.id);
    expect(kindsAt(plant)).toEqual(['sensor']);
  });
});
