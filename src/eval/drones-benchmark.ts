import { join } from 'node:path';
import type { Benchmark } from './benchmark.ts';
import { type DroneFigures, formatDrones } from './drone-table.ts';
import { evaluatePropellers } from './drones-propeller.ts';

/** Real flights with damaged propellers; a row is a window. */
export const dronesBenchmark: Benchmark<DroneFigures> = async (dir, tools) => {
  const propellers = await evaluatePropellers(join(dir, 'real'), tools);
  const figures = { benchmark: 'ArduPilot flights', propellers: propellers.figures };
  const rows = propellers.windows.map(({ file, row, seconds, score, gradeMm }) => {
    const label = gradeMm === undefined ? '' : `${gradeMm} mm`;
    return { file: join('real', file), row, time: seconds.toFixed(1), score, isAlarm: score >= 1, label };
  });
  return { figures, table: formatDrones(figures), rows };
};
