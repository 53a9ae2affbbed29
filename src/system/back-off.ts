export interface BackOffLimits {
  /** Wait after the first failure. */
  readonly firstMs: number;
  /** No wait is longer. */
  readonly longestMs: number;
}

/** Wait after so many failures in a row before this one: doubles with each, up to the longest. */
export function exponentialMs(failures: number, { firstMs, longestMs }: BackOffLimits): number {
  return Math.min(longestMs, firstMs * 2 ** failures);
}

/**
 * The same with full jitter, so that many devices that lost the same server do not come back at the same moment
 * (AWS Architecture Blog, "Exponential Backoff And Jitter").
 * @param random uniform in [0, 1)
 */
export function fullJitterMs(failures: number, limits: BackOffLimits, random: () => number): number {
  return random() * exponentialMs(failures, limits);
}
