import { BEARING_LABELS, type BearingScores } from './bearing-scores.ts';
import type { BearingFigures } from './bearings.ts';

const CALLS = [...BEARING_LABELS, 'unsure'] as const;
const NAME_WIDTH = 20;
const CELL_WIDTH = 12;

/** The figures of the bearing benchmark for a terminal, line by line. */
export function formatBearings(figures: BearingFigures): readonly string[] {
  const { scores, alwaysOuterRace, neverFaulty, perFaultInches, perFile } = figures;
  return [
    `${figures.benchmark}, ${figures.files} files: ${figures.protocol}`,
    '',
    line('', ['macro-F1', 'accuracy', 'unsure', 'false', 'of healthy', 'alarms', 'of faulty']),
    summary('Fieldnote', scores),
    ...perFaultInches.map(({ inches, scores: some }) => summary(`  ${inches} inch`, some)),
    summary('always outer race', alwaysOuterRace),
    summary('never faulty', neverFaulty),
    '',
    'macro-F1: mean over the labels that occur, "unsure" counts as a miss; false: healthy windows called faulty',
    '',
    line('called', CALLS),
    ...BEARING_LABELS.map((truth) => row(truth, scores.confusion[truth])),
    '',
    ...perFile.map((file) => row(file.file.replace('.f32', ''), file.scores.confusion[file.truth])),
  ];
}

function summary(name: string, scores: BearingScores): string {
  return line(name, [
    scores.macroF1.toFixed(3),
    scores.accuracy.toFixed(3),
    scores.unsureShare.toFixed(3),
    String(scores.healthyCalledFaulty),
    String(scores.healthyWindows),
    String(scores.faultyAlarms),
    String(scores.faultyWindows),
  ]);
}

function row(name: string, calls: Readonly<Record<(typeof CALLS)[number], number>>): string {
  return line(
    name,
    CALLS.map((call) => String(calls[call])),
  );
}

function line(name: string, cells: readonly string[]): string {
  return name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(CELL_WIDTH)).join('');
}
