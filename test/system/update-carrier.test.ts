import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { describe, expect, onTestFinished, test } from 'vitest';
import { configSchema, type MqttConfig } from '../../src/config/schema.ts';
import { MirrorLink } from '../../src/publish/mirror-link.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import { UpdateSender } from '../../src/update-carrier/sender.ts';
import { startUpdates } from '../../src/updates.ts';
import { Daemon, eventually, newFolder, writeConfig } from '../support/daemon.ts';
import { makerKeys, strangerKeys } from '../support/made-update.ts';
import { mirrorLinkTo } from '../support/mirror-rig.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { needsCommand } from '../support/needs.ts';
import { createRig, MemoryOutbox } from '../support/publisher-rig.ts';
import { canMount, runOnSmallDisk } from '../support/small-disk.ts';
import { bundleOf, offerOf, outgoing, partsOf } from '../support/update-line.ts';

const NODE = { site: 'plant', node: 'pump7' } as const;
const TOPIC = 'fieldnote/plant/pump7';
const MIB = 1024 * 1024;

/** A node without sources that takes updates, and its folders. */
async function setUpNode(updates: object | undefined = {}) {
  const parts = new AsyncDisposableStack();
  onTestFinished(() => parts.disposeAsync());
  const { path: folder } = parts.use(await newFolder());
  const broker = parts.use(await startMosquitto());
  const keys = join(folder, 'keys');
  mkdirSync(keys);
  writeFileSync(join(keys, 'maker.pub'), makerKeys.publicKey.export({ type: 'spki', format: 'pem' }));
  const dataDir = join(folder, 'data');
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const config = {
    ...{ ...NODE, dataDir, sources: {}, assets: {} },
    mqtt: { url, healthInterval: '1s', ...(updates && { updates: { keys, ...updates } }) },
  };
  const start = () => parts.use(new Daemon(writeConfig(folder, config)));
  return { parts, folder, dataDir, incoming: join(dataDir, 'incoming'), broker, config, start };
}

/** Sends a bundle; what is done at which share comes from the node, so nothing depends on how fast it is. */
async function send(bytes: Buffer, { port }: Mosquitto, at: (share: number) => void = () => undefined) {
  using bundle = outgoing(bytes);
  const waited: string[] = [];
  const sender = new UpdateSender({
    ...{ bundle, ...NODE, patienceMs: 60_000, clock: systemClock(() => 0) },
    link: mirrorLinkTo(port, `sender-${randomBytes(4).toString('hex')}`),
    onProgress: at,
    onWaiting: (reason) => waited.push(reason),
    onHealth: () => undefined,
  });
  try {
    await sender.send();
    return waited;
  } finally {
    await sender.stop();
  }
}

/** The part of the node that takes updates, in this process. */
function startTaking(config: unknown) {
  const parsed = configSchema.parse(config);
  const counters = new Counters();
  const updates = startUpdates({
    ...{ config: parsed, mqtt: parsed.mqtt as MqttConfig, secrets: async () => ({}), isQuiet: () => false },
    releases: { state: async () => ({ highestSequence: 0 }) },
    ...{ clock: systemClock(() => 1), counters, log: createLog('silent') },
  });
  return { updates, counters };
}

async function clientOf({ port }: Mosquitto) {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
  return { client, [Symbol.asyncDispose]: () => client.endAsync(true) };
}

/** Calls each step once, when its share is reached. */
function atShares(steps: Readonly<Record<number, () => void>>): (share: number) => void {
  const left = new Map(Object.entries(steps).map(([share, step]) => [Number(share), step]));
  return (share) => {
    for (const [due, step] of left)
      if (share >= due) {
        left.delete(due);
        step();
      }
  };
}

