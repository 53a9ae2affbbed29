import { fullJitterMs } from '../system/back-off.ts';

const LIMITS = { firstMs: 1000, longestMs: 60_000 } as const;

/** Delays between the attempts to do one thing, longer with each failure. */
export class RetryDelay {
  readonly #random: () => number;
  #failures = 0;

  /** @param random uniform in [0, 1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds until the next attempt. */
  nextMs(): number {
    return fullJitterMs(this.#failures++, LIMITS, this.#random);
  }

  /** Milliseconds until an attempt that is unlikely to help before a person has done something. */
  slowMs(): number {
    return (LIMITS.longestMs / 2) * (1 + this.#random());
  }

  /** After success: begins again with short delays. */
  reset(): void {
    this.#failures = 0;
  }
}
