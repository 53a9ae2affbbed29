import type { Window } from '../values/window.ts';
import type { Row } from './grid.ts';

export interface WindowCutterOptions {
  readonly asset: string;
  /** Channel keys in the order of the rows' values. */
  readonly channels: readonly string[];
  readonly rateHz: number;
  readonly rows: number;
  /** Rows from one window to the next; may be more than a window has. */
  readonly stepRows: number;
}

/**
 * Cuts rows into windows: the first as soon as there are `rows` rows, then one every `stepRows` rows. A window with
 * gaps is cut all the same; whether it can be judged is the judge's decision. A row that begins a new grid
 * begins a new window.
 */
export class WindowCutter {
  readonly #options: WindowCutterOptions;
  readonly #width: number;
  /** Ring of the last rows; row n of the grid lies at n modulo rows. */
  readonly #ring: Float32Array;
  /** For each channel the number of ring rows that hold a value. */
  readonly #heldCounts: Uint32Array;
  #rowCount = 0;

  constructor(options: WindowCutterOptions) {
    this.#options = options;
    this.#width = options.channels.length;
    this.#ring = new Float32Array(options.rows * this.#width).fill(Number.NaN);
    this.#heldCounts = new Uint32Array(this.#width);
  }

  /** @returns the window that this row completes */
  push(row: Row): Window | undefined {
    if (row.isFirst) this.#clear();
    this.#keep(row.values);
    const { rows, stepRows } = this.#options;
    const isDue = this.#rowCount >= rows && (this.#rowCount - rows) % stepRows === 0;
    return isDue ? this.#windowAt(row.endMs) : undefined;
  }

  #clear(): void {
    this.#rowCount = 0;
    this.#ring.fill(Number.NaN);
    this.#heldCounts.fill(0);
  }

  #keep(values: Float32Array): void {
    const start = (this.#rowCount % this.#options.rows) * this.#width;
    for (let column = 0; column < this.#width; column++) {
      const value = values[column] ?? Number.NaN;
      const before = this.#ring[start + column] ?? Number.NaN;
      const held =
        (this.#heldCounts[column] ?? 0) + Number(!Number.isNaN(value)) - Number(!Number.isNaN(before));
      this.#heldCounts[column] = held;
      this.#ring[start + column] = value;
    }
    this.#rowCount++;
  }

  #windowAt(endMs: number): Window {
    const { asset, channels, rateHz, rows } = this.#options;
    const oldest = (this.#rowCount % rows) * this.#width;
    const data = new Float32Array(this.#ring.length);
    data.set(this.#ring.subarray(oldest));
    data.set(this.#ring.subarray(0, oldest), this.#ring.length - oldest);
    const coverage = Array.from(this.#heldCounts, (count) => count / rows);
    return { asset, endMs, rateHz, rows, channels, data, coverage };
  }
}
