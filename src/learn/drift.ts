import type { ChannelScale } from './channel-scale.ts';
import { at } from './linear-algebra.ts';

/** Drift is what the level does between these parts of the learning period. */
const PARTS = 5;

/** Variance between the parts, relative to that within, of a channel that counts half as drifting. */
const HALF_RATIO = 0.5;
const HALVING = Math.LN2 / HALF_RATIO ** 2;

/** A channel that drifts is still held to its level, if only a hundredth as much: nothing drifts away for ever. */
const SHARE_MAX = 0.99;

/** Variance within the parts, relative to the whole, that is taken as none. */
const WITHIN_MIN = 1e-3;

/**
 * How much each channel drifted while it was learned: 0 for one whose level stayed, up to 0.99 for one that never stood
 * still, such as a temperature. With v the variance of the means of fifths of the period, less what independent
 * readings would show, and r = v / (1 − v): 1 − 2^−(r / ½)². The longer the learning, the fewer channels drift: it has
 * seen them come back.
 * @param data rows × scales.length readings, row by row, NaN where there is none
 */
export function driftShares(data: Float32Array, scales: readonly ChannelScale[]): Float64Array {
  const rows = data.length / scales.length;
  return Float64Array.from(scales, (scale, column) => {
    if (scale.isConstant) return 0;
    const means = Array.from({ length: PARTS }, (_, part) => partMean(data, scales, { column, part, rows }));
    const between = means.reduce((sum, mean) => sum + mean * mean, 0) / PARTS - PARTS / rows;
    const ratio = Math.max(0, between) / Math.max(WITHIN_MIN, 1 - between);
    return Math.min(SHARE_MAX, 1 - Math.exp(-HALVING * ratio ** 2));
  });
}

/** Standardised mean of a channel over one part of the rows; 0, the baseline, when it holds no value. */
function partMean(
  data: Float32Array,
  scales: readonly ChannelScale[],
  { column, part, rows }: { column: number; part: number; rows: number },
): number {
  const { baseline, deviation } = scales[column] as ChannelScale;
  const end = Math.floor(((part + 1) * rows) / PARTS);
  let [sum, count] = [0, 0];
  for (let row = Math.floor((part * rows) / PARTS); row < end; row++) {
    const value = at(data, row * scales.length + column);
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? 0 : (sum / count - baseline) / deviation;
}
