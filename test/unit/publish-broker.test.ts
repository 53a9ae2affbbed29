import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { type Broker, startBroker } from '../support/broker.ts';
import type { BrokerFaults } from '../support/broker-faults.ts';
import { eventually } from '../support/publisher-rig.ts';
import { topicMatches } from '../support/topic-filter.ts';

const brokers: Broker[] = [];
const clients: MqttClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  for (const broker of brokers.splice(0)) await broker.stop();
});

async function start(faults: Partial<BrokerFaults> = {}): Promise<Broker> {
  const broker = await startBroker(faults);
  brokers.push(broker);
  return broker;
}

function open(broker: Broker, clientId: string, options: mqtt.IClientOptions = {}) {
  const client = mqtt.connect({
    port: broker.port,
    clientId,
    protocolVersion: 5,
    reconnectPeriod: 0,
    ...options,
  });
  clients.push(client);
  const received: string[] = [];
  client.on('message', (topic, payload, { retain }) =>
    received.push(`${topic} ${payload}${retain ? ' retained' : ''}`),
  );
  client.on('error', () => {});
  return { client, received };
}

describe('the broker of the tests', () => {
  test('hands a publish to those who subscribed to it', async () => {
    const broker = await start();
    const { client, received } = open(broker, 'a');
    const other = open(broker, 'b');
    await client.subscribeAsync('x/+');
    await other.client.subscribeAsync('y/#');
    await client.publishAsync('x/1', 'one', { qos: 1 });
    await client.publishAsync('y/1/2', 'two');
    await eventually(() => expect([received, other.received]).toEqual([['x/1 one'], ['y/1/2 two']]));
  });

  test('keeps retained messages until an empty one comes', async () => {
    const broker = await start();
    const { client } = open(broker, 'a');
    await client.publishAsync('r/1', 'one', { retain: true, qos: 1 });
    await client.publishAsync('r/2', 'two', { retain: true, qos: 1 });
    await client.publishAsync('r/1', '', { retain: true, qos: 1 });
    const { client: late, received } = open(broker, 'b');
    await late.subscribeAsync('#');
    await eventually(() => expect(received).toEqual(['r/2 two retained']));
  });

  test('sends the last will of a client that is cut off, not of one that leaves', async () => {
    const broker = await start();
    const will = { topic: 'will', payload: Buffer.from('gone'), qos: 1 as const, retain: true };
    const leaving = open(broker, 'a', { will });
    await eventually(() => expect(leaving.client.connected).toBe(true));
    await leaving.client.endAsync();
    await eventually(() => expect(broker.connectionCount).toBe(0));
    expect(broker.messages).toEqual([]);
    const cut = open(broker, 'b', { will });
    await eventually(() => expect(cut.client.connected).toBe(true));
    cut.client.stream.destroy();
    await eventually(() => expect(broker.messages).toHaveLength(1));
    expect(broker.messages[0]).toMatchObject({ topic: 'will', clientId: 'b', retain: true });
  });

  test('disconnects the older of two clients with one id', async () => {
    const broker = await start();
    const codes: (number | undefined)[] = [];
    const older = open(broker, 'same');
    older.client.on('disconnect', ({ reasonCode }) => codes.push(reasonCode));
    await eventually(() => expect(older.client.connected).toBe(true));
    const newer = open(broker, 'same');
    await eventually(() => expect(codes).toEqual([0x8e]));
    expect(newer.client.connected).toBe(true);
  });

  test('refuses connections with the code it was told', async () => {
    const broker = await start({ connackReason: 0x87 });
    const { client } = open(broker, 'a');
    const error = await new Promise((resolve) => client.on('error', resolve));
    expect(error).toMatchObject({ code: 0x87 });
  });

  test('announces the limits it was told', async () => {
    const broker = await start({ connackProperties: { receiveMaximum: 3, maximumPacketSize: 99 } });
    const { client } = open(broker, 'a');
    await eventually(() => expect(client.connected).toBe(true));
    expect(client.serverProperties).toMatchObject({ receiveMaximum: 3, maximumPacketSize: 99 });
  });

  test('cuts off a client that has been silent for one and a half keep-alives', async () => {
    const broker = await start({ connackProperties: { serverKeepAlive: 1 } });
    const { client } = open(broker, 'a', { keepalive: 0 });
    await eventually(() => expect(client.connected).toBe(true));
    await eventually(() => expect(broker.connectionCount).toBe(0));
  });

  test('starts again on the same port', async () => {
    const broker = await start();
    const { port } = broker;
    await broker.stop();
    await broker.start();
    expect(broker.port).toBe(port);
    const { client } = open(broker, 'a');
    await eventually(() => expect(client.connected).toBe(true));
  });

  test('tells its listeners until they leave', async () => {
    const broker = await start();
    const topics: string[] = [];
    const leave = broker.onMessage(({ topic }) => topics.push(topic));
    const { client } = open(broker, 'a');
    await client.publishAsync('one', '1', { qos: 1 });
    leave();
    await client.publishAsync('two', '2', { qos: 1 });
    expect(topics).toEqual(['one']);
    expect(broker.messages.map(({ topic }) => topic)).toEqual(['one', 'two']);
  });
});

test.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a', false],
  ['a/+/c', 'a/b/c', true],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['#', 'a/b', true],
  ['#', '$SYS/x', false],
  ['+/x', '$SYS/x', false],
  ['$SYS/#', '$SYS/x', true],
  ['a/b', 'a/c', false],
])('filter %s and topic %s: %s', (filter, topic, isMatch) => {
  expect(topicMatches(filter, topic)).toBe(isMatch);
});
