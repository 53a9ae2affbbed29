import type { ChannelScale } from './channel-scale.ts';
import { at } from './linear-algebra.ts';

/** Smallest share of the cells of a channel that must hold a value for its window mean to count. */
export const COVERAGE_MIN = 0.5;

/** Standardised means over every trailing window of a learning period. */
export interface WindowMeans {
  readonly width: number;
  /** rows × width means in deviations from the baseline; row n is the window that ends with row n. */
  readonly means: Float32Array;
  /** For each row 1 when its window is complete and holds enough values of every channel; else its means say nothing. */
  readonly isUsable: Uint8Array;
}

/**
 * Gaps are left out of a mean.
 * @param data rows × scales.length readings, row by row, NaN where there is none
 */
export function windowMeans(
  data: Float32Array,
  scales: readonly ChannelScale[],
  windowRows: number,
): WindowMeans {
  const width = scales.length;
  const rows = data.length / width;
  const means = new Float32Array(data.length);
  const isUsable = new Uint8Array(rows);
  const running = new RunningMeans(data, scales, windowRows);
  for (let row = 0; row < rows; row++) {
    running.advanceTo(row);
    isUsable[row] = Number(row >= windowRows - 1 && running.isUsable());
    if (isUsable[row]) means.set(running.values(), row * width);
  }
  return { width, means, isUsable };
}

/** Sums and counts of the last rows, so that a long window costs no more than a short one. */
class RunningMeans {
  readonly #data: Float32Array;
  readonly #scales: readonly ChannelScale[];
  readonly #windowRows: number;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;

  constructor(data: Float32Array, scales: readonly ChannelScale[], windowRows: number) {
    this.#data = data;
    this.#scales = scales;
    this.#windowRows = windowRows;
    this.#sums = new Float64Array(scales.length);
    this.#counts = new Float64Array(scales.length);
  }

  advanceTo(row: number): void {
    this.#add(row, 1);
    if (row >= this.#windowRows) this.#add(row - this.#windowRows, -1);
  }

  isUsable(): boolean {
    return this.#counts.every((count) => count >= COVERAGE_MIN * this.#windowRows);
  }

  values(): Float64Array {
    return this.#sums.map((sum, column) => sum / at(this.#counts, column));
  }

  #add(row: number, sign: 1 | -1): void {
    this.#scales.forEach(({ baseline, deviation }, column) => {
      const value = at(this.#data, row * this.#scales.length + column);
      if (Number.isNaN(value)) return;
      this.#sums[column] = at(this.#sums, column) + (sign * (value - baseline)) / deviation;
      this.#counts[column] = at(this.#counts, column) + sign;
    });
  }
}
