import { readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { forgetModel } from '../../src/models/active.ts';
import { eventually, isAlive } from '../support/daemon.ts';
import { countOf, healthAt, reportAt, reportsAt, statesAt } from '../support/node-topics.ts';
import { setUpPlant } from '../support/plant.ts';

describe.concurrent('the daemon', { timeout: 40_000 }, () => {
  test('learns a machine, reports its fault, and reports the end of it', async () => {
    await using plant = await setUpPlant();
    const { broker, machine, startWatching } = plant;
    await startWatching();
    machine.isFaulty = true;
    const { data: opened } = await reportAt(broker, ({ data }) => data.event === 'opened');
    expect(opened.channels[0]).toMatchObject({
      channel: 'vibration',
      name: 'drive-end vibration',
      unit: 'mm/s',
      direction: 'above',
    });
    machine.isFaulty = false;
    const { data: closed } = await reportAt(broker, ({ data }) => data.event === 'closed');
    expect(closed).toMatchObject({ id: opened.id, site: 'plant', node: 'pump7', asset: { key: 'pump' } });
    expect(closed.channels[0]?.extreme).toBeGreaterThan(opened.channels[0]?.baseline ?? Number.NaN);
    const health = await healthAt(broker, ({ store }) => typeof store === 'object' && store.pending === 0);
    expect(health.store).toMatchObject({ accepted: reportsAt(broker).length, pending: 0 });
  });

  test('goes on learning where it was stopped', async () => {
    await using plant = await setUpPlant();
    const { broker, config, start } = plant;
    const slow = { ...config, assets: { pump: { ...config.assets.pump, learn: { for: '2s' } } } };
    const first = start(slow);
    const { assets } = await healthAt(broker, ({ assets }) => (assets['pump']?.learned ?? 0) > 0.5);
    expect(await first.stop()).toBe(0);
    const second = start(slow);
    const { msg } = await second.logged(/^learning the normal of pump/);
    const percent = Number(/(\d+) % done/.exec(msg)?.[1]);
    expect(percent).toBeGreaterThanOrEqual(Math.floor((assets['pump']?.learned ?? 1) * 100));
    await second.logged(/^watching pump/);
  });

  test('learns again when a command made it forget its model, without a restart', async () => {
    await using plant = await setUpPlant();
    const { broker, dataDir, startWatching } = plant;
    const daemon = await startWatching();
    const { assets } = await healthAt(broker, ({ assets }) => assets['pump']?.score !== undefined);
    expect(assets['pump']?.model).toMatch(/^[0-9a-f]{64}$/);
    const lineCount = daemon.log.length;
    await forgetModel(dataDir, 'pump');
    await daemon.logged(/^learning the normal of pump for 1 s, 0 % done/, lineCount);
    await daemon.logged(/^watching pump/, lineCount);
  });

  test('judges by the model of before after a restart, and learns nothing again', async () => {
    await using plant = await setUpPlant();
    const { broker, machine, start, startWatching } = plant;
    const first = await startWatching();
    const model = (await first.logged(/^watching pump/))['model'];
    await first.kill();
    const second = start();
    expect((await second.logged(/^watching pump/))['model']).toBe(model);
    machine.isFaulty = true;
    const { data } = await reportAt(broker, ({ data }) => data.event === 'opened');
    expect(data.provenance.model).toBe(model);
    expect(second.log.map(({ msg }) => msg).filter((msg) => /learn/.test(msg))).toEqual([]);
  });

  test.for(['stop', 'kill'] as const)('an incident stays the same across a %s', async (end) => {
    await using plant = await setUpPlant();
    const { broker, machine, start, startWatching } = plant;
    const first = await startWatching();
    machine.isFaulty = true;
    const { data: opened } = await reportAt(broker, ({ data }) => data.event === 'opened');
    await first[end]();
    const latest = reportsAt(broker).at(-1)?.data.revision ?? 0;
    start();
    const { data: updated } = await reportAt(broker, ({ data }) => data.revision > latest);
    expect(updated).toMatchObject({ id: opened.id, event: 'updated' });
    machine.isFaulty = false;
    const { data: closed } = await reportAt(broker, ({ data }) => data.event === 'closed');
    expect(closed).toMatchObject({ id: opened.id, opened: opened.opened });
    const revisions = [...new Set(reportsAt(broker).map(({ data }) => data.revision))];
    expect(revisions).toEqual(revisions.map((_, index) => index + 1));
  });

  test.for([
    ['a model that was cut off', 'model.onnx', /model\.onnx has the sha256 .* learning pump again/],
    ['a manifest that was cut off', 'model.json', /model\.json is no JSON.* learning pump again/],
  ] as const)('says that there is %s, and learns again', async ([, file, message]) => {
    await using plant = await setUpPlant();
    const { dataDir, start, startWatching } = plant;
    const first = await startWatching();
    await first.stop();
    const folder = join(dataDir, 'models/pump');
    const sha256 = readFileSync(join(folder, 'active'), 'utf8').trim();
    expect(readdirSync(folder)).toContain(sha256);
    truncateSync(join(folder, sha256, file), 100);
    const second = start();
    await second.logged(message);
    await second.logged(/^learned the normal of pump/);
    await second.logged(/^watching pump/);
  });

  test('ends in order on SIGTERM, says goodbye and leaves no child behind', async () => {
    await using plant = await setUpPlant();
    const { broker, startWatching } = plant;
    const daemon = await startWatching();
    await healthAt(broker, (health) => countOf(health, 'verdicts') > 0);
    const judge = await daemon.judge();
    // One that hangs cuts itself off after ten seconds and ends with 1.
    expect(await daemon.stop()).toBe(0);
    expect(statesAt(broker)).toEqual(['online', 'offline']);
    expect(isAlive(judge)).toBe(false);
  });

  test('leaves no child behind when it is killed', async () => {
    await using plant = await setUpPlant();
    const { broker, startWatching } = plant;
    const daemon = await startWatching();
    const judge = await daemon.judge();
    await daemon.kill();
    await eventually(() => expect(isAlive(judge)).toBe(false));
    await eventually(() => expect(statesAt(broker)).toEqual(['online', 'offline']));
  });
});
