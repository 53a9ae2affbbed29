import { FieldnoteError } from '../system/errors.ts';
import { fitNormal, type NormalModel } from './fit.ts';
import { COVERAGE_MIN } from './window-means.ts';

export interface LearnerOptions {
  /** Channels of the asset in the order of the rows' values. */
  readonly channels: readonly { readonly name: string; readonly unit: string }[];
  readonly rateHz: number;
  readonly windowRows: number;
  /** Valid rows to learn from; a row is valid when at least half of its channels hold a value. */
  readonly rowsNeeded: number;
  /** See Learning of fit.ts. */
  readonly sensitivity?: number;
  /** Rows collected before a restart, the oldest first. */
  readonly restored?: readonly Float32Array[];
}

/** What was learned, with all that a model package says about it. */
export interface Learned extends Pick<LearnerOptions, 'channels' | 'rateHz'> {
  readonly normal: NormalModel;
}

/** Values that one learner keeps at most: 64 MiB. */
const VALUES_MAX = 16 * 1024 * 1024;

/** Where this many times the rows that are needed hold too few valid ones, the fit is tried all the same and says why. */
const PATIENCE = 2;

/** Collects grid rows of one asset until there are enough to learn its normal from. */
export class Learner {
  readonly #options: LearnerOptions;
  readonly #rowsMax: number;
  /** Rows one after the other; grows by doubling. */
  #data = new Float32Array(1024);
  #rowCount = 0;
  #validCount = 0;

  /** @throws {FieldnoteError} BAD_ARGUMENT when so many rows would not fit into memory */
  constructor(options: LearnerOptions) {
    const { rowsNeeded, channels, restored = [] } = options;
    const rowsKept = Math.floor(VALUES_MAX / channels.length);
    if (rowsNeeded > rowsKept) {
      const message = `learning from ${rowsNeeded} rows is too much, at most ${rowsKept} of ${channels.length} channels are kept: shorten learn.for or lower window.rateHz`;
      throw new FieldnoteError('BAD_ARGUMENT', message, { rowsNeeded, rowsKept });
    }
    this.#options = options;
    this.#rowsMax = Math.min(PATIENCE * rowsNeeded, rowsKept);
    for (const row of restored) this.push(row);
  }

  /** Adds the next row; once progress is 1 it has no effect. */
  push(row: Float32Array): void {
    if (this.progress >= 1) return;
    const width = this.#options.channels.length;
    if (row.length !== width)
      throw new FieldnoteError(
        'BAD_ARGUMENT',
        `a learning row has ${row.length} values for ${width} channels`,
      );
    const start = this.#rowCount * width;
    if (start + width > this.#data.length) this.#grow();
    this.#data.set(row, start);
    this.#rowCount++;
    const heldCount = row.reduce((count, value) => count + Number(!Number.isNaN(value)), 0);
    if (heldCount >= COVERAGE_MIN * width) this.#validCount++;
  }

  /** 0 to 1; at 1 it is time to fit. */
  get progress(): number {
    return Math.min(1, Math.max(this.#validCount / this.#options.rowsNeeded, this.#rowCount / this.#rowsMax));
  }

  /**
   * Fits the model from the rows so far.
   * @throws {FieldnoteError} LEARN_UNSTEADY when they do not make one
   */
  fit(): Learned {
    const { channels, rateHz, windowRows, sensitivity = 1 } = this.#options;
    const data = this.#data.subarray(0, this.#rowCount * channels.length);
    return {
      channels,
      rateHz,
      normal: fitNormal({ data, channels: channels.map(({ name }) => name), windowRows, sensitivity }),
    };
  }

  /** The rows so far, the oldest first, without the first ones. */
  rowsFrom(first: number): Float32Array[] {
    const width = this.#options.channels.length;
    const count = Math.max(0, this.#rowCount - first);
    return Array.from({ length: count }, (_, index) =>
      this.#data.slice((first + index) * width, (first + index + 1) * width),
    );
  }

  #grow(): void {
    const grown = new Float32Array(this.#data.length * 2 + this.#options.channels.length);
    grown.set(this.#data);
    this.#data = grown;
  }
}
