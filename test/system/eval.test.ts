import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newFolder, runFieldnote } from '../support/daemon.ts';
import { needsShared, sharedPath } from '../support/needs.ts';

const LEARNED_ROWS = 400;

interface Figures {
  readonly files: number;
  readonly outliers: { readonly f1: number; readonly farPercent: number; readonly marPercent: number };
}

async function evaluate(dir: string, ...options: string[]): Promise<Figures> {
  const { exitCode, stdout } = await runFieldnote('eval', 'skab', dir, '--json', ...options);
  expect(exitCode).toBe(0);
  return JSON.parse(stdout);
}

describe.runIf(needsShared('skab'))('fieldnote eval skab', () => {
  test('scores what the project promises, and its rows bear that out', async () => {
    await using folder = await newFolder();
    const out = join(folder.path, 'rows.csv');
    const { files, outliers } = await evaluate(sharedPath('skab'), '--out', out);
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

  test('depends neither on the order nor on the names of the columns', async () => {
    await using original = await newFolder();
    await using changed = await newFolder();
    for (const name of ['valve1-6.csv', 'other-3.csv', 'other-6.csv']) {
      const text = readFileSync(sharedPath(`skab/${name}`), 'utf8');
      writeFileSync(join(original.path, name), text);
      writeFileSync(join(changed.path, name), reordered(text));
    }
    const [before, after] = [await evaluate(original.path), await evaluate(changed.path)];
    expect(Math.abs(after.outliers.f1 - before.outliers.f1)).toBeLessThan(1e-3);
    expect(Math.abs(after.outliers.farPercent - before.outliers.farPercent)).toBeLessThan(0.1);
    expect(Math.abs(after.outliers.marPercent - before.outliers.marPercent)).toBeLessThan(0.1);
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
    await evaluate(original.path, '--out', first);
    await evaluate(lied.path, '--out', second);
    expect(readFileSync(second, 'utf8')).toBe(readFileSync(first, 'utf8'));
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

/** The time and the answers stay where they are; the channels come the other way round, under other names. */
function reordered(text: string): string {
  const [header = '', ...lines] = text.trim().split(/\r?\n/);
  const turn = (line: string) => {
    const cells = line.split(';');
    return [cells[0], ...cells.slice(1, -2).reverse(), ...cells.slice(-2)];
  };
  const names = turn(header).map((name, at, all) =>
    at === 0 || at >= all.length - 2 ? name : `sensor ${at}`,
  );
  return [names, ...lines.map(turn)].map((cells) => `${cells.join(';')}\n`).join('');
}
