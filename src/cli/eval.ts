import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluateSkabFile, type SkabFile } from '../eval/skab.ts';
import { changepointScores, outlierScores, type ScoredFile } from '../eval/skab-scores.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { createLog } from '../system/log.ts';

export interface EvalCommandOptions {
  readonly json?: boolean;
  readonly out?: string;
}

/** `fieldnote eval`: the detection on a public benchmark, beside what always and never alarming would score. */
export async function evalCommand(
  benchmark: string,
  dir: string,
  options: EvalCommandOptions,
): Promise<void> {
  if (benchmark !== 'skab') {
    throw new FieldnoteError('BAD_ARGUMENT', `there is no benchmark ${benchmark}; there is: skab`, {
      benchmark,
    });
  }
  const files: SkabFile[] = [];
  const names = await labelledFiles(dir);
  for (const name of names) {
    process.stderr.write(`${files.length + 1}/${names.length} ${name}\n`);
    files.push(await evaluateSkabFile(join(dir, name), createLog('error', process.stderr)));
  }
  if (options.out !== undefined) await writeRows(options.out, files);
  const figures = figuresOf(files);
  process.stdout.write(options.json ? `${JSON.stringify(figures, null, 2)}\n` : tableOf(figures));
}

/** Every recording but the one without labels. */
async function labelledFiles(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch((error) => {
    throw new FieldnoteError(
      'BAD_ARGUMENT',
      `cannot read the folder ${dir}: ${messageOf(error)}`,
      { dir },
      error,
    );
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
    perFile: files.map((file) => ({ file: file.file, rows: file.row.length, ...outlierScores([file]) })),
  };
}

function scoresOf(files: readonly ScoredFile[]) {
  return { outliers: outlierScores(files), changepoints: changepointScores(files) };
}

type Figures = ReturnType<typeof figuresOf>;

function tableOf(figures: Figures): string {
  const line = (name: string, { outliers, changepoints }: ReturnType<typeof scoresOf>) =>
    `${name.padEnd(14)}${outliers.f1.toFixed(3).padStart(7)}${outliers.farPercent.toFixed(1).padStart(8)}` +
    `${outliers.marPercent.toFixed(1).padStart(8)}${changepoints.standard.toFixed(2).padStart(10)}` +
    `${changepoints.lowFp.toFixed(2).padStart(8)}${changepoints.lowFn.toFixed(2).padStart(8)}` +
    `${String(changepoints.missed).padStart(8)}${String(changepoints.falsePositives).padStart(6)}`;
  const perFile = figures.perFile.map(
    ({ file, f1, farPercent, marPercent }) =>
      `${file.padEnd(14)}${f1.toFixed(3).padStart(7)}${farPercent.toFixed(1).padStart(8)}${marPercent.toFixed(1).padStart(8)}`,
  );
  return [
    `${figures.benchmark}, ${figures.files} files: ${figures.protocol}`,
    '',
    `${' '.repeat(14)}     F1   FAR %   MAR %  Standard   LowFP   LowFN  missed    FP`,
    line('Fieldnote', figures),
    line('always alarm', figures.alwaysAlarm),
    line('never alarm', figures.neverAlarm),
    '',
    ...perFile,
    '',
  ].join('\n');
}

async function writeRows(path: string, files: readonly SkabFile[]): Promise<void> {
  await using out = await open(path, 'w');
  await out.write('file,row,time,score,alarm\n');
  for (const { file, row, timeS, score, predicted } of files) {
    const lines = row.map((number, at) => {
      const time = new Date((timeS[at] ?? 0) * 1000).toISOString();
      const value = Number.isNaN(score[at]) ? '' : score[at];
      return `${file},${number},${time},${value},${predicted[at] ? 1 : 0}\n`;
    });
    await out.write(lines.join(''));
  }
}
