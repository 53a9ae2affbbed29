import { join } from 'node:path';
import { LimitWatch } from '../judge/flight/limit-watch.ts';
import { MotorFailureDetector } from '../judge/flight/motor-failure.ts';
import type { MotorFailure } from '../values/flight-finding.ts';
import { FRAMES, type Frame } from '../values/frame.ts';
import type { Sample } from '../values/sample.ts';
import type { BenchmarkTools } from './benchmark.ts';
import { listFiles, notOfBenchmark } from './benchmark-files.ts';
import { readFlight, readLog, timeOf } from './flight-windows.ts';
import { autopilotScores, type MotorScores, motorScores, type StoppedFlight } from './motor-scores.ts';
import { readMotorStops } from './motor-stops.ts';

export interface MotorFigures {
  readonly scores: MotorScores;
  /** What the autopilot's own thrust loss check says about the same flights. */
  readonly autopilot: MotorScores;
  readonly flights: readonly StoppedFlight[];
  /** Real flights, in none of which a motor failed, and findings in them. */
  readonly real: { readonly flights: number; readonly alarms: number };
  /** Findings of the published limits where nothing was wrong: before the stops, and in real flights with good propellers. */
  readonly limits: { readonly beforeStop: number; readonly good: number; readonly goodFlights: number };
}

/** Of the real flights; a log of a simulated one says it itself. */
const REAL_FRAME: Frame = 'quad-x';

/**
 * Lets the detector of the daemon hear flights record by record, without any output of a motor: that of a stopped one
 * jumps to a constant, which is how it was stopped and no physics. Parameters, messages, errors and the simulator's own
 * records are no channels of a flight at all.
 * @param dir holds the folders sitl and real
 * @throws FieldnoteError RECORDING_UNREADABLE
 */
export async function evaluateMotors(dir: string, tools: BenchmarkTools): Promise<MotorFigures> {
  const flights: StoppedFlight[] = [];
  const limits = { beforeStop: 0, good: 0, goodFlights: 0 };
  for (const file of await logsIn(join(dir, 'sitl'))) {
    tools.progress(file);
    const { flight, samples } = await stoppedFlight(join(dir, 'sitl'), file);
    flights.push(flight);
    limits.beforeStop += limitFindings(samples.filter((sample) => timeOf(sample) < flight.onsetMs));
  }
  const real = { flights: 0, alarms: 0 };
  for (const file of await logsIn(join(dir, 'real'))) {
    tools.progress(file);
    const samples = await readFlight(join(dir, 'real', file));
    real.flights++;
    real.alarms += findingsIn(samples, REAL_FRAME).length;
    if (!/-good-/i.test(file)) continue;
    limits.goodFlights++;
    limits.good += limitFindings(samples);
  }
  return { scores: motorScores(flights), autopilot: autopilotScores(flights), flights, real, limits };
}

async function stoppedFlight(dir: string, file: string) {
  const path = join(dir, file);
  const { stops, impactMs, autopilotMs, frame } = readMotorStops(await readLog(path));
  const [first] = stops;
  if (first === undefined || impactMs === undefined || frame === undefined)
    throw notOfBenchmark(dir, file, 'a quadcopter, a motor that is stopped, and an impact');
  const samples = await readFlight(path);
  const [found] = findingsIn(samples, frame);
  const motors = stops.map(({ motor }) => motor);
  const flight: StoppedFlight = { file, motors, onsetMs: first.timeMs, impactMs, found, autopilotMs };
  return { flight, samples };
}

function limitFindings(samples: readonly Sample[]): number {
  const watch = new LimitWatch();
  return samples.flatMap((sample) => watch.push({ ...sample, timeMs: timeOf(sample) })).length;
}

function findingsIn(samples: readonly Sample[], frame: Frame): readonly MotorFailure[] {
  const detector = new MotorFailureDetector(FRAMES[frame]);
  return samples
    .filter(({ names }) => !names.some((name) => name.startsWith('motor.')))
    .flatMap((sample) => detector.push({ ...sample, timeMs: timeOf(sample) }));
}

async function logsIn(dir: string): Promise<readonly string[]> {
  return (await listFiles(dir)).filter((name) => /\.bin$/i.test(name));
}
