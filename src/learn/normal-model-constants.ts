import { MEMORY_WINDOWS } from '../config/schema.ts';
import { NEAR_WINDOWS } from './contrast.ts';
import type { NormalModel } from './fit.ts';
import { at, diagonalOf, product, transposed } from './linear-algebra.ts';
import type { OnnxConstant } from './onnx.ts';
import { COVERAGE_MIN } from './window-means.ts';

/** The constants of the graph that normal-model-graph.ts writes, in the units of its readings. */

/** Readings further away than so many deviations of the widest channel are cut: no square leaves the range of float32. */
const DEVIATIONS_MAX = 1e6;

/**
 * Machines and sensors do not come back exactly. After an excursion of x limits (as a mean square over the memory),
 * differences count in units of `share` of x, once that is more than a limit, and at most `max`: what was far out of
 * any sense must not blind.
 */
const HYSTERESIS = { share: 0.1, max: 10 } as const;

/** Up to so many values the baseline is written once for every row of a window, which is faster to take off. */
const REPEATED_VALUES_MAX = 4096;

const WINDOWS = 1 + MEMORY_WINDOWS;

/** Root of the sum, over the memory, of the squares of what an excursion has to come to. */
const DOUBT_MIN = Math.sqrt(WINDOWS) / HYSTERESIS.share;

/** What both ways through the graph need. */
export function modelConstants(model: NormalModel): OnnxConstant[] {
  const { baseline, deviation, spread, windowRows, healthyBelow } = model;
  const channels = baseline.length;
  const offsetMax = DEVIATIONS_MAX * Math.max(...deviation);
  const repeats = windowRows * channels > REPEATED_VALUES_MAX ? 1 : windowRows;
  const baselines = Float64Array.from({ length: repeats * channels }, (_, k) => at(baseline, k % channels));
  return [
    floats('learnedBaseline', [channels], baseline),
    floats('learnedBaselines', [repeats, channels], baselines),
    floats('learnedSpread', [channels], spread),
    floats('contrastOf', [3 * channels, channels], contrastOf(model)),
    floats('expectationOf', [channels, channels], expectationOf(model)),
    floats('whitening', [channels, channels], whiteningOf(model)),
    floats('levelWhitening', [channels, channels], levelWhitening(model)),
    wholes('firstAxis', [0]),
    wholes('secondAxis', [1]),
    wholes('windowsShape', [WINDOWS, 1, windowRows, channels]),
    wholes('meansShape', [WINDOWS, channels]),
    wholes('newest', MEMORY_WINDOWS),
    wholes('nearAgo', MEMORY_WINDOWS - NEAR_WINDOWS),
    scalar('zero', 0),
    scalar('one', 1),
    scalar('offsetMin', -offsetMax),
    scalar('offsetMax', offsetMax),
    scalar('shareMin', COVERAGE_MIN),
    scalar('healthySquare', healthyBelow ** 2),
    scalar('excursionMin', DOUBT_MIN),
    scalar('excursionMax', DOUBT_MIN * HYSTERESIS.max),
  ];
}

/** What only the short way needs. */
export function wholeConstants(model: NormalModel): OnnxConstant[] {
  const channels = model.baseline.length;
  const sizeMax = (DEVIATIONS_MAX * Math.max(...model.deviation)) ** 2;
  const whitened = product(contrastOf(model), whiteningOf(model), channels);
  return [floats('whitenedContrastOf', [3 * channels, channels], whitened), scalar('sizeMax', sizeMax)];
}

/** Wᵀ, made larger by the least doubt that it will be divided by. */
function whiteningOf({ whitening, drift }: NormalModel): Float64Array {
  return transposed(whitening, drift.length).map((value) => DOUBT_MIN * value);
}

/** Of the newest m, near and the sum of the healthy windows, one after the other, makes d in deviations. */
function contrastOf({ deviation, drift, baselineWeight }: NormalModel): Float64Array {
  const size = drift.length;
  const parts = [
    () => 1,
    (column: number) => -at(drift, column),
    (column: number) => -(1 - at(drift, column)) / (baselineWeight + WINDOWS),
  ];
  return Float64Array.from({ length: 3 * size * size }, (_, k) => {
    const [row, column] = [Math.floor(k / size), k % size];
    const weight = row % size === column ? parts[Math.floor(row / size)]?.(column) : 0;
    return (weight ?? 0) / at(deviation, column);
  });
}

/** In column j what the others let expect of channel j: with P = WᵀW, the inverse of a covariance, −P_kj / P_jj. */
function expectationOf({ whitening, drift }: NormalModel): Float64Array {
  const size = drift.length;
  const precision = product(transposed(whitening, size), whitening, size);
  const diagonal = diagonalOf(precision, size);
  return precision.map((value, k) => (k % (size + 1) === 0 ? 0 : -value / at(diagonal, k % size)));
}

/** (W·(1 − ρ))ᵀ, for means that lie in rows. */
function levelWhitening({ whitening, deviation, drift }: NormalModel): Float64Array {
  const size = drift.length;
  return transposed(whitening, size).map((value, k) => {
    const column = Math.floor(k / size);
    return ((1 - at(drift, column)) * value) / at(deviation, column);
  });
}

export function stateConstants({ states, baseline, windowRows }: NormalModel): OnnxConstant[] {
  const { count, centres, widths } = states;
  const channels = baseline.length;
  const rows = WINDOWS * windowRows;
  const offsets = centres.map((centre, k) => centre - at(baseline, k % channels));
  /** [channels, states] of [states, channels]. */
  const byChannel = (scaled: (offset: number, width: number) => number) =>
    offsets.map((_, k) => {
      const [channel, state] = [Math.floor(k / count), k % count];
      return scaled(at(offsets, state * channels + channel), at(widths, channel));
    });
  const products = byChannel((offset, width) => (2 * offset) / width ** 2);
  const squares = byChannel((offset, width) => (offset / width) ** 2);
  return [
    floats('centre', [count, channels], centres),
    floats('centreOffset', [count, channels], offsets),
    floats('centreProduct', [channels, count], products),
    floats('centreSquare', [channels, count], squares),
    wholes('rowBefore', [0, ...Array.from({ length: rows - 1 }, (_, row) => row)]),
    wholes('newestRow', rows - 1),
    wholes('rowsShape', [rows, channels]),
    wholes('seriesShape', [1, 1, rows]),
    wholes('columnShape', [rows, 1]),
  ];
}

export function floats(name: string, shape: readonly number[], values: Float64Array): OnnxConstant {
  return { name, shape, values: Float32Array.from(values) };
}

export function scalar(name: string, value: number): OnnxConstant {
  return { name, shape: [], values: Float32Array.of(value) };
}

/** Whole numbers: a list, or one as a scalar. */
export function wholes(name: string, values: readonly number[] | number): OnnxConstant {
  const shape = typeof values === 'number' ? [] : [values.length];
  return { name, shape, values: BigInt64Array.from([values].flat(), BigInt) };
}
