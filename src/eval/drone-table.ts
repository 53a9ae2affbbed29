import { type Line, tableOf } from './board.ts';
import type { MotorFigures } from './drones-motor.ts';
import type { GoodOnlyFigures, PropellerFigures } from './drones-propeller.ts';
import type { MotorScores, StoppedFlight } from './motor-scores.ts';

export interface DroneFigures {
  readonly benchmark: string;
  readonly motors: MotorFigures;
  readonly propellers: readonly PropellerFigures[];
  readonly goodOnly: readonly GoodOnlyFigures[];
}

const MOTOR_COLUMNS = [
  ['flights', 0],
  ['found', 0],
  ['median s', 2],
  ['p90 s', 2],
  ['alone', 0],
  ['named', 0],
  ['first named', 0],
  ['false', 0],
] as const;

const STOP_COLUMNS = [
  ['delay s', 2],
  ['impact s', 2],
  ['named', 0],
  ['autopilot s', 2],
] as const;

const TRANSFER_COLUMNS = [
  ['windows', 0],
  ['F1', 3],
  ['always', 3],
  ['grade', 3],
  ['most frequent', 3],
] as const;

const FLIGHT_COLUMNS = [
  ['mm', 0],
  ['windows', 0],
  ['alarms', 0],
  ['called mm', 0],
] as const;

/** A random forest on 18 window means and deviations, same windows and splits. */
const FOREST: readonly Line[] = [
  { name: 'random forest, hover to line', figures: [44, 0.971, Number.NaN, 0.432] },
  { name: 'random forest, line to hover', figures: [112, 0.75, Number.NaN, 0.214] },
];

/** The figures of the drone benchmark for a terminal, line by line. */
export function formatDrones({ benchmark, motors, propellers, goodOnly }: DroneFigures): readonly string[] {
  return [
    `${benchmark}: measured; there is no public board for them`,
    '',
    'Motors stopped in simulated flights; no output of any motor is heard. found: before the impact; alone: flights with one',
    'stopped motor, and in how many it was named; first named: the first one stopped, in all; false: alarms before.',
    ...tableOf(MOTOR_COLUMNS, [
      motorLine('Fieldnote', motors.scores),
      motorLine('thrust loss check of ArduPilot', motors.autopilot),
    ]),
    `Alarms in ${motors.real.flights} real flights without such a failure: ${motors.real.alarms}`,
    `Published limits passed before the stops: ${motors.limits.beforeStop}, in ${motors.limits.goodFlights} real flights with good propellers: ${motors.limits.good}`,
    ...['', 'flight by flight, since the first motor was stopped:'],
    ...tableOf(STOP_COLUMNS, motors.flights.map(stopLine)),
    '',
    'Propellers cut by 20 mm and more, windows of 5 s of real flights, no flight on both sides. always: F1 of calling all of',
    'them damaged; grade: windows whose damage is called right, of five; most frequent: the share of the commonest one.',
    ...tableOf(TRANSFER_COLUMNS, [...propellers.map(transferLine), ...FOREST]),
    'The damage is confounded with the day: only good and 20 mm were flown on the same one.',
    '',
    'Trained on one good flight alone: share of windows of all other flights that are an alarm, by the damage in mm.',
    ...tableOf(gradeColumns(goodOnly), goodOnly.map(goodOnlyLine)),
    ...['', 'flight by flight, of the first two of the table before:'],
    ...tableOf(FLIGHT_COLUMNS, propellers.slice(0, 2).flatMap(flightLines)),
  ];
}

function motorLine(name: string, scores: MotorScores): Line {
  const { flights, found, delayMedianS, delayP90S, singles, singlesNamed, firstNamed, healthyAlarms } =
    scores;
  const figures = [flights, found, delayMedianS, delayP90S, singles, singlesNamed, firstNamed, healthyAlarms];
  return { name, figures };
}

function stopLine({ file, onsetMs, impactMs, found, autopilotMs }: StoppedFlight): Line {
  const since = (timeMs = Number.NaN) => (timeMs - onsetMs) / 1000;
  const named = found?.motor ?? Number.NaN;
  return { name: `  ${file}`, figures: [since(found?.timeMs), since(impactMs), named, since(autopilotMs)] };
}

function transferLine({ trained, tested, ...scores }: PropellerFigures): Line {
  const { windows, f1, alwaysF1, accuracy, mostFrequentShare } = scores;
  const figures = [windows, f1, alwaysF1, accuracy, mostFrequentShare];
  return { name: `trained on ${trained}, tested on ${tested}`, figures };
}

function gradeColumns(goodOnly: readonly GoodOnlyFigures[]) {
  return (goodOnly[0]?.grades ?? []).map(({ damageMm }) => [String(damageMm), 3] as const);
}

function goodOnlyLine({ trained, grades }: GoodOnlyFigures): Line {
  return { name: trained, figures: grades.map(({ windows, alarms }) => alarms / windows) };
}

function flightLines({ flights }: PropellerFigures): readonly Line[] {
  return flights.map(({ file, damageMm, windows, alarms, gradeMm = Number.NaN }) => {
    return { name: `  ${file}`, figures: [damageMm, windows, alarms, gradeMm] };
  });
}
