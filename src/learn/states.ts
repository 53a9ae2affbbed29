import type { ChannelScale } from './channel-scale.ts';
import { at } from './linear-algebra.ts';

/**
 * States of operation, such as off, on and fast: groups of rows that lie clearly apart and last. Each reading is then
 * judged by what is normal in its state, and a change of state says nothing by itself.
 */
export interface States {
  readonly count: number;
  /** count × channels, in the unit of the channel. A channel that is the same in all of them has its mean in each. */
  readonly centres: Float64Array;
  /** Standard deviation of each channel within the states: what a distance from a centre is measured in. */
  readonly widths: Float64Array;
}

/** Two groups are apart when their centres are so many deviations (within them, along the line between) from each other. */
const APART = 8;
/** A channel knows of the states when its centres are so many of its deviations from each other. */
const CHANNEL_APART = 4;
/** In deviations of the channel over all states: none knows its state better than this. */
const WIDTH_MIN = 1e-3;
const SHARE_MIN = 0.05;
const COUNT_MAX = 8;
/** On average a state lasts at least so many windows; what flickers is no state. */
const LASTING_WINDOWS_MIN = 4;

/** More rows than this say nothing new about states. */
const ROWS_MAX = 20_000;
const ROUNDS_MAX = 20;

/** After a change of state this part of a window says nothing: motors run up, water comes to rest. */
const SETTLING = 2 / 3;

export function settlingRows(windowRows: number): number {
  return Math.ceil(SETTLING * windowRows);
}

/** @param data rows × scales.length readings, row by row, NaN where there is none */
export function findStates(data: Float32Array, scales: readonly ChannelScale[], windowRows: number): States {
  const { rows, step } = completeRows(data, scales);
  const groups = grouped(rows);
  const groupOf = new Map(groups.flatMap((group, index) => group.map((row) => [row, index] as const)));
  const changes = rows.filter((row, k) => k > 0 && groupOf.get(row) !== groupOf.get(rows[k - 1] ?? row));
  const lastingRows = (step * rows.length) / (changes.length + 1);
  const isLasting = groups.length > 1 && lastingRows >= LASTING_WINDOWS_MIN * windowRows;
  return statesOf(isLasting ? groups : [rows], scales);
}

/**
 * What is left of the readings when the centre of their state is taken off; gaps while the state has not settled.
 * @returns as `data`
 */
export function residuals(data: Float32Array, states: States, windowRows: number): Float32Array {
  const width = states.widths.length;
  const settling = settlingRows(windowRows);
  const left = new Float32Array(data.length).fill(Number.NaN);
  let [before, settledAt] = [-1, 0];
  for (let row = 0; row < data.length / width; row++) {
    const state = stateAt(data.subarray(row * width, (row + 1) * width), states);
    if (row > 0 && state !== before) settledAt = row + settling;
    before = state;
    for (let column = 0; row >= settledAt && column < width; column++)
      left[row * width + column] =
        at(data, row * width + column) - at(states.centres, state * width + column);
  }
  return left;
}

/** The state whose centre is nearest; gaps do not count. */
function stateAt(row: Float32Array, { count, centres, widths }: States): number {
  let [nearest, least] = [0, Number.POSITIVE_INFINITY];
  for (let state = 0; state < count; state++) {
    const distance = row.reduce((sum, value, column) => {
      const offset = (value - at(centres, state * widths.length + column)) / at(widths, column);
      return Number.isNaN(offset) ? sum : sum + offset * offset;
    }, 0);
    if (distance < least) [nearest, least] = [state, distance];
  }
  return nearest;
}

/** Standardised rows without gaps, evenly taken, and from how many one was taken. */
function completeRows(data: Float32Array, scales: readonly ChannelScale[]) {
  const width = scales.length;
  const step = Math.ceil(data.length / width / ROWS_MAX);
  const rows: Float64Array[] = [];
  for (let start = 0; start < data.length; start += step * width) {
    const row = Float64Array.from(
      scales,
      ({ baseline, deviation }, i) => (at(data, start + i) - baseline) / deviation,
    );
    if (!row.some(Number.isNaN)) rows.push(row);
  }
  return { rows, step };
}

