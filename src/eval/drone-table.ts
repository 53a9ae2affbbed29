import { tableOf } from './board.ts';
import type { PropellerFigures } from './drones-propeller.ts';

export interface DroneFigures {
  readonly benchmark: string;
  readonly propellers: readonly PropellerFigures[];
}

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

/** The figures of the drone benchmark for a terminal, line by line. */
export function formatDrones({ benchmark, propellers }: DroneFigures): readonly string[] {
  return [
    `${benchmark}: measured`,
    '',
    'Propellers cut by 20 mm and more, windows of 5 s of real flights; no flight on both sides.',
    ...tableOf(TRANSFER_COLUMNS, propellers.map(transferLine)),
    ...['', 'flight by flight, of the first two:'],
    ...tableOf(FLIGHT_COLUMNS, propellers.slice(0, 2).flatMap(flightLines)),
  ];
}

function transferLine({ trained, tested, ...scores }: PropellerFigures) {
  const { windows, f1, alwaysF1, accuracy, mostFrequentShare } = scores;
  return {
    name: `trained on ${trained}, tested on ${tested}`,
    figures: [windows, f1, alwaysF1, accuracy, mostFrequentShare],
  };
}

function flightLines({ flights }: PropellerFigures) {
  return flights.map(({ file, damageMm, windows, alarms, gradeMm = Number.NaN }) => {
    return { name: `  ${file}`, figures: [damageMm, windows, alarms, gradeMm] };
  });
}
