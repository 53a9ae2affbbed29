import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { describe, expect, onTestFinished, test } from 'vitest';
import { birthSequence } from '../../src/publish/sparkplug/birth-sequence.ts';
import { Sparkplug } from '../../src/publish/sparkplug/mirror.ts';
import { encodePayload } from '../../src/publish/sparkplug/payload.ts';
import { type Broker, startBroker } from '../support/broker.ts';
import { mirrorLinkTo, testFolder } from '../support/mirror-rig.ts';
import { mirroredState } from '../support/mirrored-state.ts';
import { eventually, movableClock } from '../support/publisher-rig.ts';
import { readPayload } from '../support/sparkplug-reader.ts';

const COMMANDS = 'spBv1.0/plant/NCMD/pump7';
const STATE = 'spBv1.0/STATE/scada';
const REBIRTH = encodePayload({ metrics: [{ name: 'Node Control/Rebirth', type: 'Boolean', value: true }] });

async function startEdge(options: { broker?: Broker; host?: string; folder?: string } = {}) {
  const { broker = await startBroker(), host, folder = testFolder() } = options;
  const problems: string[] = [];
  const clock = movableClock();
  const sparkplug = new Sparkplug({
    ...{ group: 'plant', node: 'pump7', host, link: { ...mirrorLinkTo(broker.port, 'sparkplug'), clock } },
    onLost: () => {},
    nextBdSeq: birthSequence(folder, (message) => problems.push(message)),
  });
  onTestFinished(async () => {
    await sparkplug.stop();
    await broker.stop();
  });
  sparkplug.start();
  return { broker, sparkplug, clock, folder, problems };
}

/** A host that publishes to the broker. */
async function hostAt(broker: Broker) {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 5 });
  onTestFinished(() => client.endAsync(true));
  return client;
}

const typesAt = (broker: Broker) =>
  broker.messages
    .map(({ topic }) => topic.split('/')[2] ?? '')
    .filter((type) => /^[ND](BIRTH|DEATH|DATA)$/.test(type));

const payloadsAt = (broker: Broker, type: string) =>
  broker.messages
    .filter(({ topic }) => topic.split('/')[2] === type)
    .map(({ payload }) => readPayload(payload));

const bdSeqsAt = (broker: Broker, type: string) =>
  payloadsAt(broker, type).map(({ metrics }) => metrics.find(({ name }) => name === 'bdSeq')?.value);

describe('a session of the edge node', () => {
  test('begins with a clean start, a will, a subscription and the births [tck-id-principles-birth-certificates-order, tck-id-message-flow-edge-node-ncmd-subscribe]', async () => {
    const { broker, sparkplug } = await startEdge();
    sparkplug.update(mirroredState());
    await eventually(() => expect(typesAt(broker)).toEqual(['NBIRTH', 'DBIRTH']));
    const [connect] = broker.connects;
    expect(connect?.clean).toBe(true);
    expect(connect?.will).toMatchObject({ topic: 'spBv1.0/plant/NDEATH/pump7', qos: 1, retain: false });
    const [will] = readPayload(Buffer.from(connect?.will?.payload ?? '')).metrics;
    expect(bdSeqsAt(broker, 'NBIRTH')).toEqual([will?.value]);
  });

  test('that breaks ends with the death that belongs to it [tck-id-topics-nbirth-bdseq-increment]', async () => {
    const { broker, sparkplug } = await startEdge();
    sparkplug.update(mirroredState());
    await eventually(() => expect(typesAt(broker)).toHaveLength(2));
    broker.dropConnections();
    await eventually(() =>
      expect(typesAt(broker)).toEqual(['NBIRTH', 'DBIRTH', 'NDEATH', 'NBIRTH', 'DBIRTH']),
    );
    expect(bdSeqsAt(broker, 'NDEATH')).toEqual([0]);
    expect(bdSeqsAt(broker, 'NBIRTH')).toEqual([0, 1]);
  });

  test('that is left ends with one death, published [tck-id-operational-behavior-edge-node-intentional-disconnect-ndeath]', async () => {
    const { broker, sparkplug } = await startEdge();
    sparkplug.update(mirroredState());
    await eventually(() => expect(typesAt(broker)).toHaveLength(2));
    await sparkplug.stop();
    await eventually(() => expect(broker.connectionCount).toBe(0));
    expect(typesAt(broker)).toEqual(['NBIRTH', 'DBIRTH', 'NDEATH']);
  });

  test('counts on after a restart of the daemon, and from 255 to 0 [tck-id-message-flow-edge-node-birth-publish-will-message-payload-bdSeq]', async () => {
    const folder = testFolder();
    writeFileSync(join(folder, 'sparkplug.json'), '{"bdSeq":254}');
    const first = await startEdge({ folder });
    first.sparkplug.update(mirroredState());
    await eventually(() => expect(bdSeqsAt(first.broker, 'NBIRTH')).toEqual([255]));
    await first.sparkplug.stop();
    const { broker, sparkplug } = await startEdge({ folder, broker: first.broker });
    sparkplug.update(mirroredState());
    await eventually(() => expect(bdSeqsAt(broker, 'NBIRTH')).toEqual([255, 0]));
  });

  test.each(['', '{"bdSeq":256}', '{"bdSeq":"7"}', 'null'])(
    'begins at 0 when the count is broken: %s',
    async (content) => {
      const folder = testFolder();
      writeFileSync(join(folder, 'sparkplug.json'), content);
      const { broker, sparkplug, problems } = await startEdge({ folder });
      sparkplug.update(mirroredState());
      await eventually(() => expect(bdSeqsAt(broker, 'NBIRTH')).toEqual([0]));
      expect(problems[0]).toContain('bdSeq begins again at 0');
    },
  );

  test('works with a broker of MQTT 3.1.1 [tck-id-principles-persistence-clean-session-311]', async () => {
    const broker = await startBroker({ versionRefusal: 'hangs-up' });
    const { sparkplug } = await startEdge({ broker });
    sparkplug.update(mirroredState());
    await eventually(() => expect(typesAt(broker)).toEqual(['NBIRTH', 'DBIRTH']));
    const connects = broker.connects.map(({ protocolVersion, clean }) => ({ protocolVersion, clean }));
    expect(connects).toEqual([
      { protocolVersion: 5, clean: true },
      { protocolVersion: 4, clean: true },
    ]);
    // One more with every CONNECT, also with the one that was refused.
    expect(bdSeqsAt(broker, 'NBIRTH')).toEqual([1]);
  });
});

