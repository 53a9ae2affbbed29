import type { MqttConfig } from './config/schema.ts';
import { reportEventOf } from './publish/envelope.ts';
import type { OutboxSource } from './publish/outbox.ts';
import { Publisher } from './publish/publisher.ts';
import type { Secrets } from './publish/secrets.ts';
import type { StoreKeeper } from './store-keeper.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import { FieldnoteError } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import type { Stamp } from './values/stamp.ts';

/** What of the store is published from. */
type OutboxKeeper = Pick<
  StoreKeeper,
  'store' | 'pendingAfter' | 'markDelivered' | 'quarantine' | 'expire' | 'syncPoint'
>;

export interface PublishingParts {
  readonly config: MqttConfig;
  readonly site: string;
  readonly node: string;
  readonly secrets: () => Promise<Secrets>;
  readonly keeper: OutboxKeeper;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
}

/** The publisher over the store, with its events counted and logged. */
export function createPublisher({ keeper, counters, log, ...parts }: PublishingParts): Publisher {
  const { url } = parts.config;
  const syncPoints = new Map<number, Stamp>();
  return new Publisher({
    ...parts,
    outbox: () => outboxOf(keeper, syncPoints),
    bodyOf: ({ lane, laneSeq, payload }) => {
      const place = { epoch: keeper.store?.epoch ?? '', lane, sequence: laneSeq };
      return JSON.stringify(
        reportEventOf(JSON.parse(payload), { ...place, syncPointOf: (boot) => syncPoints.get(boot) }),
      );
    },
    random: Math.random,
    epoch: () => keeper.store?.epoch,
    on: {
      connected() {
        counters.add('broker_connects', url);
        log.info({ broker: url }, `connected to ${url}`);
      },
      lost(error: FieldnoteError, retryInMs: number) {
        counters.add('broker_losses', url);
        log.warn({ broker: url, code: error.code }, `${error.message}; ${retry(retryInMs)}`);
      },
      sent: () => counters.add('publishes', url),
      receiptIgnored: () => counters.add('receipts_ignored', url),
      receiptsOverdue: (count: number) => counters.add('receipts_overdue', url, count),
      delivered: (count: number) => counters.add('reports_delivered', url, count),
      expired: (count: number) => counters.add('reports_expired', url, count),
      quarantined(seq: number, reason: string) {
        counters.add('reports_quarantined', url);
        log.error({ seq, reason }, `report ${seq} can never be delivered and is put aside: ${reason}`);
      },
      refused(error: FieldnoteError, retryInMs: number) {
        counters.add('publish_failures', url);
        log.warn({ broker: url, code: error.code }, `${error.message}; ${retry(retryInMs)}`);
      },
    },
  });
}

/**
 * The store as one connection sees it; on the way it learns when the clocks of the boots in question were right. A store
 * that was opened again may number its reports anew, so it is left to the next connection.
 */
function outboxOf(keeper: OutboxKeeper, syncPoints: Map<number, Stamp>): OutboxSource {
  let store: OutboxKeeper['store'];
  const assertSame = () => {
    store ??= keeper.store;
    if (keeper.store !== store) throw new FieldnoteError('STORE_DEAD', 'the store is being opened again');
  };
  return {
    async pendingAfter(reading) {
      assertSame();
      const rows = await keeper.pendingAfter(reading);
      for (const boot of new Set(rows.map(({ stamp }) => stamp.boot))) {
        const point = await keeper.syncPoint(boot);
        if (point !== undefined) syncPoints.set(boot, point);
      }
      return rows;
    },
    async markDelivered(seqs) {
      assertSame();
      await keeper.markDelivered(seqs);
    },
    async quarantine(seq, reason) {
      assertSame();
      await keeper.quarantine(seq, reason);
    },
    async expire(seqs) {
      assertSame();
      await keeper.expire(seqs);
    },
  };
}

function retry(retryInMs: number): string {
  const when = Number.isFinite(retryInMs)
    ? `in ${(retryInMs / 1000).toFixed(1)} s`
    : 'at the next connection';
  return `trying again ${when}, nothing is lost`;
}
