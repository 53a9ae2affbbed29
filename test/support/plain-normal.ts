import type { NormalModel } from '../../src/learn/fit.ts';

/**
 * The verdict of a learned model the plain way: loops over readings in double precision, as the head of src/learn/fit.ts
 * says it, and by none of the tricks of the graph. Absent channels are found by solving for them.
 */

const MEMORY_WINDOWS = 15;
const NEAR_WINDOWS = 10;

export interface PlainVerdict {
  readonly score: number;
  readonly value: readonly number[];
  readonly baseline: readonly number[];
  readonly share: readonly number[];
}

/** @param readings of the memory and the newest window, row by row, NaN where there is none */
export function plainVerdict(model: NormalModel, readings: Float32Array): PlainVerdict {
  const { windowRows, drift, baselineWeight, healthyBelow } = model;
  const channels = [...model.baseline.keys()];
  const rows = rowsOf(readings, channels.length);
  const judged = settledResiduals(model, rows);
  const windows = Array.from({ length: MEMORY_WINDOWS + 1 }, (_, k) =>
    meansOf(judged.slice(k * windowRows, (k + 1) * windowRows)),
  );
  const standardised = windows.map(({ means }) => means.map((mean, i) => mean / get(model.deviation, i)));
  const levels = standardised.map((mean) => Math.hypot(...times(model.whitening, steadyPart(mean, drift))));
  const newest = standardised.at(-1) ?? [];
  const present = windows.at(-1)?.isEnough ?? [];
  const nearAt = MEMORY_WINDOWS - NEAR_WINDOWS;
  const contrast = channels.map((i) => {
    const taught = standardised.map((mean, k) => (get(levels, k) < healthyBelow ? get(mean, i) : 0));
    const far = taught.reduce((sum, mean) => sum + mean, 0) / (baselineWeight + MEMORY_WINDOWS + 1);
    const near = windows[nearAt]?.isEnough[i] ? get(standardised[nearAt] ?? [], i) : get(newest, i);
    return get(newest, i) - get(drift, i) * near - (1 - get(drift, i)) * far;
  });
  const parts = times(model.whitening, completed(model.whitening, contrast, present));
  const excursion = Math.hypot(...levels) / Math.sqrt(levels.length);
  const own = parts.map((part, i) => (present[i] ? part : 0));
  const length = Math.hypot(...own);
  return {
    score: Math.hypot(...parts) / Math.min(10, Math.max(1, 0.1 * excursion)),
    value: seenMeans(model, rows.slice(-windowRows)),
    baseline: channels.map((i) =>
      get(model.states.centres, stateOf(model, rows.at(-1) ?? []) * channels.length + i),
    ),
    share: own.map((part) => (length === 0 ? 0 : (part / length) ** 2)),
  };
}

/** Distance of every reading from the centre of its state; NaN where there is none or the state has not settled. */
function settledResiduals(model: NormalModel, rows: readonly number[][]): number[][] {
  const states = rows.map((row) => stateOf(model, row));
  const settling = Math.ceil((2 / 3) * model.windowRows);
  const isSettled = (at: number) =>
    Array.from({ length: settling }, (_, k) => at - k).every((k) => k <= 0 || states[k] === states[k - 1]);
  return rows.map((row, at) => {
    const isKnown = model.states.count === 1 || isSettled(at);
    const centre = (i: number) => get(model.states.centres, get(states, at) * row.length + i);
    return row.map((value, i) => (isKnown ? value - centre(i) : Number.NaN));
  });
}

function stateOf({ states }: NormalModel, row: readonly number[]): number {
  const distances = Array.from({ length: states.count }, (_, state) => {
    const parts = row.map((value, i) => {
      const offset = value - get(states.centres, state * row.length + i);
      return Number.isNaN(value) ? 0 : (offset / get(states.widths, i)) ** 2;
    });
    return parts.reduce((sum, part) => sum + part, 0);
  });
  return distances.indexOf(Math.min(...distances));
}

/** Means over one window, and which channels hold half of it; one that holds less counts towards 0. */
function meansOf(rows: readonly number[][]) {
  const held = (rows[0] ?? []).map((_, i) =>
    rows.map((row) => get(row, i)).filter((value) => !Number.isNaN(value)),
  );
  return {
    means: held.map((values) => sum(values) / Math.max(values.length, rows.length / 2)),
    isEnough: held.map((values) => values.length >= rows.length / 2),
  };
}

/** What people read: the plain mean, towards the baseline where less than half is held. */
function seenMeans({ baseline }: NormalModel, rows: readonly number[][]): number[] {
  const { means } = meansOf(rows.map((row) => row.map((value, i) => value - get(baseline, i))));
  return means.map((mean, i) => mean + get(baseline, i));
}

function steadyPart(mean: readonly number[], drift: Float64Array): number[] {
  return mean.map((value, i) => (1 - get(drift, i)) * value);
}

/** Fills the absent channels with what makes |W·d| least: (WᵀW)_aa · d_a = −(WᵀW)_ap · d_p, by elimination. */
function completed(
  whitening: Float64Array,
  contrast: readonly number[],
  present: readonly boolean[],
): number[] {
  const size = contrast.length;
  const known = contrast.map((value, i) => (present[i] ? value : 0));
  const absent = [...present.keys()].filter((i) => !present[i]);
  const column = (j: number) => Array.from({ length: size }, (_, k) => get(whitening, k * size + j));
  const dot = (a: readonly number[], b: readonly number[]) => sum(a.map((value, k) => value * get(b, k)));
  const target = times(whitening, known);
  const system = absent.map((i) => [
    ...absent.map((j) => dot(column(i), column(j))),
    -dot(column(i), target),
  ]);
  const solution = eliminated(system);
  return known.map((value, i) => (present[i] ? value : get(solution, absent.indexOf(i))));
}

/** Gauss–Jordan of a positive definite system with its right side as the last column. */
function eliminated(system: readonly number[][]): number[] {
  let rows = system.map((row) => [...row]);
  for (let pivot = 0; pivot < rows.length; pivot++) {
    const scaled = (rows[pivot] ?? []).map((value, _, row) => value / get(row, pivot));
    rows = rows.map((row, i) =>
      i === pivot ? scaled : row.map((value, k) => value - get(row, pivot) * get(scaled, k)),
    );
  }
  return rows.map((row) => row.at(-1) ?? Number.NaN);
}

function times(matrix: Float64Array, vector: readonly number[]): number[] {
  return vector.map((_, i) => sum(vector.map((value, j) => get(matrix, i * vector.length + j) * value)));
}

function rowsOf(readings: Float32Array, width: number): number[][] {
  return Array.from({ length: readings.length / width }, (_, row) => [
    ...readings.subarray(row * width, (row + 1) * width),
  ]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function get(values: ArrayLike<number>, index: number): number {
  return values[index] ?? Number.NaN;
}