describe.runIf(needsCommand('mosquitto'))('an update over mosquitto', { timeout: 120_000 }, () => {
  test('arrives byte for byte though broker and node are killed on the way', async () => {
    const { incoming, broker, start } = await setUpNode();
    const bytes = bundleOf(6 * MIB);
    let daemon = start();
    await daemon.logged(/^connected to/);
    const cuts: Promise<unknown>[] = [];
    const begin = performance.now();
    const cutBroker = () => cuts.push(broker.kill().then(() => broker.start()));
    const killNode = () =>
      cuts.push(
        daemon.kill().then(() => {
          daemon = start();
        }),
      );
    await send(bytes, broker, atShares({ 0.2: cutBroker, 0.6: killNode }));
    const tookS = (performance.now() - begin) / 1000;
    await Promise.all(cuts);
    expect(cuts).toHaveLength(2);
    expect(readFileSync(join(incoming, '5.update')).equals(bytes)).toBe(true);
    expect(readdirSync(incoming)).toEqual(['5.update']);
    const { msg } = await daemon.logged(/^receiving update 5/);
    const resumedAt = Number(/from part (\d+) on/.exec(msg)?.[1]);
    // It went on, and did not begin anew.
    expect(resumedAt).toBeGreaterThan(0.5 * (bytes.length / (60 * 1024)));
    console.log(`6 MiB over kills of the broker and of the node: ${tookS.toFixed(1)} s`);
  });

  test('takes as long as the disk does, and a word of the sender at its end', async () => {
    const { folder, config, broker, start } = await setUpNode();
    await start().logged(/^connected to/);
    const path = join(folder, 'a.update');
    writeFileSync(path, bundleOf(12 * MIB, { facts: { healthWindowS: 10 } }));
    const program = join(import.meta.dirname, '../../bin/fieldnote.js');
    const begin = performance.now();
    const args = ['update', 'send', path, '--broker', config.mqtt.url, '--site', 'plant', '--node', 'pump7'];
    const child = spawn(process.execPath, [program, ...args, '--patience', '30s'], { stdio: 'pipe' });
    onTestFinished(() => void child.kill());
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    await eventually(() => expect(said).toContain('the node has it'));
    console.log(`12 MiB with nothing in the way: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    expect(said).toMatch(
      /^sending update 5 to plant\/pump7, 0 %\n(.*\n)*.*, 90 %\n.*, 100 %\nthe node has it/m,
    );
    // Nobody applies updates here: the test is who tells.
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`);
    onTestFinished(() => client.endAsync());
    const last = {
      at: '2026-11-24T10:00:00Z',
      result: 'rolled back',
      sequence: 5,
      name: 'better',
      reason: 'it fell',
    };
    const document = JSON.stringify({ release: { sequence: null, last } });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    const tell = setInterval(() => client.publish(`${TOPIC}/health`, document), 100);
    await new Promise((resolve) => child.once('exit', resolve)).finally(() => clearInterval(tell));
    expect([stdout, child.exitCode]).toEqual(['update 5 (better) rolled back: it fell\n', 1]);
  });

  test('is refused by its reason before its payload is sent, and nothing is left', async () => {
    const { incoming, broker, start } = await setUpNode({ sizeMaxMiB: 8 });
    const daemon = start();
    await daemon.logged(/^connected to/);
    await expect(send(bundleOf(8 * MIB), broker)).rejects.toThrow('at most 8388608 are taken');
    const shares: number[] = [];
    const forged = bundleOf(4 * MIB, { privateKey: strangerKeys.privateKey });
    await expect(send(forged, broker, (share) => shares.push(share))).rejects.toThrow(
      'the node refuses it: none of the 1 keys that this device trusts has signed it',
    );
    expect(Math.max(...shares)).toBeLessThan(0.2);
    expect(() => readdirSync(incoming)).toThrow(/ENOENT/);
    expect(daemon.messagesFrom(40).filter((line) => line.startsWith('refused an update'))).toHaveLength(2);
  });

  test('is acknowledged part by part when the part is on the disk, not before', async () => {
    const { path: folder, ...rest } = await newFolder();
    onTestFinished(() => rest[Symbol.asyncDispose]());
    const log = join(folder, 'broker.log');
    await using broker = await startMosquitto([`log_dest file ${log}`, 'log_type all']);
    const [came, stored] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const connected = Promise.withResolvers<void>();
    const link = new MirrorLink({
      ...{ ...mirrorLinkTo(broker.port, 'slow'), subscriptions: ['part'] },
      on: {
        connected: connected.resolve,
        lost: () => undefined,
        message() {
          came.resolve();
          return stored.promise;
        },
      },
    });
    link.start();
    await connected.promise;
    await using other = await clientOf(broker);
    await other.client.publishAsync('part', 'one', { qos: 1 });
    await came.promise;
    // What the link had sent by now is in the log behind this.
    await other.client.publishAsync('something', 'else', { qos: 1 });
    const acknowledged = 'Received PUBACK from fieldnote.plant.pump7.slow';
    expect(readFileSync(log, 'utf8')).not.toContain(acknowledged);
    stored.resolve();
    await eventually(() => expect(readFileSync(log, 'utf8')).toContain(acknowledged));
    await link.stop();
  });

  test('is not even subscribed to where nobody has asked for updates', async () => {
    const { parts, folder, dataDir } = await setUpNode(undefined);
    const log = join(folder, 'broker.log');
    const broker = parts.use(
      await startMosquitto([`log_dest file ${log}`, 'log_type subscribe', 'log_type notice']),
    );
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const config = { ...NODE, dataDir, sources: {}, assets: {}, mqtt: { url } };
    const start = (name: string, mqttSettings: object) => {
      const place = join(folder, name);
      mkdirSync(place);
      const changed = { ...config, node: name, dataDir: join(place, 'data'), mqtt: { url, ...mqttSettings } };
      return parts.use(new Daemon(writeConfig(place, changed)));
    };
    await start('plain', {}).logged(/^connected to/);
    await start('updated', { updates: {} }).logged(/^connected to/);
    await eventually(() =>
      expect(readFileSync(log, 'utf8')).toContain('fieldnote/plant/updated/update/offer'),
    );
    expect(readFileSync(log, 'utf8')).not.toContain('fieldnote/plant/plain/update');
  });
});

