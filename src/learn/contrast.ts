import { MEMORY_WINDOWS } from '../config/schema.ts';
import { at } from './linear-algebra.ts';
import type { WindowMeans } from './window-means.ts';

/** A drifting channel is compared with the window so many windows ago. */
export const NEAR_WINDOWS = 10;

/** More windows than this say nothing new and cost time: then every n-th is taken. */
const CONTRASTS_MAX = 10_000;

export interface Contrasts {
  /** Windows looked at, and those of them that hold enough values of every channel. */
  readonly windowCount: number;
  readonly usableCount: number;
  /** How many of the windows looked at one memory spans. */
  readonly memory: number;
  /** usableCount × channels, in the order of time. */
  readonly values: Float64Array;
}

/** What a contrast needs beside the means; see fit.ts. */
export interface Reference {
  readonly windowRows: number;
  /** ρ of each channel. */
  readonly drift: Float64Array;
  /** How many windows the learned baseline counts for. */
  readonly baselineWeight: number;
}

/**
 * The contrasts of a learning period: each window against the memory before it, of which all is healthy. The first
 * ones have nothing to be compared with, so they begin where a drifting channel has its window to be compared with.
 */
export function learnedContrasts(windows: WindowMeans, reference: Reference): Contrasts {
  const rows = windows.isUsable.length;
  const { windowRows } = reference;
  const first = Math.max(windowRows, Math.min((NEAR_WINDOWS + 1) * windowRows, Math.floor(rows / 2))) - 1;
  const step = Math.max(1, Math.ceil((rows - first) / CONTRASTS_MAX));
  const values: number[] = [];
  let windowCount = 0;
  for (let row = first; row < rows; row += step) {
    windowCount++;
    if (windows.isUsable[row]) values.push(...contrastAt(windows, row, reference));
  }
  const memory = Math.ceil(((1 + MEMORY_WINDOWS) * windowRows) / step);
  return {
    windowCount,
    memory,
    usableCount: values.length / windows.width,
    values: Float64Array.from(values),
  };
}

function contrastAt(
  { width, means, isUsable }: WindowMeans,
  row: number,
  { windowRows, drift, baselineWeight }: Reference,
) {
  const sums = new Float64Array(width);
  for (let lag = 0; lag <= MEMORY_WINDOWS && lag * windowRows <= row; lag++) {
    const start = (row - lag * windowRows) * width;
    for (let column = 0; column < width; column++)
      sums[column] = at(sums, column) + at(means, start + column);
  }
  const nearRow = row - NEAR_WINDOWS * windowRows;
  const nearStart = (isUsable[nearRow] ? nearRow : row) * width;
  return sums.map((sum, column) => {
    const share = at(drift, column);
    const far = sum / (baselineWeight + 1 + MEMORY_WINDOWS);
    return at(means, row * width + column) - share * at(means, nearStart + column) - (1 - share) * far;
  });
}
