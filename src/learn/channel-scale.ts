import { at } from './linear-algebra.ts';

/** What one channel looks like in the learning period, in its own unit. */
export interface ChannelScale {
  /** Mean of the readings, as float32 can hold it: the model subtracts it from readings of that precision. */
  readonly baseline: number;
  /** Standard deviation of the readings, never below what the sensor can resolve. */
  readonly deviation: number;
  /** It never changed: how much it may move is not learned but assumed. */
  readonly isConstant: boolean;
  /** Share of the rows that hold a value; the other fields mean nothing when it is 0. */
  readonly coverage: number;
}

/** A constant channel that moves is evidence; this much of its value, and at least this, is taken as one deviation. */
const CONSTANT_DEVIATION = { share: 0.01, min: 1e-3 } as const;

/** float32 resolves 6e-8 of a value; below that, and near the smallest float32, a deviation is rounding. */
const ROUNDING = { share: 1e-6, min: 1e-30 } as const;

/** The error of rounding to steps of one is uniform, with this standard deviation. */
const STEP_DEVIATION = 1 / Math.sqrt(12);

/**
 * @param data rows × width readings, row by row, NaN where there is none
 * @param column of the channel
 */
export function channelScale(data: Float32Array, width: number, column: number): ChannelScale {
  let count = 0;
  let sum = 0;
  for (let index = column; index < data.length; index += width) {
    const value = at(data, index);
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  const baseline = Math.fround(sum / count);
  const { variance, step } = variation(data, width, column, baseline);
  const isConstant = step === Number.POSITIVE_INFINITY;
  const { share, min } = isConstant ? CONSTANT_DEVIATION : ROUNDING;
  const resolution = isConstant ? 0 : step * STEP_DEVIATION;
  const deviation = Math.max(Math.sqrt(variance), resolution, share * Math.abs(baseline), min);
  return { baseline, deviation, isConstant, coverage: (count * width) / data.length };
}

/** Variance about the baseline, and the smallest change from one reading to the next; infinite when there is none. */
function variation(data: Float32Array, width: number, column: number, baseline: number) {
  let count = 0;
  let squares = 0;
  let step = Number.POSITIVE_INFINITY;
  let before = Number.NaN;
  for (let index = column; index < data.length; index += width) {
    const value = at(data, index);
    if (Number.isNaN(value)) continue;
    squares += (value - baseline) ** 2;
    count++;
    const change = Math.abs(value - before);
    if (change > 0) step = Math.min(step, change);
    before = value;
  }
  return { variance: squares / count, step };
}