describe.runIf(canMount)('a small disk', () => {
  test('is left as it was when an update does not fit on it', async () => {
    const { path, ...folder } = await newFolder();
    onTestFinished(() => folder[Symbol.asyncDispose]());
    const disk = join(path, 'disk');
    mkdirSync(disk);
    const program = join(import.meta.dirname, 'small-disk-updates.ts');
    const { stdout, stderr } = runOnSmallDisk(disk, 'size=16m', program, disk, join(path, 'own'));
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      full: {
        last: 'refused',
        reasons: [expect.stringMatching(/^ENOSPC/)],
        files: [],
        free: expect.closeTo(1, 2),
      },
      outcome: expect.stringMatching(
        /^the node refuses it: \d+\.\d MiB more have to be free for it on the disk$/,
      ),
      files: [],
    });
  });
});

describe.runIf(needsCommand('mosquitto'))('critical reports beside an update', { timeout: 120_000 }, () => {
  const REPORTS = 100;
  const INTERVAL_MS = 5;

  /** Milliseconds from accepting a critical report to its arrival at a subscriber, one report after the other. */
  async function latenciesMs(broker: Mosquitto, isEnough: (count: number) => boolean): Promise<number[]> {
    const outbox = new MemoryOutbox();
    const { publisher } = createRig({ port: broker.port, outbox });
    publisher.start();
    const subscriber = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`);
    onTestFinished(() => subscriber.endAsync());
    await subscriber.subscribeAsync(`${TOPIC}/incident/+`, { qos: 1 });
    const taken: number[] = [];
    while (!isEnough(taken.length)) {
      const arrived = new Promise((resolve) => subscriber.once('message', resolve));
      const acceptedMs = performance.now();
      outbox.accept({ lane: 'critical' });
      publisher.nudge('critical');
      await arrived;
      taken.push(performance.now() - acceptedMs);
      await sleep(INTERVAL_MS);
    }
    await publisher.stop();
    return taken.slice(1);
  }

  test('come one after the other while parts come', async () => {
    const { config, broker, dataDir, folder } = await setUpNode();
    mkdirSync(dataDir);
    const alone = await latenciesMs(broker, (count) => count === REPORTS);
    const { updates, counters } = startTaking(config);
    const path = join(folder, 'a.update');
    writeFileSync(path, bundleOf(12 * MIB));
    const program = join(import.meta.dirname, '../../bin/fieldnote.js');
    const args = ['update', 'send', path, '--broker', config.mqtt.url, '--site', 'plant', '--node', 'pump7'];
    const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
    onTestFinished(async () => {
      child.kill();
      await updates?.stop();
    });
    await eventually(() => expect(counters.get('update_parts')).toBeGreaterThan(0));
    const partsBefore = counters.get('update_parts');
    const isWhole = () => readdirSync(join(dataDir, 'incoming')).includes('5.update');
    const beside = await latenciesMs(broker, (count) => count > 1 && isWhole());
    const parts = counters.get('update_parts') - partsBefore;
    console.log(
      `critical reports to a subscriber: ${quantiles(alone)}; while ${parts} parts of 60 KiB came: ${quantiles(beside)}`,
    );
    // Parts did come meanwhile, and not all of them before the first report.
    expect(parts).toBeGreaterThan(8);
    expect(beside.length).toBeGreaterThan(8);
  });

  test('come one after the other while a stranger sends all that he can', async () => {
    const { config, broker, dataDir } = await setUpNode();
    mkdirSync(dataDir);
    const { updates, counters } = startTaking(config);
    onTestFinished(() => updates?.stop());
    const stranger = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`);
    onTestFinished(() => stranger.endAsync(true));
    const forged = outgoing(bundleOf(4 * MIB, { privateKey: strangerKeys.privateKey }));
    const [offer, parts] = [offerOf(forged), partsOf(forged)];
    let isOver = false;
    const flood = async () => {
      for (let at = 0; !isOver; at++) {
        await stranger.publishAsync(`${TOPIC}/update/offer`, offer, { qos: 1 });
        await stranger.publishAsync(`${TOPIC}/update/part`, parts[at % parts.length] ?? '', { qos: 1 });
      }
    };
    const flooding = flood();
    const beside = await latenciesMs(
      broker,
      (count) => count >= REPORTS && counters.get('update_parts_ignored') > REPORTS,
    );
    isOver = true;
    await flooding;
    const ignored = counters.get('update_parts_ignored');
    console.log(`while ${ignored} parts of a stranger came: ${quantiles(beside)}`);
    expect([counters.get('update_parts'), counters.get('updates_refused')]).toEqual([0, 1]);
    expect(() => readdirSync(join(dataDir, 'incoming'))).toThrow(/ENOENT/);
  });
});

function quantiles(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms of ${values.length}`;
}
