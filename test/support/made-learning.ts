import { MEMORY_WINDOWS } from '../../src/config/schema.ts';
import { fitNormal, type NormalModel } from '../../src/learn/fit.ts';
import { FieldnoteError } from '../../src/system/errors.ts';
import { plainVerdict } from './plain-normal.ts';

export const WINDOW_ROWS = 10;

/** What a channel shows in a row. */
export type Cell = (row: number, column: number) => number;

/** Noise between −1 and 1 that repeats itself from run to run (mulberry32). */
export function noise(row: number, column: number): number {
  let state = Math.imul(row * 64 + column + 1, 0x6d2b79f5);
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 2 ** 31 - 1;
}

export function learn(
  cell: Cell,
  { rows = 200, width = 2, windowRows = WINDOW_ROWS, sensitivity = 1 } = {},
): NormalModel {
  const data = Float32Array.from({ length: rows * width }, (_, k) => cell(Math.floor(k / width), k % width));
  const channels = Array.from({ length: width }, (_, column) => `channel${column}`);
  return fitNormal({ data, channels, windowRows, sensitivity });
}

/** Score of the window that ends before a row, with the memory before it. */
export function scoreAt(model: NormalModel, cell: Cell, end: number): number {
  const width = model.baseline.length;
  const rows = (1 + MEMORY_WINDOWS) * model.windowRows;
  const readings = Float32Array.from({ length: rows * width }, (_, k) => {
    const row = end - rows + Math.floor(k / width);
    return row < 0 ? Number.NaN : cell(row, k % width);
  });
  return plainVerdict(model, readings).score;
}

export function largestScore(
  model: NormalModel,
  cell: Cell,
  { from = WINDOW_ROWS, to = 200, step = 1 } = {},
): number {
  return Math.max(
    ...Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, k) =>
      scoreAt(model, cell, from + k * step),
    ),
  );
}

/** As the cell, but from a row on a column is moved. */
export function moved(
  cell: Cell,
  { row: from, column: which, by }: { row: number; column: number; by: number },
): Cell {
  return (row, column) => cell(row, column) + (row >= from && column === which ? by : 0);
}

/** What an attempt fails with. */
export function failureOf(attempt: () => unknown): FieldnoteError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof FieldnoteError) return error;
    throw error;
  }
  throw new Error('did not fail');
}
