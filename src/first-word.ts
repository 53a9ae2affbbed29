import { setTimeout as sleep } from 'node:timers/promises';
import type { OutboxSource, PendingReport, Reading } from './publish/outbox.ts';

export interface FirstWordOptions {
  readonly outbox: OutboxSource;
  /** Place in the outbox of what has to go first, if there is such. */
  readonly first: Promise<number | undefined>;
  /** The backlog waits no longer than so for it. */
  readonly holdMs: number;
  /** The backlog may go now. */
  readonly onOpen: () => void;
}

/**
 * The outbox as a connection sees it after a long time without one: while its digest is on the way, nothing else is to be
 * had. It opens when the digest is acknowledged or put aside, when there is none, and after a while in any case.
 */
export class FirstWord implements OutboxSource {
  readonly #options: FirstWordOptions;
  readonly #first: Promise<number | undefined>;
  /** Undefined when everything may go. */
  #heldFor: number | undefined;

  constructor(options: FirstWordOptions) {
    const { first, holdMs } = options;
    this.#options = options;
    const late = sleep(holdMs, undefined, { ref: false });
    this.#first = Promise.race([first, late]).then((seq) => {
      this.#heldFor = seq;
      return seq;
    });
    late.then(() => this.#open());
  }

  async pendingAfter(reading: Reading): Promise<readonly PendingReport[]> {
    await this.#first;
    const rows = await this.#options.outbox.pendingAfter(reading);
    return this.#heldFor === undefined ? rows : rows.filter(({ seq }) => seq === this.#heldFor);
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
    if (seqs.some((seq) => seq === this.#heldFor)) this.#open();
  }

  #open(): void {
    if (this.#heldFor === undefined) return;
    this.#heldFor = undefined;
    this.#options.onOpen();
  }
}
