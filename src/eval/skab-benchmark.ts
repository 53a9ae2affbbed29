import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { Benchmark } from './benchmark.ts';
import { boardLines, SKAB_BOARD, tableOf } from './board.ts';
import { evaluateSkabFile, type SkabFile } from './skab.ts';
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

export const skabBenchmark: Benchmark = async (dir, { log, progress }) => {
  const files: SkabFile[] = [];
  const names = await labelledFiles(dir);
  for (const name of names) {
    progress(`${files.length + 1}/${names.length} ${name}`);
    files.push(await evaluateSkabFile(join(dir, name), log));
  }
  const figures = figuresOf(files);
  const rows = files.flatMap(({ file, row, score, predicted }) =>
    row.map((number, at) => ({
      file,
      row: number,
      score: score[at] ?? Number.NaN,
      isAlarm: predicted[at] ?? false,
    })),
  );
  return { figures, table: linesOf(figures), rows };
};

/** Every recording but the one without labels. */
async function labelledFiles(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch((error) => {
    const message = `cannot read the folder ${dir}: ${messageOf(error)}`;
    throw new FieldnoteError('BAD_ARGUMENT', message, { dir }, error);
  });
  const files = names.filter((name) => name.endsWith('.csv') && name !== 'anomaly-free.csv').sort();
  if (files.length > 0) return files;
  throw new FieldnoteError('BAD_ARGUMENT', `${dir} holds no recording (*.csv)`, { dir });
}

function figuresOf(files: readonly SkabFile[]) {
  const always = files.map((file) => ({ ...file, predicted: file.predicted.map(() => true) }));
  const never = files.map((file) => ({ ...file, predicted: file.predicted.map(() => false) }));
  return {
    benchmark: 'SKAB',
    protocol: 'first 400 rows of each file learned, the rest scored; causal; default settings for every file',
    files: files.length,
    ...scoresOf(files),
    alwaysAlarm: scoresOf(always),
    neverAlarm: scoresOf(never),
    perFile: files.map((file) => ({ file: file.file, rows: file.row.length, ...scoresOf([file]) })),
  };
}

function scoresOf(files: readonly ScoredFile[]) {
  return { outliers: outlierScores(files), changepoints: changepointScores(files) };
}

function linesOf(figures: ReturnType<typeof figuresOf>): string[] {
  const lineOf = (name: string, { outliers, changepoints }: ReturnType<typeof scoresOf>) => {
    const { f1, farPercent, marPercent } = outliers;
    const { standard, lowFp, lowFn, missed, falsePositives } = changepoints;
    return { name, figures: [f1, farPercent, marPercent, standard, lowFp, lowFn, missed, falsePositives] };
  };
  const pooled = [
    lineOf('Fieldnote', figures),
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
    ...['', ...boardLines(SKAB_BOARD, [2, 2, 2, 2, 2])],
  ];
}
