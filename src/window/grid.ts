import type { AssetConfig } from '../config/schema.ts';
import type { Sample } from '../values/sample.ts';
import { type Feed, feedsOf } from './feed.ts';

/** Most rows that a silence may produce at once, whatever the options. */
export const SILENT_ROWS_MAX = 100_000;

/** One cell of the grid, over all channels of an asset. */
export interface Row {
  /** End of the cell, on the timeline of the samples. */
  readonly endMs: number;
  /** One value per channel, in the order of the configuration; NaN is a gap. */
  readonly values: Float32Array;
  /** The grid began with this row: what came before belongs to another time, no window spans both. */
  readonly isFirst: boolean;
}

export interface GridOptions {
  readonly channels: AssetConfig['channels'];
  readonly rateHz: number;
  /** A channel keeps its last value until the cell that ends later than this after it. */
  readonly holdMs: number;
  /** Rows of one window: after so long a silence of all channels the grid begins anew. */
  readonly windowRows: number;
}

const NOTHING = { rows: [], lateValues: 0 } as const;

/**
 * Aligns samples of many sources and rates to rows, one for each 1/rateHz seconds. A cell holds the mean of the samples
 * in it; else the last value, if it is no older than the hold at the end of the cell; else a gap. No value is ever
 * invented.
 *
 * The first sample lies in the middle of its cell, so that a source at the rate of the grid fills each cell with one
 * sample though their times be off by almost half a cell. Other sources keep their distance from it, whatever it is.
 *
 * When all channels have been silent for a whole window (or the hold, if that is longer) no more rows come, and the
 * next sample begins a new grid. So does a sample whose source falls back in its own time by more than the hold (or
 * a cell, if that is longer): the device was restarted. The first row of a new grid says so.
 */
export class Grid {
  readonly #rateHz: number;
  readonly #holdMs: number;
  readonly #resetMs: number;
  readonly #silentRowsMax: number;
  readonly #feeds: ReadonlyMap<string, Feed>;
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;
  readonly #lastValues: Float64Array;
  readonly #lastMs: Float64Array;
  /** Where the first cell of this grid begins. */
  #originMs = 0;
  /** The cell that is being filled, from 0; undefined before the first sample and after a long silence. */
  #cell: number | undefined;
  #isFirst = true;
  #silentRows = 0;

  constructor({ channels, rateHz, holdMs, windowRows }: GridOptions) {
    const holdRows = Math.ceil((holdMs * rateHz) / 1000);
    const width = Object.keys(channels).length;
    this.#rateHz = rateHz;
    this.#holdMs = holdMs;
    this.#resetMs = Math.max(holdMs, 1000 / rateHz);
    this.#silentRowsMax = Math.min(SILENT_ROWS_MAX, Math.max(windowRows, holdRows));
    this.#feeds = feedsOf(channels);
    this.#sums = new Float64Array(width);
    this.#counts = new Uint32Array(width);
    this.#lastValues = new Float64Array(width);
    this.#lastMs = new Float64Array(width).fill(Number.NEGATIVE_INFINITY);
  }

  /**
   * @param timeMs when the sample was taken, by the arrival or the device, as the caller decides for its source
   * @returns the rows that this sample completed, and how many of its values came after their cell was complete
   */
  push(sample: Sample, timeMs: number): { readonly rows: readonly Row[]; readonly lateValues: number } {
    const feed = this.#feeds.get(sample.source);
    const leads = feed?.leadsOf(sample.names) ?? [];
    if (feed === undefined || leads.length === 0) return NOTHING;
    const rows: Row[] = [];
    if (timeMs < feed.latestMs - this.#resetMs) this.#restart(feed, rows);
    feed.latestMs = Math.max(feed.latestMs, timeMs);
    this.#fillUpTo(timeMs, rows);
    this.#cell ??= this.#beginWith(timeMs);
    if (this.#cellAt(timeMs) < this.#cell) return { rows, lateValues: leads.length };
    for (const { at, column } of leads) this.#put(column, sample.values[at] ?? Number.NaN, timeMs);
    return { rows, lateValues: 0 };
  }

  /** The clock has come to this time, on the timeline of the samples: cells that are over are completed. */
  advanceTo(timeMs: number): readonly Row[] {
    const rows: Row[] = [];
    this.#fillUpTo(timeMs, rows);
    return rows;
  }

  /** @returns the first cell */
  #beginWith(timeMs: number): number {
    this.#originMs = timeMs - 500 / this.#rateHz;
    return 0;
  }

  #cellAt(timeMs: number): number {
    return Math.floor(((timeMs - this.#originMs) * this.#rateHz) / 1000);
  }

  #put(column: number, value: number, timeMs: number): void {
    if (!Number.isFinite(Math.fround(value))) return;
    this.#sums[column] = (this.#sums[column] ?? 0) + value;
    this.#counts[column] = (this.#counts[column] ?? 0) + 1;
    if (timeMs < (this.#lastMs[column] ?? 0)) return;
    this.#lastValues[column] = value;
    this.#lastMs[column] = timeMs;
  }

  #fillUpTo(timeMs: number, rows: Row[]): void {
    const cell = this.#cellAt(timeMs);
    while (this.#cell !== undefined && this.#cell < cell) {
      rows.push(this.#completeCell(this.#cell));
      this.#cell++;
      if (this.#silentRows >= this.#silentRowsMax) this.#stop();
    }
  }

  #completeCell(cell: number): Row {
    const endMs = this.#originMs + ((cell + 1) * 1000) / this.#rateHz;
    const values = new Float32Array(this.#sums.length).fill(Number.NaN);
    let sampledCount = 0;
    for (let column = 0; column < values.length; column++) {
      const count = this.#counts[column] ?? 0;
      if (count > 0) values[column] = (this.#sums[column] ?? 0) / count;
      else if (endMs - (this.#lastMs[column] ?? 0) <= this.#holdMs)
        values[column] = this.#lastValues[column] ?? 0;
      sampledCount += count;
    }
    const row = { endMs, values, isFirst: this.#isFirst };
    this.#silentRows = sampledCount > 0 ? 0 : this.#silentRows + 1;
    this.#isFirst = false;
    this.#sums.fill(0);
    this.#counts.fill(0);
    return row;
  }

  #restart(feed: Feed, rows: Row[]): void {
    if (this.#cell !== undefined) rows.push(this.#completeCell(this.#cell));
    feed.latestMs = Number.NEGATIVE_INFINITY;
    this.#lastMs.fill(Number.NEGATIVE_INFINITY);
    this.#stop();
  }

  #stop(): void {
    this.#cell = undefined;
    this.#isFirst = true;
    this.#silentRows = 0;
  }
}
