import { FieldnoteError } from '../system/errors.ts';
import { type ChannelScale, channelScale } from './channel-scale.ts';
import { at, diagonalOf, inverseSquareRoot } from './linear-algebra.ts';
import { COVERAGE_MIN, type WindowMeans, windowMeans } from './window-means.ts';

/*
 * What normal looks like: Hotelling's T² of trailing window means, with three things that a short learning period
 * needs. All of it in standardised units: z = (reading − baseline) / deviation, m = mean of z over one window.
 *
 * 1. S = mean of m·mᵀ over the windows of the learning period. Its diagonal is raised to 1/rows, the variance of a
 *    mean of independent readings, and to 1 for a channel that never changed.
 * 2. A channel that drifts (a temperature) shows only a part of its range while it is learned. How slow channel j is
 *    says r = (Sjj − 1/rows) / (1 − Sjj), its variance between windows against that within. Its variance is
 *    multiplied by min(1 + (r / 0.5)², 100), correlations stay as they are: S'ij = Sij · √(gi · gj).
 * 3. S'' = 0.9 · S' + 0.1 · t · I with t the mean of the diagonal of S: shrinkage, so that no direction that happened
 *    to be quiet counts as proof.
 *
 * With D² the diagonal of S'' and R = D⁻¹·S''·D⁻¹, y = R^(−1/2)·D⁻¹·m has T² = yᵀy, and yj² is the part that
 * channel j contributes: the corr-max partition of Garthwaite & Koch (2016), exact and never negative. The limit is
 * 1.75 times the largest T of the learning period; score = T / limit, share j = yj² / T².
 */

const SLOW_RATIO = 0.5;
const SLOW_FACTOR_MAX = 100;
const SHRINKAGE = 0.1;
const LIMIT_MARGIN = 1.75;

/** Fewer windows one after the other than this show no variation between windows. */
const LENGTH_WINDOWS_MIN = 4;

/** At least this share of the windows must hold enough values of all channels. */
const USABLE_SHARE_MIN = 0.5;

/** Beyond this the squares of float32 arithmetic have no room, and no sensor measures so much. */
const DEVIATION_MAX = 1e30;

/** Variance within windows, relative to the whole, that is taken as none. */
const WITHIN_MIN = 1e-3;

export interface Learning {
  /** rows × channels readings on the grid of the asset, row by row, NaN where there is none. */
  readonly data: Float32Array;
  readonly channels: readonly string[];
  readonly windowRows: number;
}

/** Everything that `normalModelGraph` writes. Arrays have one entry per channel, in the order of the channels. */
export interface NormalModel {
  readonly windowRows: number;
  /** Learned mean, in the unit of the channel. */
  readonly baseline: Float64Array;
  /** Learned standard deviation of a reading, in the unit of the channel, > 0. */
  readonly deviation: Float64Array;
  /** Standard deviation of the window mean with the allowance for drift, in the unit of the channel, > 0. */
  readonly spread: Float64Array;
  /** channels × channels: of a standardised window mean it makes a vector whose length is the score. */
  readonly whitening: Float64Array;
  /** What was learned from: rows, and windows that held enough values. */
  readonly rows: number;
  readonly windows: number;
}

/**
 * Fits a model of the normal behaviour.
 * @throws {FieldnoteError} LEARN_UNSTEADY when there are too few rows or too many gaps; says which and what to do
 */
export function fitNormal({ data, channels, windowRows }: Learning): NormalModel {
  const size = channels.length;
  const rows = data.length / size;
  checkLength(rows, windowRows);
  const scales = channels.map((_, column) => channelScale(data, size, column));
  checkCoverage(scales, channels, rows);
  checkRange(scales, channels);
  const windows = windowMeans(data, scales, windowRows);
  checkWindows(windows);
  const covariance = allowedCovariance(windows, scales, windowRows);
  const whitening = whiteningOf(covariance, size);
  const limit = LIMIT_MARGIN * largestLength(windows, whitening, size);
  const deviation = Float64Array.from(scales, (scale) => scale.deviation);
  return {
    windowRows,
    baseline: Float64Array.from(scales, (scale) => scale.baseline),
    deviation,
    spread: diagonalOf(covariance, size).map((variance, i) => Math.sqrt(variance) * at(deviation, i)),
    whitening: whitening.map((value) => value / limit),
    rows,
    windows: windows.usableCount,
  };
}

