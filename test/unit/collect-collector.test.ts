import { describe, expect, test } from 'vitest';
import { Collector, receiptsOf } from '../../src/collect/collector.ts';
import type { Batch } from '../../src/collect/sink.ts';
import { FieldnoteError } from '../../src/system/errors.ts';
import type { Receipt } from '../../src/values/receipt.ts';
import { collectedReport, eventOf, inboxMessage } from '../support/collected-reports.ts';
import { eventually } from '../support/publisher-rig.ts';

const PLACE = { epoch: 'a1b2', lane: 'incident' };

/** A collector into memory; `store` may be replaced. */
function create(store: (batch: Batch) => Promise<void> = async () => undefined) {
  const batches: Batch[] = [];
  const ids = new Set<string>();
  const told = { receipts: [] as Receipt[], putAside: [] as string[], failed: [] as unknown[] };
  const collector = new Collector({
    sink: {
      name: 'memory',
      async store(batch) {
        await store(batch);
        batches.push(batch);
        const before = ids.size;
        for (const { id } of batch.reports) ids.add(id);
        return ids.size - before;
      },
      coverage: async () => ({ runs: [], explained: [], claimedTwice: [], scattered: [] }),
      close: async () => undefined,
    },
    clock: { wallMs: () => 0 },
    random: () => 0,
    on: {
      receipt: (_topic, receipt) => told.receipts.push(receipt),
      putAside: (_topic, reason) => told.putAside.push(reason),
      failed: (error) => told.failed.push(error),
    },
  });
  return { collector, batches, told };
}

describe('a collector', () => {
  test('acknowledges and sends receipts after the commit, not before', async () => {
    const commit = Promise.withResolvers<void>();
    const { collector, told } = create(() => commit.promise);
    const message = inboxMessage(eventOf(1));
    collector.take(message);
    await new Promise(setImmediate);
    expect([message.acks, told.receipts, collector.totals.waiting]).toEqual([0, [], 1]);
    commit.resolve();
    await eventually(() => expect(told.receipts).toEqual([{ ...PLACE, ranges: [[1, 1]] }]));
    expect(message.acks).toBe(1);
  });

  test('stores what came during a commit in one more', async () => {
    const { collector, batches } = create(() => new Promise(setImmediate));
    for (let n = 1; n <= 500; n++) collector.take(inboxMessage(eventOf(n)));
    await eventually(() => expect(collector.totals.waiting).toBe(0));
    expect(batches.map(({ reports }) => reports.length)).toEqual([1, 256, 243]);
  });

  test('gives a copy its receipt too', async () => {
    const { collector, told } = create();
    for (const n of [1, 1, 2]) collector.take(inboxMessage(eventOf(n)));
    await eventually(() => expect(collector.totals).toMatchObject({ stored: 2, copies: 1, waiting: 0 }));
    expect(told.receipts.flatMap(({ ranges }) => ranges)).toContainEqual([1, 2]);
  });

  test('tries again what the database does not take now', async () => {
    let failures = 3;
    const { collector, told } = create(async () => {
      if (failures-- > 0) throw new FieldnoteError('SINK_UNAVAILABLE', 'gone');
    });
    collector.take(inboxMessage(eventOf(1)));
    await eventually(() => expect(told.receipts).toHaveLength(1));
    expect(told.failed).toHaveLength(3);
  });

  test('puts the one aside that the database never takes, with a receipt, and stores the others', async () => {
    const { collector, told } = create(async ({ reports }) => {
      if (reports.some(({ sequence }) => sequence === 37))
        throw new FieldnoteError('SINK_REFUSED', 'too deep');
    });
    const messages = Array.from({ length: 100 }, (_, n) => inboxMessage(eventOf(n + 1)));
    for (const message of messages) collector.take(message);
    await eventually(() => expect(collector.totals).toMatchObject({ stored: 99, putAside: 1, waiting: 0 }));
    expect([told.putAside, told.failed]).toEqual([['too deep'], []]);
    expect(messages.every(({ acks }) => acks === 1)).toBe(true);
    const named = told.receipts.flatMap(({ ranges }) => ranges);
    // Its node would send it for ever.
    expect(named.some(([from, to]) => from <= 37 && 37 <= to)).toBe(true);
  });

  test('puts what it cannot read aside, acknowledged, and goes on', async () => {
    const { collector, batches, told } = create();
    const bad = inboxMessage('{"');
    collector.take(bad);
    collector.take(inboxMessage(eventOf(1)));
    await eventually(() => expect(told.receipts).toHaveLength(1));
    expect([bad.acks, told.putAside.length]).toEqual([1, 1]);
    expect(batches.flatMap(({ putAside }) => putAside)).toMatchObject([{ payload: '{"' }]);
  });

  test('keeps its books: every message that came is in one of them', async () => {
    const { collector } = create();
    for (const payload of [eventOf(1), eventOf(1), '{', eventOf(2), {}])
      collector.take(inboxMessage(payload));
    await eventually(() => expect(collector.totals.waiting).toBe(0));
    const { received, stored, copies, gaps, putAside } = collector.totals;
    expect([received, stored, copies, gaps, putAside]).toEqual([5, 2, 1, 0, 2]);
  });

  test('takes no more than it can hold while the database is away', async () => {
    const { collector } = create(() => new Promise(() => undefined));
    const taken = Array.from({ length: 600 }, (_, n) => collector.take(inboxMessage(eventOf(n + 1))));
    expect(taken.filter(Boolean)).toHaveLength(512);
    expect(collector.totals).toMatchObject({ received: 512, waiting: 512 });
  });

  test('stops although the database is away, without acknowledging', async () => {
    const { collector } = create(async () => {
      throw new FieldnoteError('SINK_UNAVAILABLE', 'gone');
    });
    const message = inboxMessage(eventOf(1));
    collector.take(message);
    await collector.stop();
    expect([message.acks, collector.totals.waiting]).toEqual([0, 1]);
  });
});

describe('receipts', () => {
  test('are one for each lane of each node, with as few ranges as can be', () => {
    const reports = [
      ...[3, 1, 2, 7].map((n) => collectedReport(n)),
      collectedReport(1, { lane: 'critical' }),
      collectedReport(1, { node: 'pump8' }),
    ];
    expect(receiptsOf(reports)).toEqual([
      { topic: 'fieldnote/plant/pump7/receipt', receipt: { ...PLACE, ranges: [[1, 3], [7, 7]] } }, // biome-ignore format: pairs
      { topic: 'fieldnote/plant/pump7/receipt', receipt: { ...PLACE, lane: 'critical', ranges: [[1, 1]] } },
      { topic: 'fieldnote/plant/pump8/receipt', receipt: { ...PLACE, ranges: [[1, 1]] } },
    ]);
  });

  test('are several when one would have too many ranges', () => {
    const receipts = receiptsOf(Array.from({ length: 300 }, (_, n) => collectedReport(2 * n + 1)));
    expect(receipts.map(({ receipt }) => receipt.ranges.length)).toEqual([256, 44]);
  });
});
