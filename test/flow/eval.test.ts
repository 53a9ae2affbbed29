import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newFolder, runFieldnote } from '../support/daemon.ts';
import { writeBatadal, writeSkabFile, writeTep } from '../support/made-benchmarks.ts';

const TIMEOUT_MS = 60_000;

async function evaluate(...line: string[]) {
  const { exitCode, stdout, stderr } = await runFieldnote('eval', ...line, '--json');
  expect(stderr).not.toMatch(/fieldnote:/);
  expect(exitCode).toBe(0);
  return JSON.parse(stdout);
}

/** The lines of --out, cell by cell, without the header. */
function rowsOf(path: string): string[][] {
  const [header, ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  expect(header).toBe('file,row,time,score,alarm');
  return lines.map((line) => line.split(','));
}

describe.concurrent('fieldnote eval', () => {
  test('skab writes rows that its figures can be computed from, and finds what lies in folders below', {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using folder = await newFolder();
    for (const name of ['one.csv', 'valve2/0.csv']) writeSkabFile(folder.path, name);
    writeSkabFile(folder.path, 'anomaly-free.csv');
    const out = join(folder.path, 'rows.out');
    const { files, outliers, alwaysAlarm, neverAlarm } = await evaluate('skab', folder.path, '--out', out);
    expect(files).toBe(2);
    const rows = rowsOf(out);
    expect(rows.length).toBe(2 * (640 - 400));
    expect(rows[0]?.slice(0, 3)).toEqual(['one.csv', '400', '2026-01-01T00:06:40.000Z']);
    const isFault = ([, row]: string[]) => Number(row) >= 500 && Number(row) < 560;
    const count = (fault: boolean, alarm: string) =>
      rows.filter((cells) => isFault(cells) === fault && cells[4] === alarm).length;
    const [hits, missed, wrong] = [count(true, '1'), count(true, '0'), count(false, '1')];
    expect(hits).toBeGreaterThan(80);
    expect(outliers.f1).toBeCloseTo((2 * hits) / (2 * hits + missed + wrong), 12);
    expect(alwaysAlarm.outliers).toMatchObject({ farPercent: 100, marPercent: 0 });
    expect(neverAlarm.outliers).toMatchObject({ f1: 0, farPercent: 0, marPercent: 100 });
  });

  test('skab prints its baselines and the published board, and where it is to stderr', {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using folder = await newFolder();
    writeSkabFile(folder.path, 'one.csv');
    const { stdout, stderr } = await runFieldnote('eval', 'skab', folder.path);
    for (const line of ['Fieldnote', 'T²\\+Q, same files', 'always alarm', 'never alarm', 'MSCRED'])
      expect(stdout).toMatch(new RegExp(`^${line} +[01]\\.`, 'm'));
    expect(stdout).toMatch(/^Published, README of github\.com\/waico\/SKAB/m);
    expect(stderr).toBe('1/1 one.csv\n');
  });

  test('skab never sees the answers: others in the same file change no score', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const rows = [true, false].map(async (isLabelled) => {
      await using folder = await newFolder();
      writeSkabFile(folder.path, 'one.csv', { isLabelled });
      const out = join(folder.path, 'rows.out');
      await evaluate('skab', folder.path, '--out', out);
      return rowsOf(out);
    });
    const [told, untold] = await Promise.all(rows);
    expect(untold).toEqual(told);
  });

  test('batadal learns dataset03 and scores dataset04', { timeout: TIMEOUT_MS }, async () => {
    await using folder = await newFolder();
    writeBatadal(folder.path);
    const out = join(folder.path, 'rows.out');
    const figures = await evaluate('batadal', folder.path, '--out', out);
    expect(figures).toMatchObject({ attacks: 1, found: 1, truePositiveRate: 1 });
    expect([figures.alwaysAlarm.score, figures.neverAlarm.score]).toEqual([0.75, 0.25]);
    const rows = rowsOf(out);
    expect(rows.length).toBe(200);
    expect(rows[100]?.slice(0, 3)).toEqual(['dataset04.csv', '100', '2016-07-08T04:00:00.000Z']);
    expect(rows[100]?.[4]).toBe('1');
  });

  test('tep learns the transposed normal run and judges as many faults as there are', {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using folder = await newFolder();
    writeTep(folder.path);
    const out = join(folder.path, 'rows.out');
    const { faults, farPercent, alwaysAlarm } = await evaluate('tep', folder.path, '--out', out);
    expect(faults).toEqual([expect.objectContaining({ fault: 4, falsePercent: 0 })]);
    expect(faults[0].delayRows).toBeLessThan(3);
    expect(farPercent).toBeLessThan(5);
    expect(alwaysAlarm.farPercent).toBe(100);
    expect(rowsOf(out).length).toBe(2 * 960);
  });

  test.for([
    {
      line: ['skab', '/nowhere'],
      exitCode: 2,
      says: /^fieldnote: cannot read the folder \/nowhere: ENOENT/m,
    },
    {
      line: ['skab', '.'],
      exitCode: 2,
      says: / holds no labelled recording \(\*\.csv\): `fieldnote eval skab/,
    },
    {
      line: ['batadal', '.'],
      exitCode: 2,
      says: / holds no dataset03\.csv and no dataset04\.csv: `fieldn/,
    },
    { line: ['tep', '.'], exitCode: 2, says: / holds no d00\.dat and no d00_te\.dat: `fieldnote eval tep/ },
    { line: ['drones', '.'], exitCode: 2, says: /unknown command 'drones'/ },
    {
      line: ['skab', '.', '--out', '/nowhere/x'],
      exitCode: 2,
      says: /cannot write --out \/nowhere\/x: ENOENT/,
    },
  ])('refuses $line', { timeout: TIMEOUT_MS }, async ({ line, exitCode, says }) => {
    await using folder = await newFolder();
    const arguments_ = line.map((word) => (word === '.' ? folder.path : word));
    const result = await runFieldnote('eval', ...arguments_);
    expect(result.stderr).toMatch(says);
    expect({ exitCode: result.exitCode, stdout: result.stdout }).toEqual({ exitCode, stdout: '' });
  });

  test.for(['skab', 'batadal', 'tep', 'bearings'])(
    '%s --help says what it takes, from where, under which licence',
    {
      timeout: TIMEOUT_MS,
    },
    async (name) => {
      const { exitCode, stdout } = await runFieldnote('eval', name, '--help');
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^DIR {8}\S/m);
      expect(stdout).toMatch(/^from {7}https:/m);
      expect(stdout).toMatch(/^licence {4}\S/m);
    },
  );
});
