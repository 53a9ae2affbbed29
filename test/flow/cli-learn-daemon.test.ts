import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runFieldnote, writeConfig } from '../support/daemon.ts';
import { machineRecording } from '../support/machine.ts';
import { healthAt, reportAt } from '../support/node-topics.ts';
import { type Plant, setUpPlant } from '../support/plant.ts';

/** The command line on the configuration of a plant whose daemon may be running. */
function commandsOf({ folder }: Plant) {
  return (...commandLine: string[]) =>
    runFieldnote(...commandLine, '--config', join(folder, 'fieldnote.yaml'));
}

/** The plant's configuration with another learning. */
function learningBy({ config }: Plant, learn: object) {
  return { ...config, assets: { pump: { ...config.assets.pump, learn } } };
}

function activeOf({ dataDir }: Plant): string {
  return readFileSync(join(dataDir, 'models/pump/active'), 'utf8').trim();
}

// One after the other: each has a daemon, its judge and a few commands that run at the same time.
describe('beside a running daemon', { timeout: 90_000 }, () => {
  test('what was learned waits for a yes, and learn --approve makes it watch', async () => {
    await using plant = await setUpPlant();
    const { broker, machine, start } = plant;
    const daemon = start(learningBy(plant, { for: '1s', approve: true }));
    const told = await daemon.logged(/a model of pump waits for a yes: fieldnote learn --approve pump/);
    const { assets } = await healthAt(broker, ({ assets }) => assets['pump']?.phase === 'proposed');
    expect(assets['pump']).toMatchObject({ proposed: told['model'], notJudged: 'learning' });
    const status = await commandsOf(plant)('learn', 'status');
    expect(status.stdout).toMatch(/^pump \(Feed pump 7\): [0-9a-f]{12} waits for a yes/);
    expect((await commandsOf(plant)('learn', '--approve')).exitCode).toBe(0);
    expect((await daemon.logged(/^watching pump/))['model']).toBe(told['model']);
    machine.isFaulty = true;
    const { data } = await reportAt(broker, ({ data }) => data.event === 'opened');
    expect(data.provenance.model).toBe(told['model']);
    await healthAt(broker, ({ assets }) => assets['pump']?.proposed === undefined);
  });

  test('what waits for a yes still waits after a restart, and nothing is learned again', async () => {
    await using plant = await setUpPlant();
    const config = learningBy(plant, { for: '1s', approve: true });
    const first = plant.start(config);
    const { model } = await first.logged(/waits for a yes/);
    await first.kill();
    const second = plant.start(config);
    expect((await second.logged(/waits for a yes/))['model']).toBe(model);
    expect(second.log.filter(({ msg }) => /^learning the normal/.test(msg))).toEqual([]);
  });

  test('learn again says no to what waits for a yes', async () => {
    await using plant = await setUpPlant();
    const daemon = plant.start(learningBy(plant, { for: '1s', approve: true }));
    await daemon.logged(/waits for a yes/);
    const before = daemon.log.length;
    const { exitCode, stdout } = await commandsOf(plant)('learn', 'again');
    expect(stdout).not.toContain('rollback');
    expect(exitCode).toBe(0);
    await daemon.logged(/^learning pump again, as asked/, before);
    await daemon.logged(/waits for a yes/, before);
  });

  test('learn again forgets the model in use, and rollback brings it back', async () => {
    await using plant = await setUpPlant();
    const daemon = await plant.startWatching();
    const model = activeOf(plant);
    const before = daemon.log.length;
    // Otherwise it would be the same machine, and perhaps the same model.
    plant.machine.isFaulty = true;
    const { stdout } = await commandsOf(plant)('learn', 'again', 'pump');
    expect(stdout).toMatch(/learned anew, for 1 s .*\n.*\n.*fieldnote models rollback pump/);
    await daemon.logged(/^learning the normal of pump for 1 s, 0 % done/, before);
    await daemon.logged(/^watching pump/, before);
    expect(activeOf(plant)).not.toBe(model);
    const after = daemon.log.length;
    expect((await commandsOf(plant)('models', 'rollback')).exitCode).toBe(0);
    expect((await daemon.logged(/^watching pump/, after))['model']).toBe(model);
  });

  test('learn again begins a learning anew that is under way', async () => {
    await using plant = await setUpPlant();
    const { broker } = plant;
    const daemon = plant.start(learningBy(plant, { for: '10min' }));
    await healthAt(broker, ({ assets }) => (assets['pump']?.learned ?? 0) > 0.004);
    const begunAnew = healthAt(broker, ({ assets }) => (assets['pump']?.learned ?? 1) < 0.004);
    await commandsOf(plant)('learn', 'again');
    await daemon.logged(/^learning pump again, as asked/);
    await begunAnew;
  });

  test('learn again on a daemon that is stopped is done by the next one', async () => {
    await using plant = await setUpPlant();
    const config = learningBy(plant, { for: '200s' });
    const first = plant.start(config);
    await healthAt(plant.broker, ({ assets }) => (assets['pump']?.learned ?? 0) > 0.011);
    await first.stop();
    const kept = JSON.parse((await commandsOf(plant)('learn', 'status', '--json')).stdout);
    expect(kept).toMatchObject([{ state: 'learning', asset: 'pump' }]);
    expect(kept[0].learning.learned).toBeGreaterThan(0.01);
    await commandsOf(plant)('learn', 'again');
    const { msg } = await plant.start(config).logged(/^learning the normal of pump/);
    expect(msg).toContain(', 0 % done');
  });

  test('a model that was learned from a recording takes over, and so does one that is activated', async () => {
    await using plant = await setUpPlant();
    const { broker, folder } = plant;
    const daemon = await plant.startWatching();
    const first = activeOf(plant);
    const recording = join(folder, 'healthy.jsonl');
    writeFileSync(recording, machineRecording(3));
    const fieldnote = commandsOf(plant);
    const { exitCode, stdout } = await fieldnote('learn', '--from', recording);
    expect(stdout).toMatch(/^learned the normal of pump from 3 s of healthy\.jsonl\npump is judged by /);
    expect(exitCode).toBe(0);
    const learned = activeOf(plant);
    expect(learned).not.toBe(first);
    await healthAt(broker, ({ assets }) => assets['pump']?.model === learned);
    expect((await fieldnote('models', 'activate', first.slice(0, 8))).exitCode).toBe(0);
    await healthAt(broker, ({ assets }) => assets['pump']?.model === first);
    expect(daemon.messagesFrom(50)).toEqual([]);
  });

  test('a recording ends a learning that is under way', async () => {
    await using plant = await setUpPlant();
    const daemon = plant.start(learningBy(plant, { for: '10min' }));
    await daemon.logged(/^learning the normal of pump/);
    // For the command line a few seconds are enough.
    writeConfig(plant.folder, plant.config);
    const recording = join(plant.folder, 'healthy.jsonl');
    writeFileSync(recording, machineRecording(3));
    expect((await commandsOf(plant)('learn', '--from', recording)).exitCode).toBe(0);
    expect((await daemon.logged(/^watching pump/))['model']).toBe(activeOf(plant));
    await healthAt(plant.broker, ({ assets }) => assets['pump']?.learned === undefined);
  });
});