type Rows = readonly Float64Array[];

/** Bisects by 2-means until no two halves are apart. */
function grouped(rows: Rows): Rows[] {
  const open: Rows[] = [rows];
  const groups: Rows[] = [];
  for (let group = open.pop(); group !== undefined; group = open.pop()) {
    const halves = groups.length + open.length + 2 <= COUNT_MAX ? halvesOf(group) : undefined;
    if (halves?.every((half) => half.length >= SHARE_MIN * rows.length) && areApart(halves))
      open.push(...halves);
    else groups.push(group);
  }
  return groups;
}

/** 2-means, begun on both sides of the mean of the channel that varies most; undefined where there is only one side. */
function halvesOf(rows: Rows): readonly [Rows, Rows] | undefined {
  const mean = meanOf(rows);
  const variances = mean.map((centre, i) => rows.reduce((sum, row) => sum + (at(row, i) - centre) ** 2, 0));
  const axis = variances.indexOf(Math.max(...variances));
  let halves = parted(rows, (row) => at(row, axis) > at(mean, axis));
  for (let round = 0; round < ROUNDS_MAX; round++) {
    if (halves[0].length === 0 || halves[1].length === 0) return undefined;
    const [low, high] = [meanOf(halves[0]), meanOf(halves[1])];
    const line = high.map((value, i) => value - at(low, i));
    const middle = (along(low, line) + along(high, line)) / 2;
    const next = parted(rows, (row) => along(row, line) > middle);
    if (next[1].length === halves[1].length) break;
    halves = next;
  }
  return halves;
}

function areApart([low, high]: readonly [Rows, Rows]): boolean {
  const [lowMean, highMean] = [meanOf(low), meanOf(high)];
  const line = highMean.map((value, i) => value - at(lowMean, i));
  const squares = (rows: Rows, mean: Float64Array) =>
    rows.reduce((sum, row) => sum + (along(row, line) - along(mean, line)) ** 2, 0);
  const within = Math.sqrt((squares(low, lowMean) + squares(high, highMean)) / (low.length + high.length));
  return along(line, line) > APART * within;
}

function statesOf(groups: readonly Rows[], scales: readonly ChannelScale[]): States {
  const width = scales.length;
  const total = groups.reduce((sum, rows) => sum + rows.length, 0);
  const means = groups.map(meanOf);
  const centres = new Float64Array(groups.length * width);
  const widths = Float64Array.from(scales, ({ baseline, deviation }, column) => {
    const levels = means.map((mean) => at(mean, column));
    const squares = groups.map((rows, state) =>
      rows.reduce((sum, row) => sum + (at(row, column) - at(means[state] ?? row, column)) ** 2, 0),
    );
    const within = Math.sqrt(squares.reduce((sum, part) => sum + part, 0) / total);
    const knows = Math.max(...levels) - Math.min(...levels) >= CHANNEL_APART * within && groups.length > 1;
    levels.forEach((level, state) => {
      centres[state * width + column] = baseline + (knows ? level * deviation : 0);
    });
    return deviation * (knows ? Math.max(within, WIDTH_MIN) : 1);
  });
  return { count: groups.length, centres, widths };
}

function meanOf(rows: Rows): Float64Array {
  const sums = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) for (let i = 0; i < sums.length; i++) sums[i] = at(sums, i) + at(row, i);
  return sums.map((sum) => sum / rows.length);
}

function parted(rows: Rows, isHigh: (row: Float64Array) => boolean): [Rows, Rows] {
  return [rows.filter((row) => !isHigh(row)), rows.filter(isHigh)];
}

function along(row: Float64Array, line: Float64Array): number {
  return row.reduce((sum, value, i) => sum + value * at(line, i), 0);
}
