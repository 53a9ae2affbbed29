import type { PendingReport } from './outbox.ts';
import type { Suspects } from './suspects.ts';

/** Bytes that may wait for their acknowledgement: they are in memory, and behind them waits what is urgent. */
const BYTES_MAX = 1024 * 1024;

/** One in so many places is kept free for critical reports. */
const PLACES_PER_RESERVED = 16;

/** The reports that were sent over one connection and are not acknowledged, and whether there is room for another. */
export class SendingWindow {
  readonly #lengthMax: number;
  readonly #suspects: Suspects;
  /** Sizes by sequence number, in the order in which they were sent. */
  readonly #sizesBytes = new Map<number, number>();
  #sumBytes = 0;

  constructor({ lengthMax, suspects }: { lengthMax: number; suspects: Suspects }) {
    this.#lengthMax = lengthMax;
    this.#suspects = suspects;
  }

  get isEmpty(): boolean {
    return this.#sizesBytes.size === 0;
  }

  /** In the order in which they were sent. */
  get seqs(): readonly number[] {
    return [...this.#sizesBytes.keys()];
  }

  has(seq: number): boolean {
    return this.#sizesBytes.has(seq);
  }

  hasRoomFor({ seq, lane }: PendingReport): boolean {
    const [first] = this.#sizesBytes.keys();
    if (first === undefined) return true;
    if (this.#suspects.has(seq) || this.#suspects.has(first) || this.#sumBytes >= BYTES_MAX) return false;
    const reserved = lane === 'critical' ? 0 : Math.floor(this.#lengthMax / PLACES_PER_RESERVED);
    return this.#sizesBytes.size < this.#lengthMax - reserved;
  }

  add(seq: number, sizeBytes: number): void {
    this.#sizesBytes.set(seq, sizeBytes);
    this.#sumBytes += sizeBytes;
  }

  remove(seq: number): void {
    this.#sumBytes -= this.#sizesBytes.get(seq) ?? 0;
    this.#sizesBytes.delete(seq);
  }
}
