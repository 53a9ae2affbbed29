import { BEARING_LABELS, type BearingScores } from './bearing-scores.ts';
import type { BearingFigures } from './bearings.ts';
import { type Line, tableOf } from './board.ts';

const CALLS = [...BEARING_LABELS, 'unsure'] as const;

const COLUMNS = [
  ['macro-F1', 3],
  ...BEARING_LABELS.map((label) => [label, 3] as const),
  ['accuracy', 3],
  ['unsure', 3],
  ['called faulty', 0],
  ['of healthy', 0],
  ['alarms', 0],
  ['of faulty', 0],
] as const;

/** Accuracy on one fault size of models that were trained on the other one. */
const HELD_OUT_COLUMNS = [
  ['0.007 inch', 3],
  ['0.021 inch', 3],
] as const;
const HELD_OUT: readonly Line[] = [
  { name: 'random forest', figures: [0.549, 0.76] },
  { name: 'logistic regression', figures: [0.212, 0.6] },
];

/** The figures of the bearing benchmark for a terminal, line by line. */
export function formatBearings(figures: BearingFigures): readonly string[] {
  const { scores, alwaysOuterRace, neverFaulty, perFaultInches, perFile } = figures;
  const lines = [
    summary('Fieldnote', scores),
    ...perFaultInches.map(({ inches, scores: some }) => summary(`  ${inches} inch`, some)),
    summary('always outer race', alwaysOuterRace),
    summary('never faulty', neverFaulty),
  ];
  const calls = [
    ...BEARING_LABELS.map((truth) => callLine(truth, scores.confusion[truth])),
    ...perFile.map(({ file, truth, scores: some }) => callLine(`  ${file}`, some.confusion[truth])),
  ];
  return [
    `${figures.benchmark}, ${figures.files} files: ${figures.protocol}`,
    ...['', ...tableOf(COLUMNS, lines)],
    'macro-F1: mean of the F1 of the labels that occur; "unsure" is a miss. called faulty: of the healthy windows.',
    ...[
      '',
      'windows by what they were called:',
      ...tableOf(
        CALLS.map((call) => [call, 0] as const),
        calls,
      ),
    ],
    '',
    'For comparison, the accuracy of models that saw this rig: trained on the other fault size, 60 features of windows of',
    '2048 samples. Splits that do not hold out a fault size give 1.000 and say nothing.',
    ...tableOf(HELD_OUT_COLUMNS, HELD_OUT),
  ];
}

function summary(name: string, scores: BearingScores): Line {
  const { macroF1, f1, accuracy, unsureShare, healthyCalledFaulty, healthyWindows } = scores;
  const f1s = BEARING_LABELS.map((label) => f1[label] ?? Number.NaN);
  const counts = [healthyCalledFaulty, healthyWindows, scores.faultyAlarms, scores.faultyWindows];
  return { name, figures: [macroF1, ...f1s, accuracy, unsureShare, ...counts] };
}

function callLine(name: string, calls: Readonly<Record<(typeof CALLS)[number], number>>): Line {
  return { name, figures: CALLS.map((call) => calls[call]) };
}
