import { basename } from 'node:path';
import { FieldnoteError } from '../system/errors.ts';
import type { Benchmark } from './benchmark.ts';
import { listFiles } from './benchmark-files.ts';
import { boardLines, SKAB_BOARD, tableOf } from './board.ts';
import { pcaAlarms } from './pca-monitor.ts';
import { judgeSkabFile, readSkabRecording, type SkabFile, type SkabRecording, scoredFile } from './skab.ts';
import { changepointScores, outlierScores, type ScoredFile } from './skab-scores.ts';

const COLUMNS = [
  ['F1', 3],
  ['FAR %', 1],
  ['MAR %', 1],
  ['Standard', 2],
  ['LowFP', 2],
  ['LowFN', 2],
  ['missed', 0],
  ['FP', 0],
] as const;

export type SkabFigures = ReturnType<typeof figuresOf>;

export const skabBenchmark: Benchmark<SkabFigures> = async (dir, { log, progress }) => {
  const judged: SkabFile[] = [];
  const byPca: SkabFile[] = [];
  const names = await labelledFiles(dir);
  for (const name of names) {
    progress(`${judged.length + 1}/${names.length} ${name}`);
    const recording = await readSkabRecording(dir, name);
    judged.push(await judgeSkabFile(dir, recording, log));
    byPca.push(judgedByPca(recording));
  }
  const figures = figuresOf(judged, byPca);
  const rows = judged.flatMap(({ file, row, timeS, score, predicted }) =>
    row.map((number, at) => ({
      file,
      row: number,
      time: new Date((timeS[at] ?? 0) * 1000).toISOString(),
      score: score[at] ?? Number.NaN,
      isAlarm: predicted[at] ?? false,
    })),
  );
  return { figures, table: linesOf(figures), rows };
};

/** Every recording but the one without labels. */
export async function labelledFiles(dir: string): Promise<string[]> {
  const files = await listFiles(dir);
  const labelled = files.filter((name) => name.endsWith('.csv') && basename(name) !== 'anomaly-free.csv');
  if (labelled.length > 0) return labelled;
  const message = `${dir} holds no labelled recording (*.csv): \`fieldnote eval skab --help\` says which files it takes`;
  throw new FieldnoteError('BAD_ARGUMENT', message, { dir });
}

function judgedByPca(recording: SkabRecording): SkabFile {
  const { rows, learningRows } = recording;
  const values = rows.map((row) => row.values);
  const alarms = pcaAlarms(values, learningRows).slice(learningRows);
  return scoredFile(
    recording,
    alarms.map((isAlarm) => ({ score: Number(isAlarm), isAlarm })),
  );
}

function figuresOf(files: readonly SkabFile[], byPca: readonly SkabFile[]) {
  const saying = (isAlarm: boolean) =>
    scoresOf(files.map((file) => ({ ...file, predicted: file.predicted.map(() => isAlarm) })));
  return {
    benchmark: 'SKAB',
    protocol:
      'first 400 rows of each file learned, the rest scored; causal; default settings for every file, chosen with the ' +
      '13 shared files in view',
    files: files.length,
    ...scoresOf(files),
    pca: scoresOf(byPca),
    alwaysAlarm: saying(true),
    neverAlarm: saying(false),
    perFile: files.map((file) => ({ file: file.file, rows: file.row.length, ...scoresOf([file]) })),
  };
}

export function scoresOf(files: readonly ScoredFile[]) {
  return { outliers: outlierScores(files), changepoints: changepointScores(files) };
}

function linesOf(figures: SkabFigures): string[] {
  const lineOf = (name: string, { outliers, changepoints }: ReturnType<typeof scoresOf>) => {
    const { f1, farPercent, marPercent } = outliers;
    const { standard, lowFp, lowFn, missed, falsePositives } = changepoints;
    return { name, figures: [f1, farPercent, marPercent, standard, lowFp, lowFn, missed, falsePositives] };
  };
  const pooled = [
    lineOf('Fieldnote', figures),
    lineOf('T²+Q, same files', figures.pca),
    lineOf('always alarm', figures.alwaysAlarm),
    lineOf('never alarm', figures.neverAlarm),
  ];
  const perFile = figures.perFile.map((file) => ({
    name: file.file,
    figures: lineOf(file.file, file).figures.slice(0, 3),
  }));
  return [
    `${figures.benchmark}, ${figures.files} files: ${figures.protocol}`,
    ...['', ...tableOf(COLUMNS, pooled)],
    ...['', ...tableOf(COLUMNS.slice(0, 3), perFile)],
    ...['', ...boardLines(SKAB_BOARD, [2, 2, 2, 2, 2, 2])],
  ];
}
