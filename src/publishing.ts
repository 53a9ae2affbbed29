import type { MqttConfig } from './config/schema.ts';
import { type Digests, OFFLINE_LANE } from './digests.ts';
import { FirstWord } from './first-word.ts';
import { digestEventOf, isDigest } from './publish/digest-envelope.ts';
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

/** The backlog of a link that was long away waits no longer for its digest; what is critical does not wait. */
const FIRST_WORD_HOLD_MS = 15_000;

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
  /** Makes a digest when the link was away for long. */
  readonly digests?: Pick<Digests, 'linkUp' | 'linkLost'>;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
}

/** The publisher over the store, with its events counted and logged. */
export function createPublisher({ keeper, digests, counters, log, ...parts }: PublishingParts): Publisher {
  const { url } = parts.config;
  const syncPoints = new Map<number, Stamp>();
  const publisher = new Publisher({
    ...parts,
    outbox: () =>
      new FirstWord({
        outbox: outboxOf(keeper, syncPoints),
        first: digests?.linkUp() ?? Promise.resolve(undefined),
        firstLane: OFFLINE_LANE,
        holdMs: FIRST_WORD_HOLD_MS,
        onMore: () => publisher.nudge(),
      }),
    bodyOf: ({ lane, laneSeq, payload }) => {
      const place = { epoch: keeper.store?.epoch ?? '', lane, sequence: laneSeq };
      const document = JSON.parse(payload);
      const wrap = isDigest(document) ? digestEventOf : reportEventOf;
      return JSON.stringify(wrap(document, { ...place, syncPointOf: (boot) => syncPoints.get(boot) }));
    },
    random: Math.random,
    epoch: () => keeper.store?.epoch,
    on: {
      connected(version) {
        counters.add('broker_connects', url);
        const why = parts.config.version === 'auto' ? ', as it does not speak MQTT 5' : '';
        log.info({ broker: url }, `connected to ${url}${version === 5 ? '' : ` with MQTT ${version}${why}`}`);
      },
      lost(error: FieldnoteError, retryInMs: number) {
        digests?.linkLost();
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
  return publisher;
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
