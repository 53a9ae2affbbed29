import type { OutboxSource } from './outbox.ts';

/**
 * A batch of acknowledgements is written when it has so many, or is so old: each write may be an fsync. The store keeps a
 * few more back; together they are what a kill sends again beside the window.
 */
const BATCH_LENGTH_MAX = 48;
/** One batch is being written while the next one fills. */
const BATCHES_UNWRITTEN_MAX = 2;

/** With so many settled and not yet written nothing new is sent. A window of acknowledgements may come at once. */
export function unwrittenLengthMax(windowLengthMax: number): number {
  return Math.max(BATCHES_UNWRITTEN_MAX * BATCH_LENGTH_MAX, windowLengthMax);
}
const BATCH_AGE_MS_MAX = 100;

export interface SettlementOptions {
  readonly outbox: OutboxSource;
  readonly onDelivered: (count: number) => void;
  readonly onExpired: (count: number) => void;
  readonly onQuarantined: (seq: number, reason: string) => void;
  /** The outbox could not be written; the reports stay in it and are sent again. */
  readonly onFailed: (error: unknown) => void;
}

/** Writes to the outbox what became of the reports that are done: one write after the other, in batches. */
export class Settlement {
  readonly #options: SettlementOptions;
  /** Settled here but, as far as is known, still in the outbox. */
  readonly #unwritten = new Set<number>();
  #delivered: number[] = [];
  #expired: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writes: Promise<void> = Promise.resolve();

  constructor(options: SettlementOptions) {
    this.#options = options;
  }

  /** How many reports are settled but not yet written. */
  get size(): number {
    return this.#unwritten.size;
  }

  has(seq: number): boolean {
    return this.#unwritten.has(seq);
  }

  delivered(seq: number): void {
    this.#unwritten.add(seq);
    this.#delivered.push(seq);
    this.#writeSoon(this.#delivered);
  }

  expired(seq: number): void {
    this.#unwritten.add(seq);
    this.#expired.push(seq);
    this.#writeSoon(this.#expired);
  }

  quarantined(seq: number, reason: string): void {
    this.#unwritten.add(seq);
    this.#write([seq], async () => {
      await this.#options.outbox.quarantine(seq, reason);
      this.#options.onQuarantined(seq, reason);
    });
  }

  /** Writes what is left and waits for it. */
  async flush(): Promise<void> {
    this.#writeBatches();
    await this.#writes;
  }

  #writeSoon({ length }: readonly number[]): void {
    if (length >= BATCH_LENGTH_MAX) this.#writeBatches();
    else this.#timer ??= setTimeout(() => this.#writeBatches(), BATCH_AGE_MS_MAX);
  }

  #writeBatches(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { outbox, onDelivered, onExpired } = this.#options;
    const [delivered, expired] = [this.#delivered, this.#expired];
    this.#delivered = [];
    this.#expired = [];
    if (delivered.length > 0)
      this.#write(delivered, async () => {
        await outbox.markDelivered(delivered);
        onDelivered(delivered.length);
      });
    if (expired.length > 0)
      this.#write(expired, async () => {
        await outbox.expire(expired);
        onExpired(expired.length);
      });
  }

  #write(seqs: readonly number[], write: () => Promise<void>): void {
    this.#writes = this.#writes.then(write).then(
      () => {
        for (const seq of seqs) this.#unwritten.delete(seq);
      },
      (error: unknown) => this.#options.onFailed(error),
    );
  }
}
