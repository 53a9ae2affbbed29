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

/** Two groups are apart when a channel has their centres so many of its deviations within them from each other. */
const APART = 8;
/** A channel knows of the states when its centres are so many of its deviations from each other. */
const CHANNEL_APART = 4;
/** In deviations of the channel over all states: none knows its state better than this. */
const WIDTH_MIN = 1e-3;
/** A state was there for so much of the time; less is odd itself, see fit.ts. */
const SHARE_MIN = 0.01;
/** Each time it comes a state lasts at least so many windows on average; what flickers is no state. */
const LASTING_WINDOWS_MIN = 4;

/** More rows than this say nothing new about states. */
const ROWS_MAX = 5000;
/** Pieces that the rows are cut into before those that belong together are joined. */
const PIECES = 16;
const ROUNDS_MAX = 20;

/** After a change of state this part of a window says nothing: motors run up, water comes to rest. */
const SETTLING = 2 / 3;

export function settlingRows(windowRows: number): number {
  return Math.ceil(SETTLING * windowRows);
}

/** @param data rows × scales.length readings, row by row, NaN where there is none */
export function findStates(data: Float32Array, scales: readonly ChannelScale[], windowRows: number): States {
  const { rows, step } = completeRows(data, scales);
  const order = new Map(rows.map((row, index) => [row, index]));
  const countMin = SHARE_MIN * rows.length;
  const lastingMin = (LASTING_WINDOWS_MIN * windowRows) / step;
  const isState = (group: Rows) => group.length >= Math.max(countMin, lastingMin * visitsOf(group, order));
  return statesOf(grouped(rows, isState), scales);
}

/** How often the machine came to be in a group. */
function visitsOf(group: Rows, order: ReadonlyMap<Float64Array, number>): number {
  const indices = group.map((row) => order.get(row) ?? 0).sort((a, b) => a - b);
  return indices.filter((index, k) => index !== (indices[k - 1] ?? Number.NaN) + 1).length;
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

/** Cuts the rows into pieces, the most scattered first, and joins what is not apart, the nearest first. */
function grouped(rows: Rows, isState: (group: Rows) => boolean): Rows[] {
  let groups: Rows[] = [rows];
  for (let count = 1; count < PIECES; count++) groups = withLargestHalved(groups);
  for (let pair = nearestPair(groups, isState); pair !== undefined; pair = nearestPair(groups, isState)) {
    const [one, other] = pair;
    groups = [...groups.filter((group) => group !== one && group !== other), [...one, ...other]];
  }
  return groups;
}

function withLargestHalved(groups: readonly Rows[]): Rows[] {
  const scatters = groups.map(scatterOf);
  const largest = scatters.indexOf(Math.max(...scatters));
  return groups.flatMap((group, index) => (index === largest && halvesOf(group)) || [group]);
}

/** The two groups to be joined first: those least apart, if they are not apart or one of them is no state. */
function nearestPair(groups: readonly Rows[], isState: (group: Rows) => boolean): [Rows, Rows] | undefined {
  const passing = new Set(groups.filter((group) => !isState(group)));
  const pairs = groups.flatMap((one, index) =>
    groups.slice(index + 1).map((other) => ({ one, other, apart: apartness(one, other) })),
  );
  const joinable = pairs.filter(
    ({ one, other, apart }) => apart <= APART || passing.has(one) || passing.has(other),
  );
  const nearest = joinable.sort((a, b) => a.apart - b.apart)[0];
  return nearest && [nearest.one, nearest.other];
}

/** 2-means, begun on both sides of the mean of the channel that varies most; undefined where there is only one side. */
function halvesOf(rows: Rows): [Rows, Rows] | undefined {
  const mean = meanOf(rows);
  const squares = squaresOf(rows, mean);
  const axis = squares.indexOf(Math.max(...squares));
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

/** Distance of the centres in the channel that knows best, in its deviations within the groups. */
function apartness(low: Rows, high: Rows): number {
  const [lowMean, highMean] = [meanOf(low), meanOf(high)];
  const [lowSquares, highSquares] = [squaresOf(low, lowMean), squaresOf(high, highMean)];
  const distances = lowMean.map((mean, i) => {
    const within = Math.sqrt((at(lowSquares, i) + at(highSquares, i)) / (low.length + high.length));
    return Math.abs(at(highMean, i) - mean) / Math.max(within, WIDTH_MIN);
  });
  return Math.max(...distances);
}

function scatterOf(rows: Rows): number {
  return squaresOf(rows, meanOf(rows)).reduce((sum, squares) => sum + squares, 0);
}

/** Sum of the squared distances from the mean, for each channel. */
function squaresOf(rows: Rows, mean: Float64Array): Float64Array {
  return mean.map((centre, i) => rows.reduce((sum, row) => sum + (at(row, i) - centre) ** 2, 0));
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
