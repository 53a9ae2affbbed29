import { FieldnoteError } from '../system/errors.ts';
import { type ChannelScale, channelScale } from './channel-scale.ts';
import { type Contrasts, learnedContrasts } from './contrast.ts';
import { driftShares } from './drift.ts';
import { at, diagonalOf, inverseSquareRoot } from './linear-algebra.ts';
import { findStates, residuals, type States } from './states.ts';
import { checkSteady } from './steadiness.ts';
import { COVERAGE_MIN, type WindowMeans, windowMeans } from './window-means.ts';

/*
 * What normal looks like: Hotelling's T² of how a window differs from what was normal before it. All of it in
 * standardised units: z = (reading − centre) / deviation, the centre being that of the state of operation (see
 * states.ts; most machines show only one while they are learned), and m = mean of z over one window. A verdict gets the
 * newest window and the 15 before it, its memory.
 *
 * 1. ρ of each channel says how much it drifted while it was learned, see drift.ts.
 * 2. The contrast is d = m − ρ · near − (1 − ρ) · far. near is m of the window 10 windows ago: a drift that is no faster
 *    than the learned one is no news, a faster one is. far is the mean of m over the 16 windows, of which those that
 *    are not healthy count as the learned baseline (0), and of as many more windows on the baseline as were learned: it
 *    follows a slow change, the less the more was learned. Healthy is a window with |W·(1 − ρ)m| below 0.8, by its level
 *    alone. So a fault teaches nothing, and however slowly it grows, what it taught is gone once it is too far off.
 * 3. S = mean of d·dᵀ over the learning period. Its diagonal is raised to 1/rows, the variance of a mean of independent
 *    readings, and to 1 for a channel that never changed; then S' = 0.9 · S + 0.1 · t · I with t the mean of the
 *    diagonal: shrinkage, so that no direction that happened to be quiet counts as proof.
 * 4. With D² the diagonal of S' and R = D⁻¹·S'·D⁻¹, y = R^(−1/2)·D⁻¹·d has T² = yᵀy, and yj² is the part that channel j
 *    contributes: the corr-max partition of Garthwaite & Koch (2016), exact and never negative.
 * 5. Limit: each tenth of the learning period is scored by what the other nine say; the largest T of these, times
 *    1.25 + 11 / n, n being the windows that fit into the period one after the other: the largest that was seen is not
 *    the largest there is, the less so the less was seen. What is over twice the T that one in a hundred exceeds is odd
 *    itself and sets no limit, unless it came three times in much the same way, as stops of a pump do. Divided by the sensitivity that is asked for. W = R^(−1/2)·D⁻¹ / limit.
 * 6. Machines and sensors do not come back exactly: with e the root of the mean of |W·(1 − ρ)m|² over the 16 windows,
 *    score = |W·d| / (0.1 · e), the divisor being 1 to 10. Share j is its part j squared / score².
 */

const SHRINKAGE = 0.1;
const FOLDS = 10;
const LIMIT_MARGIN = { largest: 1.25, windows: 11 } as const;
const ODD = { share: 0.01, factor: 2, recurrences: 3, alike: 0.99 } as const;

/** The default of `incident.closeBelow`. */
const HEALTHY_BELOW = 0.8;

/** Fewer windows one after the other than this show no variation between windows. */
const LENGTH_WINDOWS_MIN = 4;

/** At least this share of the windows must hold enough values of all channels. */
const USABLE_SHARE_MIN = 0.5;

/** Beyond this the squares of float32 arithmetic have no room, and no sensor measures so much. */
const DEVIATION_MAX = 1e30;

/** Relative to its deviation over all states, no channel is known better than this within one. */
const WITHIN_STATE_MIN = 1e-3;

export interface Learning {
  /** rows × channels readings on the grid of the asset, row by row, NaN where there is none. */
  readonly data: Float32Array;
  readonly channels: readonly string[];
  readonly windowRows: number;
  /** What the limit is divided by; 1 when absent. */
  readonly sensitivity?: number;
}

