import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { configSchema, type MqttConfig } from '../src/config/schema.ts';
import { reportEventOf } from '../src/publish/envelope.ts';
import type { Publisher } from '../src/publish/publisher.ts';
import { createPublisher } from '../src/publishing.ts';
import type { Store } from '../src/store/store.ts';
import { StoreKeeper } from '../src/store-keeper.ts';
import { systemClock } from '../src/system/clock.ts';
import { Counters } from '../src/system/counters.ts';
import { createLog } from '../src/system/log.ts';
import { type Broker, startBroker } from '../test/support/broker.ts';
import { madeAcceptance, madeReport, PLACE, TOPIC } from './made-reports.ts';
import type { Bench, Part } from './part.ts';
import { alternate, latencies } from './repeat.ts';
import { latencyRows, type Row } from './row.ts';
import { median, rangesText } from './statistics.ts';

/** From a report to the broker, and how fast a backlog drains, against bare mqtt.js to the same broker. */
export const publishing: Part = { name: 'publishing', measure };

const CALLS_PER_BLOCK = 200;
const BACKLOG_LENGTH = 2000;
const DRAINS = 5;
/** Reports that are handed to the store at a time; it refuses more than 1024. */
const FILL_LENGTH = 500;

interface Rig {
  readonly broker: Broker;
  readonly client: MqttClient;
  readonly config: MqttConfig;
  readonly keeper: StoreKeeper;
  readonly createPublisher: () => Publisher;
}

async function measure(bench: Bench): Promise<Row[]> {
  const broker = await startBroker();
  const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
  let publisher: Publisher | undefined;
  const config = mqttConfig(broker.port);
  const clock = systemClock(() => 1);
  const parts = { clock, counters: new Counters(), log: createLog('silent') };
  const settings = { dataDir: join(bench.diskFolder, 'publishing'), sizeMaxMiB: 64, bootId: 'bench' };
  const keeper = await StoreKeeper.start({ ...parts, settings, onAccepted: () => publisher?.nudge() });
  const start = () => {
    publisher = createPublisher({ ...parts, ...PLACE, config, keeper, secrets: async () => ({}) });
    publisher.start();
    return publisher;
  };
  const rig: Rig = { broker, client, config, keeper, createPublisher: start };
  try {
    bench.say('reports to the broker, one by one');
    const single = await measureLatency(rig);
    bench.say(`backlogs of ${BACKLOG_LENGTH} reports, ${DRAINS} runs each`);
    return [...single, await measureDrain(rig)];
  } finally {
    await client.endAsync(true);
    await publisher?.stop();
    await keeper.close();
    await broker.stop();
  }
}

function mqttConfig(port: number): MqttConfig {
  const { mqtt } = configSchema.parse({
    ...PLACE,
    sources: {},
    assets: {},
    mqtt: { url: `mqtt://127.0.0.1:${port}` },
  });
  if (mqtt === undefined) throw new Error('the configuration lacks the broker');
  return mqtt;
}

async function measureLatency({ broker, client, keeper, createPublisher }: Rig): Promise<Row[]> {
  const acceptance = madeAcceptance();
  const message = bareMessage();
  const publisher = createPublisher();
  const accept = async () => {
    const arrival = arrivals(broker, 1);
    keeper.accept(acceptance);
    await arrival;
  };
  const publish = async () => {
    const arrival = arrivals(broker, 1);
    client.publish(TOPIC, message, { qos: 1 });
    await arrival;
  };
  await accept(); // The connection is up.
  const times = await latencies({ accept, publish }, CALLS_PER_BLOCK);
  await drained(keeper);
  await publisher.stop();
  const note = `bare: mqtt.js publishes the same ${message.length} characters, QoS 1`;
  return latencyRows({ name: 'report to PUBLISH', valuesMs: times.accept, baselineMs: times.publish, note });
}

async function measureDrain(rig: Rig): Promise<Row> {
  const { window } = rig.config;
  const rates = await alternate({ outbox: () => drainOutbox(rig), bare: () => drainBare(rig) }, DRAINS);
  return {
    name: `backlog of ${BACKLOG_LENGTH} drained`,
    value: median(rates.outbox),
    unit: 'msg/s',
    baseline: median(rates.bare),
    note: `bare: mqtt.js from memory, also ${window} at a time; ${rangesText(rates.outbox, rates.bare)}`,
  };
}

async function drainOutbox({ broker, keeper, createPublisher }: Rig): Promise<number> {
  const { store } = keeper;
  if (store === undefined) throw new Error('the store is gone');
  await fill(store);
  const rate = rateOfArrivals(broker);
  const publisher = createPublisher();
  const result = await rate;
  await drained(keeper);
  await publisher.stop();
  return result;
}

async function fill(store: Store): Promise<void> {
  const acceptance = madeAcceptance();
  for (let filled = 0; filled < BACKLOG_LENGTH; filled += FILL_LENGTH)
    await Promise.all(Array.from({ length: FILL_LENGTH }, () => store.accept(acceptance)));
}

async function drainBare({ broker, client, config }: Rig): Promise<number> {
  const message = bareMessage();
  const rate = rateOfArrivals(broker);
  let unsentCount = BACKLOG_LENGTH;
  const sendNext = () => {
    if (unsentCount-- > 0) client.publish(TOPIC, message, { qos: 1 }, sendNext);
  };
  for (let sent = 0; sent < config.window; sent++) sendNext();
  return rate;
}

/** The same text that Fieldnote would publish. */
function bareMessage(): string {
  return JSON.stringify(
    reportEventOf(madeReport(), {
      epoch: '0123456789abcdef',
      lane: 'update',
      sequence: 1,
      syncPointOf: () => undefined,
    }),
  );
}

/** Messages per second from the first report to the last one of a backlog. */
async function rateOfArrivals(broker: Broker): Promise<number> {
  const all = arrivals(broker, BACKLOG_LENGTH);
  await arrivals(broker, 1);
  const firstMs = performance.now();
  await all;
  return ((BACKLOG_LENGTH - 1) / (performance.now() - firstMs)) * 1000;
}

/** Resolves when so many more reports have come to the broker. */
function arrivals(broker: Broker, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let missing = count;
  const stop = broker.onMessage(({ topic }) => {
    if (topic !== TOPIC || --missing > 0) return;
    stop();
    resolve();
  });
  return promise;
}

/** Resolves when nothing waits in the outbox any more. */
async function drained(keeper: StoreKeeper): Promise<void> {
  while (((await keeper.store?.totals())?.pending ?? 0) > 0) await sleep(10);
}
