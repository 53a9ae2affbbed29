import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPublisher, type PublishingParts } from '../../src/publishing.ts';
import { StoreKeeper } from '../../src/store-keeper.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import { LANES } from '../../src/values/lane.ts';
import { madeReport } from '../support/made-report.ts';
import type { NodeSettings } from '../support/node-process.ts';

/**
 * Store and publisher as the daemon wires them, without the rest: it starts in a third of the time, so that it can be
 * killed hundreds of times. It accepts reports into three lanes until it is killed and writes `<lane> <number>` to stdout
 * once a report is promised, that is when `accept` has resolved. After `count` reports, or after SIGTERM, it waits until
 * all are delivered and writes its books.
 */
const settings: NodeSettings = JSON.parse(process.argv[2] ?? '');
const { dataDir, port, node, receipts, isForgetful, count } = settings;

/** Waits between attempts would be most of the test: these are a five-hundredth of them. */
const random = Math.random;
Math.random = () => random() / 500;

/** Reports that may be under way: the store must not fill while broker and collector are gone. */
const UNDER_WAY_MAX = 512;
const REPORTS = 16;

const clock = systemClock(() => keeper?.store?.boot ?? 0);
const counters = new Counters();
const log = createLog('silent');
let keeper: StoreKeeper | undefined;
keeper = await StoreKeeper.start({
  settings: { dataDir, sizeMaxMiB: 64, bootId: 'boot-a' },
  ...{ clock, counters, log },
  onAccepted: () => undefined,
});
const store = keeper.store;
if (store === undefined) throw new Error('the store does not open');

const mqtt = {
  ...{
    url: `mqtt://127.0.0.1:${port}`,
    version: 5 as const,
    homeAssistant: false,
    window: 16,
    keepAlive: 30_000,
    healthInterval: 60_000,
    ackTimeout: 5000,
    ...{ limit: {}, compress: false, expireAfter: { evidence: 1e9, telemetry: 1e9 } },
  },
  ...({ receipts, receiptTimeout: 1000, version: 5, homeAssistant: false } as const),
};
/** Deletes before anything is acknowledged. */
const forgetful: PublishingParts['keeper'] = {
  store,
  async pendingAfter(reading) {
    const rows = await store.pendingAfter(reading);
    // Unlike a delivery this does not wait for the next commit.
    await store.expire(
      rows.map(({ seq }) => seq),
      clock.stampAt(clock.monoMs()),
    );
    return rows;
  },
  markDelivered: async () => undefined,
  quarantine: async () => undefined,
  expire: async () => undefined,
  syncPoint: async () => undefined,
};
const publisher = createPublisher({
  ...{ config: mqtt, site: 'plant', node, secrets: async () => ({}), clock, counters, log },
  keeper: isForgetful ? forgetful : keeper,
  digests: { linkUp: async () => undefined, linkLost: () => undefined },
});
publisher.start();

const reports = Array.from({ length: REPORTS }, (_, seed) => madeReport(seed + 1));

async function acceptOne(number: number): Promise<void> {
  const lane = LANES[number % 3] ?? 'incident';
  const report = { ...reports[number % REPORTS], id: randomUUID(), revision: 1, site: 'plant', node };
  const seq = await store?.accept({
    stateKey: 'pump',
    state: { number },
    entry: {
      ...{ id: report.id, revision: 1, asset: 'pump', lane, topic: `fieldnote/plant/${node}/incident/pump` },
      ...{ payload: JSON.stringify(report), stamp: clock.stampAt(clock.monoMs()) },
    },
    wording: { incident: report.id, isAwaited: false },
  });
  writeSync(1, `${lane} ${(seq ?? 0) % 1e12}\n`);
}

let isEnding = false;
process.once('SIGTERM', () => {
  isEnding = true;
});
for (let number = 0; number < count && !isEnding; number += 4) {
  await Promise.all([0, 1, 2, 3].map((offset) => acceptOne(number + offset)));
  publisher.nudge();
  await sleep(4);
  while (!isEnding && (await store.totals()).pending > UNDER_WAY_MAX) await sleep(5);
}
while ((await store.totals()).pending > 0) await sleep(10);
await publisher.stop();
const books = { epoch: store.epoch, totals: await store.totals(), counters: counters.snapshot() };
await keeper.close();
writeSync(1, `${JSON.stringify(books)}\n`);
