import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ALTERATIONS } from '../../eval/alterations.ts';
import {
  judgeSkabRecording,
  readSkabRecording,
  type SkabFile,
  type SkabRecording,
} from '../../src/eval/skab.ts';
import { outlierScores } from '../../src/eval/skab-scores.ts';
import { createLog } from '../../src/system/log.ts';
import { newFolder, runFieldnote } from '../support/daemon.ts';
import { needsShared, sharedPath } from '../support/needs.ts';

const LEARNED_ROWS = 400;

interface Figures {
  readonly files: number;
  readonly outliers: { readonly f1: number; readonly farPercent: number; readonly marPercent: number };
}

async function evaluate(name: string, dir: string, ...options: string[]) {
  const { exitCode, stdout } = await runFieldnote('eval', name, dir, '--json', ...options);
  expect(exitCode).toBe(0);
  return JSON.parse(stdout);
}

const evaluateSkab = (dir: string, ...options: string[]): Promise<Figures> =>
  evaluate('skab', dir, ...options);

describe.runIf(needsShared('skab'))('fieldnote eval skab', () => {
  test('scores what the project promises, and its rows bear that out', async () => {
    await using folder = await newFolder();
    const out = join(folder.path, 'rows.csv');
    const { files, outliers } = await evaluateSkab(sharedPath('skab'), '--out', out);
    expect(files).toBe(13);
    expect(outliers.f1).toBeGreaterThanOrEqual(0.78);
    expect(outliers.farPercent).toBeLessThanOrEqual(20);
    expect(outliers.marPercent).toBeLessThanOrEqual(27);

    const counts = countsOf(readFileSync(out, 'utf8'));
    expect((2 * counts.hit) / (2 * counts.hit + counts.falseAlarm + counts.missed)).toBeCloseTo(
      outliers.f1,
      9,
    );
    expect((100 * counts.falseAlarm) / (counts.falseAlarm + counts.quiet)).toBeCloseTo(
      outliers.farPercent,
      9,
    );
    expect((100 * counts.missed) / (counts.missed + counts.hit)).toBeCloseTo(outliers.marPercent, 9);
  }, 60_000);

  test('never sees the answers: others in the same file change no score', async () => {
    await using folder = await newFolder();
    const [first, second] = [join(folder.path, 'a.csv'), join(folder.path, 'b.csv')];
    await using original = await newFolder();
    await using lied = await newFolder();
    const text = readFileSync(sharedPath('skab/valve1-6.csv'), 'utf8');
    writeFileSync(join(original.path, 'f.csv'), text);
    const lie = text.replaceAll(/;[01]\.0;[01]\.0(\r?)$/gm, ';0.0;0.0$1');
    expect(lie).not.toBe(text);
    writeFileSync(join(lied.path, 'f.csv'), lie);
    await evaluateSkab(original.path, '--out', first);
    await evaluateSkab(lied.path, '--out', second);
    expect(readFileSync(second, 'utf8')).toBe(readFileSync(first, 'utf8'));
  }, 60_000);
});

const ALTERED_FILES = ['valve1-6.csv', 'other-3.csv', 'other-6.csv'];

describe.runIf(needsShared('skab'))('altered copies of recordings', () => {
  test.for(ALTERATIONS.slice(1, 3))('score the same with $name', { timeout: 60_000 }, async ({ alter }) => {
    const log = createLog('silent');
    const judged: SkabFile[][] = [];
    for (const change of [(recording: SkabRecording) => recording, alter]) {
      const files: SkabFile[] = [];
      for (const name of ALTERED_FILES) {
        const recording = await readSkabRecording(sharedPath('skab'), name);
        files.push(await judgeSkabRecording(change(recording), log));
      }
      judged.push(files);
    }
    const [before, after] = judged.map((files) => outlierScores(files));
    expect(after?.f1).toBeCloseTo(before?.f1 ?? Number.NaN, 2);
    expect(Math.abs((after?.farPercent ?? 0) - (before?.farPercent ?? 0))).toBeLessThan(0.5);
    expect(Math.abs((after?.marPercent ?? 0) - (before?.marPercent ?? 0))).toBeLessThan(0.5);
  });
});

describe.runIf(needsShared('batadal'))('fieldnote eval batadal', () => {
  test('finds all attacks and scores more than always alarming', async () => {
    const { score, found, attacks, alwaysAlarm, neverAlarm } = await evaluate(
      'batadal',
      sharedPath('batadal'),
    );
    expect([alwaysAlarm.score, neverAlarm.score]).toEqual([0.75, 0.25]);
    expect([found, attacks]).toEqual([7, 7]);
    expect(score).toBeGreaterThan(alwaysAlarm.score);
  }, 60_000);
});

describe.runIf(needsShared('tep'))('fieldnote eval tep', () => {
  test('finds every fault but the third within an hour, with few false alarms', async () => {
    const { faults, farPercent } = await evaluate('tep', sharedPath('tep'));
    for (const { fault, delayRows } of faults) if (fault !== 3) expect(delayRows).toBeLessThanOrEqual(20);
    expect(faults.length).toBe(7);
    expect(farPercent).toBeLessThanOrEqual(5);
  }, 60_000);
});

/** Rows of the confusion matrix, from the written rows and the answers in the recordings. */
function countsOf(rowsCsv: string) {
  const counts = { hit: 0, falseAlarm: 0, missed: 0, quiet: 0 };
  const answers = new Map(readdirSync(sharedPath('skab')).map((name) => [name, answersOf(name)]));
  const [header, ...lines] = rowsCsv.trim().split('\n');
  expect(header).toBe('file,row,time,score,alarm');
  for (const line of lines) {
    const [file = '', row, , , alarm] = line.split(',');
    expect(Number(row)).toBeGreaterThanOrEqual(LEARNED_ROWS);
    const isAnomaly = answers.get(file)?.[Number(row)];
    if (alarm === '1') counts[isAnomaly ? 'hit' : 'falseAlarm']++;
    else counts[isAnomaly ? 'missed' : 'quiet']++;
  }
  const expected = [...answers]
    .filter(([name]) => /^(valve|other)/.test(name))
    .map(([, rows]) => rows.length - LEARNED_ROWS);
  expect(lines).toHaveLength(expected.reduce((sum, count) => sum + count, 0));
  return counts;
}

function answersOf(name: string): boolean[] {
  const [header = '', ...lines] = readFileSync(sharedPath(`skab/${name}`), 'utf8')
    .trim()
    .split(/\r?\n/);
  const at = header.split(';').indexOf('anomaly');
  return lines.map((line) => Number(line.split(';')[at]) === 1);
}
