import { join } from 'node:path';
import { formatBearings } from './bearing-table.ts';
import { type BearingFigures, evaluateBearings } from './bearings.ts';
import type { Benchmark } from './benchmark.ts';

const SHIPPED = join(import.meta.dirname, '../../models/bearing');

/** The shipped classifier on real bearing recordings that were not used to train it; a row is a window. */
export const bearingsBenchmark: Benchmark<BearingFigures> = async (dir, tools) => {
  const { figures, windows } = await evaluateBearings(dir, { modelDir: SHIPPED, ...tools });
  const rows = windows.map(({ file, row, seconds, score, call }) => {
    return { file, row, time: seconds.toFixed(3), score, isAlarm: score >= 1, label: call };
  });
  return { figures, table: formatBearings(figures), rows };
};
