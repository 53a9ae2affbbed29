import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/daemon.ts';
import { healthAt, reportAt, reportsAt } from '../support/node-topics.ts';
import { setUpPlant } from '../support/plant.ts';
import { faultsOf } from '../support/report-ledger.ts';

describe.concurrent('the daemon and its broker', { timeout: 40_000 }, () => {
  test('starts without a broker, and delivers what happened meanwhile when it comes', async () => {
    await using plant = await setUpPlant();
    const { broker, machine, startWatching } = plant;
    await broker.stop();
    const daemon = await startWatching();
    expect(daemon.messagesFrom(40).join()).toMatch(
      /broker mqtt:\/\/127\.0\.0\.1:\d+ failed: .*ECONNREFUSED.*; trying again in \d\.\d s, nothing is lost/,
    );
    machine.isFaulty = true;
    await daemon.logged(/^Feed pump 7: critical/);
    machine.isFaulty = false;
    await daemon.logged(/^Feed pump 7: critical over/);
    await broker.start();
    await reportAt(broker, ({ data }) => data.event === 'closed');
    const revisions = reportsAt(broker).map(({ data }) => data.revision);
    expect(revisions).toEqual(revisions.map((_, index) => index + 1));
  });

  test('delivers after a broker that was away, once and in order', async () => {
    await using plant = await setUpPlant();
    const { broker, machine, startWatching } = plant;
    const daemon = await startWatching();
    machine.isFaulty = true;
    await reportAt(broker, ({ data }) => data.event === 'opened');
    await broker.stop();
    const before = reportsAt(broker).length;
    machine.isFaulty = false;
    await daemon.logged(/^Feed pump 7: critical over/);
    expect(reportsAt(broker)).toHaveLength(before);
    await broker.start();
    await reportAt(broker, ({ data }) => data.event === 'closed');
    expect(faultsOf(reportsAt(broker))).toEqual([]);
  });

  test('names the user and the broker that refuses the password, and goes on watching and trying', async () => {
    await using plant = await setUpPlant({ connackReason: 0x86 });
    const { broker, folder, machine, config, start } = plant;
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, 'open-sesame\n');
    const daemon = start({ ...config, mqtt: { ...config.mqtt, username: 'skid', passwordFile } });
    const { msg } = await daemon.logged(/refused/);
    expect(msg).toMatch(
      /^broker mqtt:\/\/127\.0\.0\.1:\d+ refused user "skid": 0x86 bad user name or password \(check mqtt\.username and mqtt\.passwordFile\); trying again in [3-6]\d\.\d s/,
    );
    expect(broker.connects[0]?.password?.toString()).toBe('open-sesame');
    await daemon.logged(/^watching pump/);
    machine.isFaulty = true;
    await daemon.logged(/^Feed pump 7: critical/);
    expect(JSON.stringify(daemon.log)).not.toContain('open-sesame');
  });

  test('tries a broker that is too busy again until it is not', async () => {
    await using plant = await setUpPlant({ connackReason: 0x89 });
    const { broker, start } = plant;
    start();
    await eventually(() => expect(broker.connects.length).toBeGreaterThanOrEqual(3));
    broker.faults.connackReason = 0;
    await healthAt(broker, ({ assets }) => assets['pump'] !== undefined);
  });

  test('does not start without its password, and names the key and the file', async () => {
    await using plant = await setUpPlant();
    const { config, start } = plant;
    const daemon = start({ ...config, mqtt: { ...config.mqtt, passwordFile: '/nowhere/password' } });
    expect(await daemon.exited).toBe(78);
    expect(daemon.stderr).toMatch(
      /^fieldnote: mqtt\.passwordFile \/nowhere\/password cannot be opened: ENOENT/,
    );
  });

  test('watches without any broker in its configuration', async () => {
    await using plant = await setUpPlant();
    const { config, machine, start } = plant;
    const { mqtt, ...withoutBroker } = config;
    const daemon = start(withoutBroker);
    await daemon.logged(/^watching pump/);
    machine.isFaulty = true;
    await daemon.logged(/^Feed pump 7: critical/);
    expect(await daemon.stop()).toBe(0);
    expect(daemon.log.at(-1)?.msg).toMatch(/ 1 reports accepted, 1 waiting/);
  });
});
