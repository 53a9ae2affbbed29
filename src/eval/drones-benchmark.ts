import { join } from 'node:path';
import type { Benchmark, ScoredRow } from './benchmark.ts';
import { checkFolder } from './benchmark-files.ts';
import { type DroneFigures, formatDrones } from './drone-table.ts';
import { evaluateMotors } from './drones-motor.ts';
import { evaluatePropellers } from './drones-propeller.ts';
import type { StoppedFlight } from './motor-scores.ts';
import type { CalledFlightWindow } from './propeller-scores.ts';

/** Motors that fail in simulated flights, a row each, and damaged propellers in real ones, a row for each window. */
export const dronesBenchmark: Benchmark<DroneFigures> = async (dir, tools) => {
  await checkFolder(dir, { benchmark: 'drones', needed: ['real', 'sitl'] });
  const motors = await evaluateMotors(dir, tools);
  const { goodOnly, ...propellers } = await evaluatePropellers(join(dir, 'real'), tools);
  const figures = { benchmark: 'ArduPilot flights', motors, propellers: propellers.figures, goodOnly };
  const rows = [...motors.flights.map(motorRow), ...propellers.windows.map(propellerRow)];
  return { figures, table: formatDrones(figures), rows };
};

/** Its time is that of the finding, since the motor was stopped. */
function motorRow({ file, onsetMs, found }: StoppedFlight): ScoredRow {
  const seconds = ((found?.timeMs ?? Number.NaN) - onsetMs) / 1000;
  const label = found?.motor === undefined ? '' : `motor ${found.motor}`;
  const [isAlarm, score] = [found !== undefined, Number.NaN];
  return { file: join('sitl', file), row: 0, time: seconds.toFixed(3), score, isAlarm, label };
}

function propellerRow({ file, row, seconds, score, gradeMm }: CalledFlightWindow): ScoredRow {
  const label = gradeMm === undefined ? '' : `${gradeMm} mm`;
  return { file: join('real', file), row, time: seconds.toFixed(1), score, isAlarm: score >= 1, label };
}