/** Everything that `normalModelGraph` writes. Arrays have one entry per channel, in the order of the channels. */
export interface NormalModel {
  readonly windowRows: number;
  /** Learned mean, in the unit of the channel. */
  readonly baseline: Float64Array;
  readonly states: States;
  /** Learned standard deviation of a reading within its state, in the unit of the channel, > 0. */
  readonly deviation: Float64Array;
  /** ρ, 0 to 1. */
  readonly drift: Float64Array;
  /** Windows that the learned baseline counts for beside those of the memory. */
  readonly baselineWeight: number;
  /** A window of the memory whose level is below this part of the limit is healthy. */
  readonly healthyBelow: number;
  /** Standard deviation of the window mean, wider for a channel that drifts, in the unit of the channel, > 0. */
  readonly spread: Float64Array;
  /** channels × channels: of a contrast it makes a vector whose length is the score. */
  readonly whitening: Float64Array;
  /** What was learned from: rows, and windows that held enough values. */
  readonly rows: number;
  readonly windows: number;
}

/**
 * Fits a model of the normal behaviour.
 * @throws {FieldnoteError} LEARN_UNSTEADY when there are too few rows, too many gaps, or the machine was not steady; says which and what to do
 */
export function fitNormal({ data, channels, windowRows, sensitivity = 1 }: Learning): NormalModel {
  const size = channels.length;
  const rows = data.length / size;
  checkLength(rows, windowRows);
  const scales = channels.map((_, column) => channelScale(data, size, column));
  checkCoverage(scales, channels, rows);
  checkRange(scales, channels);
  const states = findStates(data, scales, windowRows);
  const left = residuals(data, states, windowRows);
  const leftScales = scales.map((scale, column) => leftScale(scale, left, { column, size, states }));
  const means = windowMeans(left, leftScales, windowRows);
  const drift = driftShares(left, leftScales);
  const deviation = Float64Array.from(leftScales, (scale) => scale.deviation);
  checkSteady({ means, windowRows, channels, deviation, drift });
  const baselineWeight = rows / windowRows;
  const contrasts = learnedContrasts(means, { windowRows, drift, baselineWeight });
  checkWindows(contrasts);
  const leasts = leftScales.map(({ isConstant }) => (isConstant ? 1 : 1 / windowRows));
  const margin = LIMIT_MARGIN.largest + LIMIT_MARGIN.windows / baselineWeight;
  const limit = (margin * largestLength(contrasts, unseenLengths(contrasts, leasts))) / sensitivity;
  const whitening = whiteningOf(meanProduct(contrasts.values, size), leasts);
  return {
    windowRows,
    baseline: Float64Array.from(scales, (scale) => scale.baseline),
    states,
    deviation,
    drift,
    baselineWeight,
    healthyBelow: HEALTHY_BELOW,
    spread: spreadsOf(means, leasts, drift).map((spread, i) => spread * at(deviation, i)),
    whitening: whitening.map((value) => value / limit),
    rows,
    windows: contrasts.usableCount,
  };
}

/** The scale of what is left of a channel when the centres of its states are taken off. */
function leftScale(
  scale: ChannelScale,
  left: Float32Array,
  { column, size, states }: { column: number; size: number; states: States },
): ChannelScale {
  if (states.count === 1) return { ...scale, baseline: 0 };
  const { deviation, isConstant } = channelScale(left, size, column);
  return {
    ...scale,
    baseline: 0,
    isConstant,
    deviation: Math.max(deviation, WITHIN_STATE_MIN * scale.deviation),
  };
}

/** Mean of the products of each vector with itself: size × size. */
function meanProduct(vectors: Float64Array, size: number): Float64Array {
  const mean = new Float64Array(size * size);
  const count = vectors.length / size;
  for (let start = 0; start < vectors.length; start += size) {
    for (let i = 0; i < size; i++) {
      const scaled = at(vectors, start + i) / count;
      for (let j = 0; j < size; j++)
        mean[i * size + j] = at(mean, i * size + j) + scaled * at(vectors, start + j);
    }
  }
  return mean;
}

/** R^(−1/2) · D⁻¹ of the head of this file, from S before steps 4. */
function whiteningOf(covariance: Float64Array, leasts: readonly number[]): Float64Array {
  const size = leasts.length;
  const variances = diagonalOf(covariance, size).map((variance, i) => Math.max(variance, leasts[i] ?? 0));
  const target = variances.reduce((sum, variance) => sum + variance, 0) / size;
  const shrunk = variances.map((variance) => (1 - SHRINKAGE) * variance + SHRINKAGE * target);
  const width = (index: number) => Math.sqrt(at(shrunk, index));
  const correlation = covariance.map((value, k) => {
    const [i, j] = [Math.floor(k / size), k % size];
    return i === j ? 1 : ((1 - SHRINKAGE) * value) / (width(i) * width(j));
  });
  return inverseSquareRoot(correlation, size).map((value, k) => value / width(k % size));
}

