import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/daemon.ts';
import { countOf, healthAt, reportAt, reportsAt } from '../support/node-topics.ts';
import { setUpPlant } from '../support/plant.ts';
import { faultsOf } from '../support/report-ledger.ts';

// The tests run at the same time: most of them wait for the ten seconds after which the daemon tries something again.

describe.concurrent('the daemon in trouble', { timeout: 40_000 }, () => {
  test('keeps the learned model when the judge dies while it loads it', async () => {
    await using plant = await setUpPlant();
    const first = await plant.startWatching();
    const model = (await first.logged(/^watching pump/))['model'];
    await first.stop();
    const second = plant.start();
    process.kill(await second.judge(), 'SIGKILL');
    await second.logged(/^model "normal" cannot be used: the judge process .* trying again in 10 s/);
    expect((await second.logged(/^watching pump/))['model']).toBe(model);
  });

  test('keeps reports in memory while nothing can be written, and stores them when it can', async () => {
    await using plant = await setUpPlant();
    const { broker, dataDir, machine } = plant;
    writeFileSync(dataDir, 'a file where a folder should be');
    const daemon = await plant.startWatching();
    const errors = daemon.messagesFrom(50).join('\n');
    expect(errors).toMatch(
      /cannot open the store in .*EEXIST.*; reports wait in memory, trying again in 10 s/,
    );
    expect(errors).toMatch(
      /cannot keep what was learned of pump: .*ENOTDIR.*; watching by it all the same, a restart learns again/,
    );
    machine.isFaulty = true;
    await daemon.logged(/^Feed pump 7: critical/);
    machine.isFaulty = false;
    await daemon.logged(/^Feed pump 7: critical over/);
    expect((await healthAt(broker, () => true)).store).toBe('not available');
    expect(reportsAt(broker)).toEqual([]);
    rmSync(dataDir);
    await reportAt(broker, ({ data }) => data.event === 'closed');
    expect(faultsOf(reportsAt(broker))).toEqual([]);
    expect(await daemon.stop()).toBe(0);
  });

  test('publishes what waits in a store that could not be opened at first', async () => {
    await using plant = await setUpPlant();
    const { broker, dataDir, machine } = plant;
    await broker.stop();
    const first = await plant.startWatching();
    machine.isFaulty = true;
    await first.logged(/^Feed pump 7: critical/);
    machine.isFaulty = false;
    await first.logged(/^Feed pump 7: critical over/);
    await first.stop();
    const database = join(dataDir, 'fieldnote.db');
    renameSync(database, `${database}.away`);
    mkdirSync(database);
    await broker.start();
    const second = plant.start();
    await second.logged(/^cannot open the store in .*EISDIR/);
    await second.logged(/^connected to/);
    rmdirSync(database);
    renameSync(`${database}.away`, database);
    await reportAt(broker, ({ data }) => data.event === 'closed');
  });

  test.for(['SIGKILL', 'SIGSEGV'] as const)(
    'goes on reading when the judge dies of %s, and judges again',
    async (signal) => {
      await using plant = await setUpPlant();
      const { broker, machine, startWatching } = plant;
      const daemon = await startWatching();
      const before = await healthAt(broker, (health) => countOf(health, 'verdicts') > 0);
      const judge = await daemon.judge();
      process.kill(judge, signal);
      const { msg } = await daemon.logged(/^the judge process/);
      expect(msg).toMatch(new RegExp(`^the judge process ${judge} ended by itself \\(${signal}\\)`));
      const after = await healthAt(
        broker,
        (health) => countOf(health, 'verdicts') > countOf(before, 'verdicts') + 50,
      );
      expect(countOf(after, 'child_restarts')).toBeGreaterThanOrEqual(1);
      expect(countOf(after, 'link_lost')).toBe(0);
      expect(countOf(after, 'samples_read')).toBeGreaterThan(countOf(before, 'samples_read'));
      machine.isFaulty = true;
      await reportAt(broker, ({ data }) => data.event === 'opened');
    },
  );

  test('reads on while a judge hangs, ends it, and judges again', async () => {
    await using plant = await setUpPlant();
    const { broker, startWatching } = plant;
    const daemon = await startWatching();
    await healthAt(broker, (health) => countOf(health, 'verdicts') > 0);
    process.kill(await daemon.judge(), 'SIGSTOP');
    const stopped = await healthAt(broker, () => true);
    await daemon.logged(/^the judge process \d+ gave no answer within 2000 ms and was killed/);
    const ended = await healthAt(broker, () => true);
    expect(countOf(ended, 'samples_read')).toBeGreaterThan(countOf(stopped, 'samples_read') + 100);
    await healthAt(broker, (health) => countOf(health, 'verdicts') > countOf(ended, 'verdicts') + 50);
  });

  test('stops in order while the judge is down', async () => {
    await using plant = await setUpPlant();
    const daemon = await plant.startWatching();
    process.kill(await daemon.judge(), 'SIGKILL');
    await daemon.logged(/^the judge process/);
    expect(await daemon.stop()).toBe(0);
  });

  test('stops while a judge that hangs loads a model, and does not wait for its answer', async () => {
    await using plant = await setUpPlant();
    const first = await plant.startWatching();
    await first.stop();
    const second = plant.start();
    process.kill(await second.judge(), 'SIGSTOP');
    await second.logged(/^source mcu is open/);
    // One that waits for the model is cut off, by its own deadline or by that of the judge.
    expect(await second.stop()).toBe(0);
    expect(second.messagesFrom(40).filter((msg) => /gave no answer|stopping took/.test(msg))).toEqual([]);
  });

  test('gives way to the daemon that has the store already', async () => {
    await using plant = await setUpPlant();
    const { config, dataDir } = plant;
    const first = plant.start();
    await first.logged(/^learning the normal of pump/);
    const second = plant.start({ ...config, node: 'pump8' });
    expect(await second.exited).toBe(1);
    expect(second.stderr).toContain(
      `fieldnote: ${dataDir}: in use by another process; stop it, or give this one its own dataDir`,
    );
    await first.logged(/^watching pump/);
  });

  test('puts a damaged store aside, says so, and goes on', async () => {
    await using plant = await setUpPlant();
    const { broker, dataDir, machine } = plant;
    const first = await plant.startWatching();
    await first.stop();
    writeFileSync(join(dataDir, 'fieldnote.db'), 'this was a database once '.repeat(1000));
    await plant.startWatching();
    expect(readdirSync(dataDir)).toContain('fieldnote.db.corrupt-1');
    await eventually(() => {
      const gaps = broker.messages
        .filter(({ topic }) => topic.endsWith('/gap'))
        .map(({ payload }) => `${payload}`);
      expect(gaps.at(-1)).toContain('fieldnote.db.corrupt-1 was damaged');
    });
    machine.isFaulty = true;
    await reportAt(broker, ({ data }) => data.event === 'opened');
  });
});
