import { setTimeout as sleep } from 'node:timers/promises';
import type { OutboxSource, PendingReport, Reading } from './publish/outbox.ts';
import type { Lane } from './values/lane.ts';

export interface FirstWordOptions {
  readonly outbox: OutboxSource;
  /** Place in the outbox of what has to go first, if there is such. */
  readonly first: Promise<number | undefined>;
  /** The lane in which it waits. */
  readonly firstLane: Lane;
  /** The backlog waits no longer than so for it. */
  readonly holdMs: number;
  /** More may go now. */
  readonly onMore: () => void;
}

/**
 * The outbox as a connection sees it after a long time without one: while its digest is on the way, nothing else is to be
 * had but what is critical, and what is before the digest in its lane. It opens when the digest is acknowledged or put
 * aside, when there is none, and after a while in any case.
 */
export class FirstWord implements OutboxSource {
  readonly #options: FirstWordOptions;
  /** Up to which the first lane may go: 0 until it is known what goes first, infinite when all lanes may go. */
  #seqMax = 0;

  constructor(options: FirstWordOptions) {
    this.#options = options;
    const { first, holdMs } = options;
    first.then(
      (seq) => this.#open(seq),
      () => this.#open(),
    );
    sleep(holdMs, undefined, { ref: false }).then(() => this.#open());
  }

  async pendingAfter(reading: Reading): Promise<readonly PendingReport[]> {
    const { outbox, firstLane } = this.#options;
    if (reading.lane === 'critical') return outbox.pendingAfter(reading);
    if (reading.lane !== firstLane && this.#seqMax !== Number.POSITIVE_INFINITY) return [];
    const rows = await outbox.pendingAfter(reading);
    return rows.filter(({ seq }) => seq <= this.#seqMax);
  }

  async markDelivered(seqs: readonly number[]): Promise<void> {
    await this.#options.outbox.markDelivered(seqs);
    this.#settled(seqs);
  }

  async quarantine(seq: number, reason: string): Promise<void> {
    await this.#options.outbox.quarantine(seq, reason);
    this.#settled([seq]);
  }

  async expire(seqs: readonly number[]): Promise<void> {
    await this.#options.outbox.expire(seqs);
    this.#settled(seqs);
  }

  #settled(seqs: readonly number[]): void {
    if (seqs.some((seq) => seq === this.#seqMax)) this.#open();
  }

  #open(seqMax = Number.POSITIVE_INFINITY): void {
    if (this.#seqMax === Number.POSITIVE_INFINITY) return;
    this.#seqMax = seqMax;
    this.#options.onMore();
  }
}
