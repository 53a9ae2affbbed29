import { type BackOffLimits, exponentialMs } from '../system/back-off.ts';
import type { Clock } from '../system/clock.ts';

/** So long without a failure, and the next failure counts as the first again. */
const HEALTHY_MS = 60_000;

export interface BackOffOptions extends BackOffLimits {
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly random: () => number;
}

/**
 * When something that failed may be tried again. The wait doubles with each failure up to `longestMs`; each wait
 * is drawn from its upper half, so that things that failed together do not come back together.
 */
export class BackOff {
  readonly #options: BackOffOptions;
  #failures = 0;
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  /** Milliseconds until the next try is allowed; 0 when it is. */
  get waitMs(): number {
    return Math.max(0, this.#untilMs - this.#options.clock.monoMs());
  }

  fail(): void {
    const { clock, random } = this.#options;
    const nowMs = clock.monoMs();
    if (nowMs - this.#untilMs >= HEALTHY_MS) this.#failures = 0;
    const fullMs = exponentialMs(this.#failures, this.#options);
    this.#failures += 1;
    this.#untilMs = nowMs + fullMs * (0.5 + random() / 2);
  }
}
