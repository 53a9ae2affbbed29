import type { Benchmark } from './benchmark.ts';
import { tableOf } from './board.ts';
import { evaluateTep, ROW_MS, type TepRun, type TepScores, tepScores } from './tep.ts';

const COLUMNS = [
  ['delay rows', 0],
  ['detected %', 1],
  ['before %', 1],
] as const;

export type TepFigures = ReturnType<typeof figuresOf>;

export const tepBenchmark: Benchmark<TepFigures> = async (dir, tools) => {
  const runs = await evaluateTep(dir, tools);
  const figures = figuresOf(runs);
  const rows = runs.flatMap(({ file, rows }) =>
    rows.map((judged, row) => ({ file, row, time: String((row * ROW_MS) / 1000), ...judged })),
  );
  return { figures, table: linesOf(figures), rows };
};

function figuresOf(runs: readonly TepRun[]) {
  const saying = (isAlarm: boolean) =>
    tepScores(runs.map((run) => ({ ...run, rows: run.rows.map((row) => ({ ...row, isAlarm })) })));
  return {
    benchmark: 'Tennessee Eastman',
    protocol: 'd00 learned, test runs scored: faults begin at row 160; causal; one setting for all',
    ...tepScores(runs),
    alwaysAlarm: saying(true),
    neverAlarm: saying(false),
  };
}

function linesOf(figures: TepFigures): string[] {
  const far = (name: string, { farPercent }: TepScores) => ({ name, figures: [farPercent] });
  const faults = figures.faults.map(({ fault, delayRows, detectionPercent, falsePercent }) => ({
    name: `fault ${fault}`,
    figures: [delayRows ?? Number.NaN, detectionPercent, falsePercent],
  }));
  const farLines = [
    far('Fieldnote', figures),
    far('always alarm', figures.alwaysAlarm),
    far('never alarm', figures.neverAlarm),
  ];
  return [
    `${figures.benchmark}: ${figures.protocol}`,
    ...['', ...tableOf(COLUMNS, faults)],
    ...['', 'false alarms in the second half of d00_te:', ...tableOf([['FAR %', 1]], farLines)],
    '',
    'delay: rows of 3 minutes from the fault to the first alarm; before: alarms before the fault.',
    'Always alarm finds every fault at row 0. Fault 3 is commonly left out: nothing measurable follows from it.',
    'For comparison, PCA (T² or Q, 27 components, limits at 99 % of half of d00_te) detects faults 1, 2, 4, 6 and 7 in',
    'over 98.8 % of the rows, fault 5 in 30.4 %, at 6.7 % false alarms.',
  ];
}
