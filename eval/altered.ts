import { join } from 'node:path';
import { type Line, tableOf } from '../src/eval/board.ts';
import { judgeSkabRecording, readSkabRecording, type SkabFile } from '../src/eval/skab.ts';
import { labelledFiles, scoresOf } from '../src/eval/skab-benchmark.ts';
import { ALTERATIONS } from './alterations.ts';
import type { PartTools } from './part.ts';

const COLUMNS = [
  ['F1', 3],
  ['FAR %', 1],
  ['MAR %', 1],
  ['Standard', 2],
  ['LowFP', 2],
] as const;

/** The SKAB scores of altered copies: what a detector that fits its files would not survive. */
export async function measureAltered({ data, log, progress }: PartTools): Promise<Line[]> {
  const dir = join(data, 'skab');
  const names = await labelledFiles(dir);
  const recordings = await Promise.all(names.map((name) => readSkabRecording(dir, name)));
  const lines: Line[] = [];
  for (const { name, alter } of ALTERATIONS) {
    progress(name);
    const files: SkabFile[] = [];
    for (const recording of recordings) files.push(await judgeSkabRecording(alter(recording), log));
    const { outliers, changepoints } = scoresOf(files);
    const { f1, farPercent, marPercent } = outliers;
    lines.push({ name, figures: [f1, farPercent, marPercent, changepoints.standard, changepoints.lowFp] });
  }
  return lines;
}

export function alteredText(lines: readonly Line[]): string {
  return ['SKAB, altered copies of all files:', '', ...tableOf(COLUMNS, lines)].join('\n');
}