/** T of every contrast when each tenth of them is judged by the others. */
function unseenLengths({ values }: Contrasts, leasts: readonly number[]): number[] {
  const size = leasts.length;
  const count = values.length / size;
  const total = meanProduct(values, size).map((mean) => mean * count);
  return Array.from({ length: FOLDS }, (_, fold) => {
    const start = Math.floor((fold * count) / FOLDS);
    const end = Math.floor(((fold + 1) * count) / FOLDS);
    const own = values.subarray(start * size, end * size);
    const product = meanProduct(own, size);
    const rest = total.map((sum, k) => (sum - (end - start) * (product[k] || 0)) / (count - end + start));
    return lengthsOf(own, whiteningOf(rest, leasts));
  }).flat();
}

/**
 * The largest T that is not odd itself; at least 1, one standard deviation, for data that shows no variation at all.
 * @param lengths T of every contrast
 */
function largestLength({ values, memory }: Contrasts, lengths: readonly number[]): number {
  const size = values.length / lengths.length;
  const sorted = lengths.toSorted((a, b) => a - b);
  const common = sorted[Math.ceil((1 - ODD.share) * sorted.length) - 1] ?? 0;
  const oddFrom = ODD.factor * common;
  const usual = sorted.findLast((length) => length <= oddFrom) ?? 0;
  const peaks = peaksOver(lengths, oddFrom, memory).map((at) => ({
    length: lengths[at] ?? 0,
    contrast: values.subarray(at * size, (at + 1) * size),
  }));
  const recurring = peaks.filter(
    ({ length, contrast }) =>
      peaks.filter(
        (other) => other.length >= length / ODD.factor && cosine(contrast, other.contrast) >= ODD.alike,
      ).length >= ODD.recurrences,
  );
  return Math.max(1, usual, ...recurring.map(({ length }) => length));
}

/** Where each episode over a limit is highest; what one memory still sees of an episode belongs to it. */
function peaksOver(lengths: readonly number[], limit: number, memory: number): number[] {
  const peaks: number[] = [];
  let latestAt = Number.NEGATIVE_INFINITY;
  lengths.forEach((length, at) => {
    if (length <= limit) return;
    const isNew = at - latestAt > memory;
    const peakAt = isNew ? at : (peaks.pop() ?? at);
    peaks.push(length > (lengths[peakAt] ?? 0) ? at : peakAt);
    latestAt = at;
  });
  return peaks;
}

/** Of the angle between two contrasts: 1 when the same channels deviate in the same way. */
function cosine(one: Float64Array, other: Float64Array): number {
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * at(b, i), 0);
  return dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other));
}

function lengthsOf(vectors: Float64Array, whitening: Float64Array): number[] {
  const size = Math.sqrt(whitening.length);
  const lengths: number[] = [];
  for (let start = 0; start < vectors.length; start += size) {
    let squares = 0;
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += at(whitening, i * size + j) * at(vectors, start + j);
      squares += sum * sum;
    }
    lengths.push(Math.sqrt(squares));
  }
  return lengths;
}

/** Standard deviation of the window means of each channel, in deviations. */
function spreadsOf(
  { width, means, isUsable }: WindowMeans,
  leasts: readonly number[],
  drift: Float64Array,
): Float64Array {
  const squares = new Float64Array(width);
  let count = 0;
  isUsable.forEach((usable, row) => {
    count += usable;
    for (let i = 0; usable && i < width; i++) squares[i] = at(squares, i) + at(means, row * width + i) ** 2;
  });
  return squares.map((sum, i) => {
    return Math.sqrt(Math.max(sum / count, leasts[i] ?? 0) / (1 - at(drift, i)));
  });
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

function checkWindows({ windowCount, usableCount }: Contrasts): void {
  if (usableCount >= USABLE_SHARE_MIN * windowCount) return;
  const message =
    `only ${usableCount} of ${windowCount} windows hold enough values of all channels at once, ` +
    `at least ${percent(USABLE_SHARE_MIN)} % are needed: check the sources for pauses`;
  throw new FieldnoteError('LEARN_UNSTEADY', message, { windowCount, usableCount });
}

function percent(share: number): number {
  return Math.round(share * 100);
}
