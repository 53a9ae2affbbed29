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

test('an acknowledgement never deletes from a store that was opened again meanwhile', async () => {
  // It may number its reports anew: the same number can be another report.
  const [before, after] = ['a', 'b'].map((epoch) => ({ epoch }) as Store);
  const outbox = new MemoryOutbox();
  outbox.accept({ id: 'first', payload: JSON.stringify(madeReport(1)) });
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
    mqtt: { url: `mqtt://127.0.0.1:${broker.port}` },
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
  publisher.start();
  await eventually(() => expect(outbox.reports).toEqual([]));
  expect(idsAt(broker)).toEqual(['first/1', 'first/1']);
  expect(deletedFrom).toEqual([after]);
  expect(counters.get('broker_losses')).toBe(1);
});
