/** First and longest upper bound of a delay. */
const DELAY_MS_FIRST = 1000;
const DELAY_MS_MAX = 60_000;

/**
 * Delays between attempts: exponential with full jitter, so that a thousand nodes that lost the same broker do
 * not come back at the same moment (AWS Architecture Blog, "Exponential Backoff and Jitter").
 */
export class Backoff {
  readonly #random: () => number;
  #attempts = 0;

  /** @param random uniform in [0, 1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds until the next attempt. */
  nextMs(): number {
    const boundMs = Math.min(DELAY_MS_MAX, DELAY_MS_FIRST * 2 ** this.#attempts);
    this.#attempts = Math.min(this.#attempts + 1, 16);
    return this.#random() * boundMs;
  }

  /** Milliseconds until an attempt that is unlikely to help before a person has done something. */
  slowMs(): number {
    return DELAY_MS_MAX / 2 + (this.#random() * DELAY_MS_MAX) / 2;
  }

  /** After success: begins again with short delays. */
  reset(): void {
    this.#attempts = 0;
  }
}
