export interface EndedRun {
  readonly value: number;
  readonly count: number;
  readonly durationMs: number;
}

/** The values of one channel that are exactly the same, one after the other. */
export class Run {
  value = Number.NaN;
  count = 0;
  /** When its first and its latest value came. */
  sinceMs = Number.NEGATIVE_INFINITY;
  latestMs = Number.NEGATIVE_INFINITY;

  get durationMs(): number {
    return this.latestMs - this.sinceMs;
  }

  /** @returns the run that this value ended */
  push(value: number, timeMs: number): EndedRun | undefined {
    const isMore = value === this.value && timeMs >= this.latestMs;
    const { value: before, count, durationMs } = this;
    this.count = isMore ? count + 1 : 1;
    if (!isMore) this.sinceMs = timeMs;
    this.value = value;
    this.latestMs = timeMs;
    return isMore || count === 0 ? undefined : { value: before, count, durationMs };
  }
}
