import { join } from 'node:path';
import mqtt, { type IConnackPacket, type MqttClient } from 'mqtt';
import { expect } from 'vitest';
import type { ReportEvent } from '../../src/publish/envelope.ts';
import { Daemon, eventually, newFolder, writeConfig } from './daemon.ts';
import { readDiscovery } from './home-assistant-rules.ts';
import { Machine, machineConfig } from './machine.ts';
import { createRig, MemoryOutbox } from './publisher-rig.ts';
import type { RealBroker } from './real-broker.ts';
import { readPayload } from './sparkplug-reader.ts';

/** What the daemon and a broker do together, as the table of docs/brokers.md says it. */
export type Findings = Readonly<Record<string, string>>;

const ROOT = 'fieldnote/plant/pump7';
const KIB = 1024;
/** Twice what the store takes as a report, for the envelope. */
const LARGE_BYTES = 256 * KIB;
const TOO_LARGE_BYTES = 2 * KIB * KIB;
/** A daemon whose broker was away for long waits up to a minute before it tries again. */
const WAIT_MS = 100_000;

const patiently = <T>(check: () => T) => eventually(check, WAIT_MS);

/** Runs the daemon with this broker through everything that the table tells. It fails where nothing can be told. */
export async function findingsAt(broker: RealBroker): Promise<Findings> {
  const announced = await announcedBy(broker.port);
  const daemon = await daemonFindings(broker, announced.version);
  return {
    'MQTT version': announced.version === 5 ? '5' : '3.1.1',
    'refuses MQTT 5 by': announced.refusal,
    'limits it announces': announced.limits,
    ...daemon,
    'payload of 256 KiB': await deliveryOf(broker.port, LARGE_BYTES),
    'payload of 2 MiB, with others behind it': await deliveryOf(broker.port, TOO_LARGE_BYTES),
    'expiry, reason codes, packed reports, id as property':
      announced.version === 5 ? 'yes' : 'no: MQTT 5 only',
  };
}

interface Announced {
  readonly version: 4 | 5;
  readonly refusal: string;
  readonly limits: string;
}

async function announcedBy(port: number): Promise<Announced> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5, reconnectPeriod: 0 });
  const outcome = await new Promise<IConnackPacket | string>((resolve) => {
    client.on('connect', resolve);
    client.on('error', ({ message }) => resolve(/protocol version/.test(message) ? 'CONNACK' : message));
    client.on('close', () => resolve('hanging up'));
  });
  await client.endAsync(true);
  if (typeof outcome === 'string') return { version: 4, refusal: outcome, limits: 'none' };
  const { receiveMaximum, maximumPacketSize, topicAliasMaximum } = outcome.properties ?? {};
  const limits = [
    receiveMaximum && `receive maximum ${receiveMaximum}`,
    maximumPacketSize && `packet ${maximumPacketSize} B`,
    topicAliasMaximum && `topic aliases ${topicAliasMaximum}`,
  ];
  return { version: 5, refusal: '-', limits: limits.filter(Boolean).join(', ') || 'none' };
}

/** Everything for which the daemon itself is run. */
async function daemonFindings(broker: RealBroker, version: 4 | 5): Promise<Findings> {
  await using folder = await newFolder();
  using machine = new Machine(join(folder.path, 'machine.sock'));
  const base = machineConfig({
    dataDir: join(folder.path, 'data'),
    socketPath: machine.path,
    brokerPort: broker.port,
  });
  const mirrors = { homeAssistant: true, sparkplug: { interval: '1s' } };
  const config = { ...base, mqtt: { ...base.mqtt, ackTimeout: '5s', ...mirrors } };
  await using subscriber = await subscribe(broker.port, version);
  await using host = await hostAt(broker.port, version);
  await using daemon = new Daemon(writeConfig(folder.path, config));
  await logged(daemon, /^watching pump/);
  await logged(daemon, version === 5 ? /^connected to \S+$/ : /^connected to .* with MQTT 3\.1\.1, as it/);
  machine.isFaulty = true;
  await subscriber.reported('opened');
  const homeAssistant = await shownToHomeAssistant(broker.port, version);
  const sparkplug = await host.found(daemon);
  const status = await retainedAt(broker.port, version, `${ROOT}/status`);

  // Restarted in the middle of it: what happens meanwhile must come, and in order.
  await broker.stop();
  machine.isFaulty = false;
  await logged(daemon, /^Feed pump 7: critical over/);
  await broker.start();
  await subscriber.reported('closed');
  const restart = subscriber.hasHoles() ? 'reports are missing' : 'nothing lost, in order';
  await patiently(() => expect(subscriber.stateOf()).toBe('online'));
  await daemon.kill();
  await patiently(() => expect(subscriber.stateOf()).toBe('offline'));
  return {
    'reports with QoS 1 and acknowledgement': 'yes',
    'status retained': status === '' ? 'no' : 'yes',
    'last will after kill -9': 'yes',
    'broker restarted meanwhile': restart,
    'Home Assistant discovery': homeAssistant,
    'Sparkplug births': sparkplug,
  };
}

