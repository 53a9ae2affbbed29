import type { ChannelScale } from './channel-scale.ts';
import { at } from './linear-algebra.ts';

/** Smallest share of the cells of a channel that must hold a value for its window mean to count. */
export const COVERAGE_MIN = 0.5;

/** More window means than this say nothing new and cost time: then every n-th is taken. */
const WINDOWS_MAX = 10_000;

export interface WindowMeans {
  /** Windows looked at, and those of them that hold enough values of every channel. */
  readonly windowCount: number;
  readonly usableCount: number;
  /** usableCount × channels means, in deviations from the baseline. */
  readonly means: Float64Array;
}

/**
 * Standardised means over trailing windows of a learning period. Gaps are left out of a mean.
 * @param data rows × scales.length readings, row by row, NaN where there is none
 */
export function windowMeans(
  data: Float32Array,
  scales: readonly ChannelScale[],
  windowRows: number,
): WindowMeans {
  const width = scales.length;
  const rows = data.length / width;
  const step = Math.max(1, Math.ceil((rows - windowRows + 1) / WINDOWS_MAX));
  const running = new RunningMeans(data, scales, windowRows);
  const means: number[] = [];
  let windowCount = 0;
  for (let row = 0; row < rows; row++) {
    running.advanceTo(row);
    const isDue = row >= windowRows - 1 && (row - windowRows + 1) % step === 0;
    if (!isDue) continue;
    windowCount++;
    if (running.isUsable()) means.push(...running.values());
  }
  return { windowCount, usableCount: means.length / width, means: Float64Array.from(means) };
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
