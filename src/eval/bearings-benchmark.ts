import { join } from 'node:path';
import { formatBearings } from './bearing-table.ts';
import { evaluateBearings } from './bearings.ts';
import type { Benchmark } from './benchmark.ts';

const SHIPPED = join(import.meta.dirname, '../../models/bearing');

/** The shipped classifier on real bearing recordings that were not used to train it; a row is a window. */
export const bearingsBenchmark: Benchmark = async (dir) => {
  const { figures, windows } = await evaluateBearings(dir, SHIPPED);
  const rows = windows.map(({ file, row, score }) => ({ file, row, score, isAlarm: score >= 1 }));
  return { figures, table: formatBearings(figures), rows };
};
