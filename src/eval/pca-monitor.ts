import { at, eigenSymmetric } from '../learn/linear-algebra.ts';
import { NORMAL_999, quantileF } from './distributions.ts';

/**
 * The best causal entry of the SKAB board, from the textbook: principal components of the learned rows, Hotelling's T²
 * of the scores and Q of the residual, each with its 99.9 % limit (F distribution; Jackson & Mudholkar, 1979) and a trailing
 * median of five. Here only to be scored on the same files as Fieldnote.
 */

const VARIANCE_KEPT = 0.85;
const CONFIDENCE = 0.999;
const MEDIAN_ROWS = 5;

type Rows = readonly (readonly number[])[];

/**
 * @param rows of one recording, each with as many values
 * @param learningRows so many of the first rows are learned
 * @returns for each row whether T² or Q is over its limit
 */
export function pcaAlarms(rows: Rows, learningRows: number): boolean[] {
  const standardised = standardise(rows, learningRows);
  const learned = standardised.slice(0, learningRows);
  const { kept, left } = componentsOf(learned);
  const project = (row: readonly number[], { vector }: Component) =>
    row.reduce((sum, value, i) => sum + value * (vector[i] ?? 0), 0);
  const squares = (row: readonly number[], components: readonly Component[], weigh: boolean) =>
    components.reduce((sum, component) => {
      return sum + project(row, component) ** 2 / (weigh ? component.variance : 1);
    }, 0);
  const t2 = trailingMedians(standardised.map((row) => squares(row, kept, true)));
  const q = trailingMedians(standardised.map((row) => squares(row, left, false)));
  const [t2Limit, qLimit] = [limitOfT2(kept.length, learningRows), limitOfQ(left)];
  return t2.map((value, row) => value > t2Limit || (q[row] ?? 0) > qLimit);
}

interface Component {
  readonly variance: number;
  readonly vector: readonly number[];
}

/** By mean and deviation of the learned rows; columns that were constant are left out. */
function standardise(rows: Rows, learningRows: number): number[][] {
  const columns = (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? 0));
  const scaled = columns.flatMap((column) => {
    const learned = column.slice(0, learningRows);
    const mean = learned.reduce((sum, value) => sum + value, 0) / learningRows;
    const variance = learned.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (learningRows - 1);
    return variance > 0 ? [column.map((value) => (value - mean) / Math.sqrt(variance))] : [];
  });
  return rows.map((_, row) => scaled.map((column) => column[row] ?? 0));
}

/** The components that hold 85 % of the variance, and those that are left. */
function componentsOf(learned: Rows): { kept: Component[]; left: Component[] } {
  const size = learned[0]?.length ?? 0;
  const covariance = Float64Array.from({ length: size * size }, (_, k) => {
    const [i, j] = [Math.floor(k / size), k % size];
    return learned.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0) / (learned.length - 1);
  });
  const { values, vectors } = eigenSymmetric(covariance, size);
  const components = Array.from(values, (variance, k) => ({
    variance,
    vector: Array.from({ length: size }, (_, i) => at(vectors, i * size + k)),
  })).sort((a, b) => b.variance - a.variance);
  let share = 0;
  const count =
    1 +
    components.findIndex(({ variance }) => {
      share += variance / size;
      return share >= VARIANCE_KEPT;
    });
  return { kept: components.slice(0, count), left: components.slice(count) };
}

function limitOfT2(components: number, rows: number): number {
  const factor = (components * (rows ** 2 - 1)) / (rows * (rows - components));
  return factor * quantileF(CONFIDENCE, components, rows - components);
}

function limitOfQ(left: readonly Component[]): number {
  const [t1, t2, t3] = [1, 2, 3].map((power) =>
    left.reduce((sum, { variance }) => sum + variance ** power, 0),
  ) as [number, number, number];
  if (t1 === 0) return Number.POSITIVE_INFINITY;
  const h = 1 - (2 * t1 * t3) / (3 * t2 ** 2);
  return t1 * (1 + (NORMAL_999 * Math.sqrt(2 * t2 * h ** 2)) / t1 + (t2 * h * (h - 1)) / t1 ** 2) ** (1 / h);
}

/** Of each value and the four before it, or as many as there are. */
function trailingMedians(values: readonly number[]): number[] {
  return values.map((_, row) => {
    const last = values.slice(Math.max(0, row + 1 - MEDIAN_ROWS), row + 1).sort((a, b) => a - b);
    const middle = last.length / 2;
    return ((last[Math.ceil(middle) - 1] ?? 0) + (last[Math.floor(middle)] ?? 0)) / 2;
  });
}
