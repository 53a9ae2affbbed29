/** Scores in one bucket differ by so much at most, relative to each other. */
const BUCKET_RATIO = 1.01;
const SCORE_MIN = 1e-4;
const SCORE_MAX = 1e6;

/**
 * Quantiles of any number of scores in fixed memory: counts in buckets whose width is 1 % of the score. A quantile is
 * the upper edge of its bucket, so it is at most 1 % too high within 1e-4 … 1e6, and never too low.
 */
export class ScoreQuantiles {
  readonly #counts = new Uint32Array(bucketOf(SCORE_MAX) + 1);
  #count = 0;
  #largest = 0;

  add(score: number): void {
    const bucket = Math.min(bucketOf(score), this.#counts.length - 1);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    this.#largest = Math.max(this.#largest, score);
  }

  /** Exact; 0 without scores. */
  get largest(): number {
    return this.#largest;
  }

  /** The score that `share` of the scores do not exceed; undefined without scores. */
  at(share: number): number | undefined {
    if (this.#count === 0) return undefined;
    let left = Math.max(1, Math.ceil(share * this.#count));
    const bucket = this.#counts.findIndex((count) => {
      left -= count;
      return left <= 0;
    });
    return Math.min(SCORE_MIN * BUCKET_RATIO ** bucket, this.#largest);
  }
}

function bucketOf(score: number): number {
  return Math.max(0, Math.ceil(Math.log(score / SCORE_MIN) / Math.log(BUCKET_RATIO)));
}
