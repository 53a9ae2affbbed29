import type { FieldnoteError } from '../system/errors.ts';
import { blamesPublish } from './reasons.ts';

/** What a connection that was lost leaves behind. */
export interface Loss {
  readonly error: FieldnoteError;
  /** Reports that were sent and not acknowledged, the first one first. */
  readonly inFlight: readonly number[];
  /** Nothing was acknowledged on it but the status. */
  readonly isFruitless: boolean;
}

/** So often a report may be alone on a connection that is lost; then the ones behind it go first. */
const LONELY_LOSSES_MAX = 3;

/** More are never suspected at the same time. */
const SUSPECTS_MAX = 1024;

/**
 * Reports that may be the reason why a broker hangs up. Each of them is sent alone: if the broker then says that the
 * report is at fault it can be put aside, and if the broker says nothing the good reports behind it must not wait for ever.
 */
export class Suspects {
  readonly #alone = new Set<number>();
  readonly #heldUntilMs = new Map<number, number>();
  #lonelyLosses = { seq: 0, count: 0 };

  has(seq: number): boolean {
    return this.#alone.has(seq);
  }

  add(seq: number): void {
    if (this.#alone.size < SUSPECTS_MAX) this.#alone.add(seq);
  }

  /** The broker has answered it, or it is gone. */
  clear(seq: number): void {
    this.#alone.delete(seq);
    this.#heldUntilMs.delete(seq);
  }

  /** Those that others may overtake, with the milliseconds for which that holds. */
  heldAt(nowMs: number): readonly (readonly [seq: number, leftMs: number])[] {
    return [...this.#heldUntilMs].map(([seq, untilMs]) => [seq, Math.max(0, untilMs - nowMs)] as const);
  }

  /**
   * Learns from the loss of a connection.
   * @param holdUntilMs when a report that is held back from now on is tried again
   * @returns the report that the broker has refused for good, if it is certain which one that is
   */
  afterLoss({ error, inFlight, isFruitless }: Loss, holdUntilMs: number): number | undefined {
    const [first] = inFlight;
    if (first === undefined || error.code !== 'PUBLISH_LOST') return undefined;
    if (blamesPublish(error)) {
      if (inFlight.length === 1) return first;
      for (const seq of inFlight) this.add(seq);
    } else if (isFruitless) this.#lostWithoutReason(first, holdUntilMs);
    return undefined;
  }

  /** A broker takes publishes in order, so the first that it did not acknowledge is the one it choked on. */
  #lostWithoutReason(seq: number, holdUntilMs: number): void {
    const before = this.#lonelyLosses.seq === seq && this.has(seq) ? this.#lonelyLosses.count : -1;
    this.#lonelyLosses = { seq, count: before + 1 };
    this.add(seq);
    if (this.#lonelyLosses.count >= LONELY_LOSSES_MAX) this.#heldUntilMs.set(seq, holdUntilMs);
  }
}