/** S'' of the head of this file. */
function allowedCovariance(windows: WindowMeans, scales: readonly ChannelScale[], windowRows: number) {
  const size = scales.length;
  const covariance = covarianceOf(windows, size);
  scales.forEach(({ isConstant }, i) => {
    const least = isConstant ? 1 : 1 / windowRows;
    covariance[i * size + i] = Math.max(at(covariance, i * size + i), least);
  });
  const variances = diagonalOf(covariance, size);
  const target = variances.reduce((sum, variance) => sum + variance, 0) / size;
  const factors = variances.map((variance, i) =>
    scales[i]?.isConstant ? 1 : Math.sqrt(slowFactor(variance, windowRows)),
  );
  return covariance.map((value, index) => {
    const [i, j] = [Math.floor(index / size), index % size];
    const shrunk = (1 - SHRINKAGE) * value * at(factors, i) * at(factors, j);
    return i === j ? shrunk + SHRINKAGE * target : shrunk;
  });
}

function covarianceOf({ means, usableCount }: WindowMeans, size: number): Float64Array {
  const covariance = new Float64Array(size * size);
  for (let start = 0; start < means.length; start += size) {
    for (let i = 0; i < size; i++) {
      const scaled = at(means, start + i) / usableCount;
      for (let j = 0; j < size; j++)
        covariance[i * size + j] = at(covariance, i * size + j) + scaled * at(means, start + j);
    }
  }
  return covariance;
}

function slowFactor(variance: number, windowRows: number): number {
  const ratio = (variance - 1 / windowRows) / Math.max(WITHIN_MIN, 1 - variance);
  return Math.min(1 + (ratio / SLOW_RATIO) ** 2, SLOW_FACTOR_MAX);
}

/** R^(−1/2) · D⁻¹ of the head of this file. */
function whiteningOf(covariance: Float64Array, size: number): Float64Array {
  const widths = diagonalOf(covariance, size).map(Math.sqrt);
  const width = (index: number) => at(widths, index);
  const correlation = covariance.map((value, k) => value / (width(Math.floor(k / size)) * width(k % size)));
  return inverseSquareRoot(correlation, size).map((value, k) => value / width(k % size));
}

/** The largest T of the learning period; at least its expectation, for data that shows no variation at all. */
function largestLength({ means }: WindowMeans, whitening: Float64Array, size: number): number {
  let largest = size;
  for (let start = 0; start < means.length; start += size) {
    let squares = 0;
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += at(whitening, i * size + j) * at(means, start + j);
      squares += sum * sum;
    }
    largest = Math.max(largest, squares);
  }
  return Math.sqrt(largest);
}

function checkLength(rows: number, windowRows: number): void {
  const rowsMin = LENGTH_WINDOWS_MIN * windowRows;
  if (rows >= rowsMin) return;
  const message =
    `${rows} rows are too few to learn from: a window has ${windowRows} and at least ` +
    `${LENGTH_WINDOWS_MIN} windows (${rowsMin} rows) are needed; raise learn.for or lower window.length`;
  throw new FieldnoteError('LEARN_UNSTEADY', message, { rows, rowsMin });
}

function checkCoverage(scales: readonly ChannelScale[], channels: readonly string[], rows: number): void {
  scales.forEach(({ coverage }, i) => {
    if (coverage >= COVERAGE_MIN) return;
    const channel = channels[i];
    const what =
      coverage === 0
        ? 'gave no value at all: check its "from" and its wiring'
        : `gave a value in ${percent(coverage)} % of them, at least ${percent(COVERAGE_MIN)} % are needed: raise window.hold or lower window.rateHz`;
    const message = `cannot learn from ${rows} rows: channel "${channel}" ${what}`;
    throw new FieldnoteError('LEARN_UNSTEADY', message, { channel, coverage, rows });
  });
}

function checkRange(scales: readonly ChannelScale[], channels: readonly string[]): void {
  scales.forEach(({ deviation }, i) => {
    if (deviation <= DEVIATION_MAX) return;
    const channel = channels[i];
    const message = `cannot learn from channel "${channel}": its values vary by ${deviation}, which no sensor does; check its "from"`;
    throw new FieldnoteError('LEARN_UNSTEADY', message, { channel, deviation });
  });
}

function checkWindows({ windowCount, usableCount }: WindowMeans): void {
  if (usableCount >= USABLE_SHARE_MIN * windowCount) return;
  const message =
    `only ${usableCount} of ${windowCount} windows hold enough values of all channels at once, ` +
    `at least ${percent(USABLE_SHARE_MIN)} % are needed: check the sources for pauses`;
  throw new FieldnoteError('LEARN_UNSTEADY', message, { windowCount, usableCount });
}

function percent(share: number): number {
  return Math.round(share * 100);
}