async function subscribe(port: number, protocolVersion: 4 | 5) {
  const reports: ReportEvent[] = [];
  let state = '';
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
    ...{ protocolVersion, clientId: 'team-server', clean: false, reconnectPeriod: 100 },
    ...(protocolVersion === 5 && { properties: { sessionExpiryInterval: 3600 } }),
  });
  client.on('error', () => undefined);
  client.on('message', (topic: string, payload: Buffer) => {
    if (topic.endsWith('/status')) state = JSON.parse(payload.toString()).state;
    else if (topic.includes('/incident/')) reports.push(JSON.parse(payload.toString()));
  });
  await client.subscribeAsync(`${ROOT}/#`, { qos: 1 });
  return {
    reported: (event: string) =>
      patiently(() => expect(reports.map(({ data }) => data.event)).toContain(event)),
    stateOf: () => state,
    /** By the first copy of each, within each lane. */
    hasHoles() {
      const sequences = new Map<string, number[]>();
      for (const { lane, sequence } of reports) {
        const seen = sequences.get(lane) ?? [];
        if (!seen.includes(Number(sequence))) sequences.set(lane, [...seen, Number(sequence)]);
      }
      return [...sequences.values()].some((seen) => seen.some((sequence, index) => sequence !== index + 1));
    },
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}

/** Hears everything, and with it the births of the edge node, wherever the broker puts them. */
async function hostAt(port: number, protocolVersion: 4 | 5) {
  const births = new Set<string>();
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion });
  client.on('error', () => undefined);
  client.on('message', (topic: string, payload: Buffer) => {
    if (/\/[ND]BIRTH\//.test(topic) && readPayload(payload).metrics.length > 0) births.add(topic);
  });
  await client.subscribeAsync('#');
  return {
    /** What has come of the births, or why they cannot come. */
    found: (daemon: Daemon): Promise<string> =>
      patiently(() => {
        const [birth] = births;
        if (births.has('spBv1.0/plant/DBIRTH/pump7/pump')) return 'yes';
        if (birth !== undefined) return `no: hosts get \`${birth.replace(/\/plant\/.*/, '')}/…\``;
        const failure = daemon.log.find(({ msg }) => msg.startsWith('Sparkplug: '))?.msg;
        if (failure === undefined) throw new Error('no birth has come');
        return `no: ${failure.replace(/^.*1:\d+ | \(.*|[:;].*/g, '')}`;
      }),
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}

async function shownToHomeAssistant(port: number, version: 4 | 5): Promise<string> {
  const id = 'fieldnote_SITE_plant_NODE_pump7';
  for (const device of [id, `${id}_ASSET_pump`]) {
    const topic = `homeassistant/device/${device}/config`;
    readDiscovery(topic, await retainedAt(port, version, topic));
  }
  const state = JSON.parse(await retainedAt(port, version, `${ROOT}/asset/pump`));
  expect(state).toMatchObject({ isIncidentOpen: true, severity: 'critical' });
  return 'yes';
}

/** What a subscriber that comes now gets; empty when there is nothing. */
async function retainedAt(port: number, protocolVersion: 4 | 5, topic: string): Promise<string> {
  return patiently(async () => {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion });
    try {
      return await firstRetained(client, topic);
    } finally {
      await client.endAsync(true);
    }
  });
}

async function firstRetained(client: MqttClient, topic: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error(`nothing is retained on ${topic}`)), 2000);
  client.on('message', (_topic, payload, { retain }) => retain && resolve(payload.toString()));
  await client.subscribeAsync(topic, { qos: 1 });
  return promise.finally(() => clearTimeout(timer));
}

/** What becomes of a report of this size with others behind it. */
async function deliveryOf(port: number, sizeBytes: number): Promise<string> {
  const outbox = new MemoryOutbox();
  const { publisher, told } = createRig({ port, outbox });
  outbox.accept({ payload: JSON.stringify({ text: 'x'.repeat(sizeBytes) }) });
  for (let count = 0; count < 3; count += 1) outbox.accept();
  publisher.start();
  try {
    await patiently(() => expect(told.delivered).toBeGreaterThanOrEqual(3));
    await patiently(() => expect(outbox.reports.length).toBeLessThanOrEqual(1));
    if (outbox.quarantined.size > 0) return 'put aside, the others delivered';
    return outbox.reports.length > 0 ? 'tried again and again, the others delivered' : 'delivered';
  } finally {
    await publisher.stop();
  }
}

function logged({ log }: Daemon, pattern: RegExp): Promise<void> {
  return patiently(() => expect(log.map(({ msg }) => msg)).toContainEqual(expect.stringMatching(pattern)));
}
