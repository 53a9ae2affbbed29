/** Values that are looked at together: few enough to tell soon, enough for a signal to come and go. */
const BLOCK_SAMPLES = 50;

/** One side of a block: the furthest value, how many were exactly that, and how often it was come to anew. */
interface Extreme {
  readonly value: number;
  readonly count: number;
  readonly entries: number;
}

/** The extreme of a block that was had most. */
export interface Block extends Extreme {
  /** Of the other values, how many were that of the sample before. */
  readonly repeats: number;
  /** When the block began. */
  readonly sinceMs: number;
}

/**
 * Blocks of values with how often exactly the greatest and the least of them occurred. A signal that is cut off at the
 * end of what can be measured has the same extreme again and again; one that is not hardly ever has it twice.
 */
export class Extremes {
  #samples = 0;
  #repeats = 0;
  #sinceMs = 0;
  #latest = Number.NaN;
  #max: Extreme = { value: Number.NEGATIVE_INFINITY, count: 0, entries: 0 };
  #min: Extreme = { value: Number.POSITIVE_INFINITY, count: 0, entries: 0 };

  /** @returns the block that this value completed */
  push(value: number, timeMs: number): Block | undefined {
    if (this.#samples === 0) this.#sinceMs = timeMs;
    const isNew = value !== this.#latest;
    if (!isNew) this.#repeats += 1;
    if (value >= this.#max.value) this.#max = followed(this.#max, value, isNew);
    if (value <= this.#min.value) this.#min = followed(this.#min, value, isNew);
    this.#latest = value;
    this.#samples += 1;
    if (this.#samples < BLOCK_SAMPLES) return undefined;
    const most = this.#max.count >= this.#min.count ? this.#max : this.#min;
    const repeats = this.#repeats - (most.count - most.entries);
    this.#samples = 0;
    this.#repeats = 0;
    this.#max = { value: Number.NEGATIVE_INFINITY, count: 0, entries: 0 };
    this.#min = { value: Number.POSITIVE_INFINITY, count: 0, entries: 0 };
    return { ...most, repeats, sinceMs: this.#sinceMs };
  }
}

function followed(before: Extreme, value: number, isNew: boolean): Extreme {
  if (value !== before.value) return { value, count: 1, entries: 1 };
  return { value, count: before.count + 1, entries: before.entries + Number(isNew) };
}
