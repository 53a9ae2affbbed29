import type { Window } from '../values/window.ts';
import type { Row } from './grid.ts';

const NEVER = -1;
const NOTHING: ReadonlyMap<number, number> = new Map();

export interface WindowCutterOptions {
  readonly asset: string;
  /** Channel keys in the order of the rows' values. */
  readonly channels: readonly string[];
  readonly rateHz: number;
  readonly rows: number;
  /** Rows before those that come with them; gaps as long as there are none. */
  readonly memoryRows?: number;
  /** Rows from one window to the next; may be more than a window has. */
  readonly stepRows: number;
}

/**
 * Cuts rows into windows: the first as soon as there are `rows` rows, then one every `stepRows` rows. A window with
 * gaps is cut all the same; whether it can be judged is the judge's decision. A row that begins a new grid
 * begins a new window. What came before goes with a window, without counting in its coverage.
 */
export class WindowCutter {
  readonly #options: WindowCutterOptions;
  readonly #width: number;
  /** Rows of a window and of what came before it. */
  readonly #ringRows: number;
  /** Ring of the last rows; row n of the grid lies at n modulo #ringRows. */
  readonly #ring: Float32Array;
  /** For each channel the number of the last `rows` rows that hold a value. */
  readonly #heldCounts: Uint32Array;
  /** For each channel the number of the last row that was left out, and since when. */
  readonly #leftOutRows: Float64Array;
  readonly #leftOutMs: Float64Array;
  #rowCount = 0;

  constructor(options: WindowCutterOptions) {
    this.#options = options;
    this.#width = options.channels.length;
    this.#ringRows = options.rows + (options.memoryRows ?? 0);
    this.#ring = new Float32Array(this.#ringRows * this.#width).fill(Number.NaN);
    this.#heldCounts = new Uint32Array(this.#width);
    this.#leftOutRows = new Float64Array(this.#width).fill(NEVER);
    this.#leftOutMs = new Float64Array(this.#width).fill(Number.NaN);
  }

  /**
   * @param leftOut columns whose cells must not be judged, and since when: those that end after that become gaps
   * @returns the window that this row completes
   */
  push(row: Row, leftOut: ReadonlyMap<number, number> = NOTHING): Window | undefined {
    if (row.isFirst) this.#clear();
    this.#keep(row.values);
    for (const [column, sinceMs] of leftOut) this.#leaveOut(column, sinceMs, row.endMs);
    const { rows, stepRows } = this.#options;
    const isDue = this.#rowCount >= rows && (this.#rowCount - rows) % stepRows === 0;
    return isDue ? this.#windowAt(row.endMs) : undefined;
  }

  #clear(): void {
    this.#rowCount = 0;
    this.#ring.fill(Number.NaN);
    this.#heldCounts.fill(0);
    this.#leftOutRows.fill(NEVER);
    this.#leftOutMs.fill(Number.NaN);
  }

  /** The first time back to its beginning, then row by row. */
  #leaveOut(column: number, sinceMs: number, endMs: number): void {
    const latest = this.#rowCount - 1;
    const { rateHz, rows } = this.#options;
    const isKnown = this.#leftOutMs[column] === sinceMs && this.#leftOutRows[column] === latest - 1;
    const rowsBack = isKnown ? 1 : Math.ceil(((endMs - sinceMs) / 1000) * rateHz);
    const oldest = Math.max(0, this.#rowCount - Math.min(this.#ringRows, Math.max(1, rowsBack)));
    for (let row = latest; row >= oldest; row--) {
      const at = this.#startOf(row) + column;
      const isHeld = !Number.isNaN(this.#ring[at] ?? Number.NaN);
      if (isHeld && row > latest - rows) this.#heldCounts[column] = (this.#heldCounts[column] ?? 1) - 1;
      this.#ring[at] = Number.NaN;
    }
    this.#leftOutRows[column] = latest;
    this.#leftOutMs[column] = sinceMs;
  }

  #keep(values: Float32Array): void {
    const start = this.#startOf(this.#rowCount);
    const leaving = this.#startOf(this.#rowCount - this.#options.rows);
    for (let column = 0; column < this.#width; column++) {
      const value = values[column] ?? Number.NaN;
      const before = this.#ring[leaving + column] ?? Number.NaN;
      const held =
        (this.#heldCounts[column] ?? 0) + Number(!Number.isNaN(value)) - Number(!Number.isNaN(before));
      this.#heldCounts[column] = held;
      this.#ring[start + column] = value;
    }
    this.#rowCount++;
  }

  /** Where a row of the grid lies in the ring; one before the first lies where nothing is yet. */
  #startOf(row: number): number {
    return ((row + this.#ringRows) % this.#ringRows) * this.#width;
  }

  #windowAt(endMs: number): Window {
    const { asset, channels, rateHz, rows } = this.#options;
    const oldest = this.#startOf(this.#rowCount);
    const data = new Float32Array(this.#ring.length);
    data.set(this.#ring.subarray(oldest));
    data.set(this.#ring.subarray(0, oldest), this.#ring.length - oldest);
    const judged = this.#rowCount - rows;
    const isExcluded = channels.map((_, column) => (this.#leftOutRows[column] ?? NEVER) >= judged);
    const first = data.length - rows * this.#width;
    for (let at = first; isExcluded.includes(true) && at < data.length; at++)
      if (isExcluded[(at - first) % this.#width]) data[at] = Number.NaN;
    const coverage = Array.from(this.#heldCounts, (count, at) => (isExcluded[at] ? 0 : count / rows));
    const excluded = channels.filter((_, column) => isExcluded[column]);
    return { asset, endMs, rateHz, rows: this.#ringRows, channels, data, coverage, excluded };
  }
}
