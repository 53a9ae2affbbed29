import type { MqttConfig } from './config/schema.ts';
import { type Digests, OFFLINE_LANE } from './digests.ts';
import { FirstWord } from './first-word.ts';
import { digestEventOf, isDigest } from './publish/digest-envelope.ts';
import { reportEventOf } from './publish/envelope.ts';
import type { OutboxSource, PendingReport, Reading } from './publish/outbox.ts';
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
  /** While true only critical reports are sent. */
  readonly isQuiet?: (() => boolean) | undefined;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
}

/** The publisher over the store, with its events counted and logged. */
export function createPublisher({ keeper, digests, counters, log, ...parts }: PublishingParts): Publisher {
  const { url } = parts.config;
  let source = new StoreSource(keeper);
  const publisher = new Publisher({
    ...parts,
    outbox() {
      source = new StoreSource(keeper);
      return new FirstWord({
        outbox: source,
        first: digests?.linkUp() ?? Promise.resolve(undefined),
        firstLane: OFFLINE_LANE,
        holdMs: FIRST_WORD_HOLD_MS,
        onMore: () => publisher.nudge(),
      });
    },
    bodyOf: ({ lane, laneSeq, payload }) => {
      const place = { epoch: source.epoch ?? '', lane, sequence: laneSeq };
      const document = JSON.parse(payload);
      const wrap = isDigest(document) ? digestEventOf : reportEventOf;
      return JSON.stringify(wrap(document, { ...place, syncPointOf: (boot) => source.syncPointOf(boot) }));
    },
    random: Math.random,
    epoch: () => source.epoch,
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
 * that was opened again may number its reports anew and in another epoch, so it is left to the next connection.
 */
class StoreSource implements OutboxSource {
  readonly #keeper: OutboxKeeper;
  readonly #syncPoints = new Map<number, Stamp>();
  #store: OutboxKeeper['store'];

  constructor(keeper: OutboxKeeper) {
    this.#keeper = keeper;
  }

  /** Of all reports that were read here; undefined before the first. */
  get epoch(): string | undefined {
    return this.#store?.epoch;
  }

  syncPointOf(boot: number): Stamp | undefined {
    return this.#syncPoints.get(boot);
  }

  async pendingAfter(reading: Reading): Promise<readonly PendingReport[]> {
    const rows = await this.#sameKeeper().pendingAfter(reading);
    for (const boot of new Set(rows.map(({ stamp }) => stamp.boot))) {
      const point = await this.#sameKeeper().syncPoint(boot);
      if (point !== undefined) this.#syncPoints.set(boot, point);
    }
    return rows;
  }

  async markDelivered(seqs: readonly number[]): Promise<void> {
    await this.#sameKeeper().markDelivered(seqs);
  }

  async quarantine(seq: number, reason: string): Promise<void> {
    await this.#sameKeeper().quarantine(seq, reason);
  }

  async expire(seqs: readonly number[]): Promise<void> {
    await this.#sameKeeper().expire(seqs);
  }

  /** @throws FieldnoteError STORE_DEAD when it keeps another store by now, or none */
  #sameKeeper(): OutboxKeeper {
    this.#store ??= this.#keeper.store;
    if (this.#keeper.store !== this.#store)
      throw new FieldnoteError('STORE_DEAD', 'the store is being opened again');
    return this.#keeper;
  }
}

function retry(retryInMs: number): string {
  const when = Number.isFinite(retryInMs)
    ? `in ${(retryInMs / 1000).toFixed(1)} s`
    : 'at the next connection';
  return `trying again ${when}, nothing is lost`;
}