describe('a rebirth', () => {
  test('sends all births with the same bdSeq [tck-id-operational-behavior-data-commands-rebirth-action-2, -action-3]', async () => {
    const { broker, sparkplug, clock } = await startEdge();
    sparkplug.update(mirroredState());
    await eventually(() => expect(typesAt(broker)).toHaveLength(2));
    clock.advance(2000);
    await (await hostAt(broker)).publishAsync(COMMANDS, REBIRTH);
    await eventually(() => expect(typesAt(broker)).toEqual(['NBIRTH', 'DBIRTH', 'NBIRTH', 'DBIRTH']));
    expect(bdSeqsAt(broker, 'NBIRTH')).toEqual([0, 0]);
    expect(payloadsAt(broker, 'NBIRTH').map(({ seq }) => seq)).toEqual([0, 0]);
  });

  test('that a thousand hosts ask for comes once', async () => {
    const { broker, sparkplug } = await startEdge();
    sparkplug.update(mirroredState());
    await eventually(() => expect(typesAt(broker)).toHaveLength(2));
    const host = await hostAt(broker);
    for (let count = 0; count < 1000; count += 1) host.publish(COMMANDS, REBIRTH);
    await eventually(() => expect(typesAt(broker).length).toBeGreaterThanOrEqual(4));
    // So many seconds as births, and a thousand commands take far less.
    expect(payloadsAt(broker, 'NBIRTH').length).toBeLessThan(10);
  });

  test('is not asked for by bytes without meaning', async () => {
    const { broker, sparkplug, clock } = await startEdge();
    sparkplug.update(mirroredState());
    await eventually(() => expect(typesAt(broker)).toHaveLength(2));
    clock.advance(2000);
    const host = await hostAt(broker);
    for (const hex of ['', 'ff', '12ffffffffffffffff7f', '1202'])
      await host.publishAsync(COMMANDS, Buffer.from(hex, 'hex'));
    await host.publishAsync(COMMANDS, REBIRTH);
    await eventually(() => expect(typesAt(broker).filter((type) => type === 'NBIRTH')).toHaveLength(2));
    expect(broker.messages.filter(({ topic }) => topic === COMMANDS)).toHaveLength(5);
  });
});

describe('with a primary host', () => {
  test('the births wait until it is online [tck-id-operational-behavior-edge-node-birth-sequence-wait]', async () => {
    const { broker, sparkplug } = await startEdge({ host: 'scada' });
    sparkplug.update(mirroredState());
    const host = await hostAt(broker);
    await eventually(() => expect(broker.connectionCount).toBe(2));
    await host.publishAsync(STATE, JSON.stringify({ online: false, timestamp: 1 }), { retain: true });
    sparkplug.update(mirroredState());
    expect(typesAt(broker)).toEqual([]);
    await host.publishAsync(STATE, JSON.stringify({ online: true, timestamp: 2 }), { retain: true });
    await eventually(() => expect(typesAt(broker)).toEqual(['NBIRTH', 'DBIRTH']));
  });

  test('the node dies with it and waits for it [tck-id-operational-behavior-edge-node-termination-host-offline, -reconnect]', async () => {
    const { broker, sparkplug } = await startEdge({ host: 'scada' });
    const host = await hostAt(broker);
    await host.publishAsync(STATE, JSON.stringify({ online: true, timestamp: 2 }), { retain: true });
    sparkplug.update(mirroredState());
    await eventually(() => expect(typesAt(broker)).toHaveLength(2));
    await host.publishAsync(STATE, JSON.stringify({ online: false, timestamp: 3 }), { retain: true });
    await eventually(() => expect(typesAt(broker)).toEqual(['NBIRTH', 'DBIRTH', 'NDEATH']));
    await eventually(() =>
      expect(broker.connects.filter(({ clientId }) => clientId.endsWith('sparkplug'))).toHaveLength(2),
    );
    await host.publishAsync(STATE, JSON.stringify({ online: true, timestamp: 4 }), { retain: true });
    await eventually(() => expect(typesAt(broker).slice(3)).toEqual(['NBIRTH', 'DBIRTH']));
  });
});
