import { expect, onTestFinished, test } from 'vitest';
import { configSchema, type MqttConfig } from '../../src/config/schema.ts';
import { createPublisher, type PublishingParts } from '../../src/publishing.ts';
import type { Store } from '../../src/store/store.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import { startBroker } from '../support/broker.ts';
import { madeReport } from '../support/made-report.ts';
import { eventually, idsAt, MemoryOutbox } from '../support/publisher-rig.ts';

/** A publisher over a store that is opened again, as another one, when the first report has arrived. */
async function setUp(mqtt: object = {}) {
  const [before, after] = ['a', 'b'].map((epoch) => ({ epoch }) as Store);
  const outbox = new MemoryOutbox();
  const deletedFrom: unknown[] = [];
  let store = before;
  const keeper: PublishingParts['keeper'] = {
    get store() {
      return store;
    },
    pendingAfter: async (reading) =>
      (await outbox.pendingAfter(reading)).map((report) => ({ ...report, asset: 'pump' })),
    async markDelivered(seqs) {
      deletedFrom.push(store);
      await outbox.markDelivered(seqs);
    },
    quarantine: (seq, reason) => outbox.quarantine(seq, reason),
    expire: (seqs) => outbox.expire(seqs),
    syncPoint: async () => undefined,
  };
  const broker = await startBroker();
  const counters = new Counters();
  const place = { site: 'plant', node: 'pump7' };
  const { mqtt: config } = configSchema.parse({
    ...{ ...place, sources: {}, assets: {} },
    mqtt: { url: `mqtt://127.0.0.1:${broker.port}`, ...mqtt },
  }) as { mqtt: MqttConfig };
  const publisher = createPublisher({
    ...{ ...place, config, keeper, counters, log: createLog('silent') },
    ...{ secrets: async () => ({}), clock: systemClock(() => 1) },
  });
  onTestFinished(async () => {
    await publisher.stop();
    await broker.stop();
  });
  broker.onMessage(({ topic }) => {
    if (topic.includes('/incident/')) store = after;
  });
  return { broker, counters, publisher, outbox, deletedFrom, after };
}

test('an acknowledgement never deletes from a store that was opened again meanwhile', async () => {
  // It may number its reports anew: the same number can be another report.
  const { broker, counters, publisher, outbox, deletedFrom, after } = await setUp();
  outbox.accept({ id: 'first', payload: JSON.stringify(madeReport(1)) });
  publisher.start();
  await eventually(() => expect(outbox.reports).toEqual([]));
  expect(idsAt(broker)).toEqual(['first/1', 'first/1']);
  expect(deletedFrom).toEqual([after]);
  expect(counters.get('broker_losses')).toBe(1);
});

test('reports that were read before a store was opened again keep its epoch', async () => {
  // With receipts no acknowledgement is written, which would find out that the store is another one.
  const { broker, publisher, outbox } = await setUp({ window: 1, receipts: true });
  for (const seed of [1, 2, 3]) outbox.accept({ id: `r${seed}`, payload: JSON.stringify(madeReport(seed)) });
  publisher.start();
  const sent = () =>
    broker.messages
      .filter(({ topic }) => topic.includes('/incident/'))
      .map(({ payload }) => JSON.parse(payload.toString()))
      .map(({ epoch, sequence }) => `${epoch}${Number(sequence)}`);
  await eventually(() => expect(sent()).toContain('b3'));
  expect(sent().slice(0, 2)).toEqual(['a1', 'a2']);
  expect(sent().filter((place) => place.startsWith('b'))).toEqual(['b1', 'b2', 'b3']);
});
