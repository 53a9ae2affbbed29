/** Records of one recording overtake each other by less, and follow each other within less, if their times are true. */
const SETBACK_MS_MAX = 1000;
const LEAP_MS_MAX = 3_600_000;

/** Tells true times of records from damaged ones: recordings of flights have no checksums. */
export class RecordedTime {
  #latestMs: number | undefined;
  /** A time that did not fit; the next one may agree with it: the recording goes on after a restart. */
  #oddMs = Number.NaN;

  /** Whether a record may be from that moment. */
  believe(timeMs: number): boolean {
    const follows = (beforeMs: number) =>
      timeMs >= beforeMs - SETBACK_MS_MAX && timeMs <= beforeMs + LEAP_MS_MAX;
    const fits = this.#latestMs === undefined ? timeMs >= 0 : follows(this.#latestMs);
    const isRestart = !fits && follows(this.#oddMs);
    if (fits) this.#latestMs = Math.max(this.#latestMs ?? 0, timeMs);
    else if (isRestart) this.#latestMs = timeMs;
    this.#oddMs = timeMs;
    return fits || isRestart;
  }
}
