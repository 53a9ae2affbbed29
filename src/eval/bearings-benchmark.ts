import { join } from 'node:path';
import { formatBearings } from './bearing-table.ts';
import { evaluateBearings } from './bearings.ts';
import type { Benchmark } from './benchmark.ts';

const SHIPPED = join(import.meta.dirname, '../../models/bearing');

/** Rows count at the rate of the model. */
const RATE_HZ = 12_000;

/** The shipped classifier on real bearing recordings that were not used to train it; a row is a window. */
export const bearingsBenchmark: Benchmark = async (dir) => {
  const { figures, windows } = await evaluateBearings(dir, SHIPPED);
  const rows = windows.map(({ file, row, score }) => {
    return { file, row, time: (row / RATE_HZ).toFixed(3), score, isAlarm: score >= 1 };
  });
  return { figures, table: formatBearings(figures), rows };
};
