/**
 * A block of aligned samples of one asset: `rows` grid cells of 1/rateHz seconds, oldest first; the newest ones are to
 * be judged, those before them are what a model may compare with. A cell without a sample is a gap (NaN): marked,
 * never invented.
 */
export interface Window {
  readonly asset: string;
  /** End of the last cell, in milliseconds on the monotonic timeline of the samples. */
  readonly endMs: number;
  readonly rateHz: number;
  readonly rows: number;
  /** Channel keys of the asset, in the order of its configuration. */
  readonly channels: readonly string[];
  /** rows × channels.length values, row by row. */
  readonly data: Float32Array;
  /** What the asset tells beside its samples, by the names and in the units of the model. */
  readonly constants?: Readonly<Record<string, number>>;
  /** For each channel the share of the cells to be judged that hold a value, 0 to 1. */
  readonly coverage: readonly number[];
}
