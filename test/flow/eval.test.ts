import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newFolder, runFieldnote, writeConfig } from '../support/daemon.ts';
import { FAULT_ROWS, SKAB_ROWS, writeBatadal, writeSkabFile, writeTep } from '../support/made-benchmarks.ts';
import { needsShared, sharedPath } from '../support/needs.ts';

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
    expect(rows.length).toBe(2 * (SKAB_ROWS - 400));
    expect(rows[0]?.slice(0, 3)).toEqual(['one.csv', '400', '2026-01-01T00:06:40.000Z']);
    const isFault = ([, row]: string[]) => Number(row) >= FAULT_ROWS.from && Number(row) < FAULT_ROWS.to;
    const count = (fault: boolean, alarm: string) =>
      rows.filter((cells) => isFault(cells) === fault && cells[4] === alarm).length;
    const [hits, missed, wrong] = [count(true, '1'), count(true, '0'), count(false, '1')];
    expect(hits).toBeGreaterThan(FAULT_ROWS.to - FAULT_ROWS.from);
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
    { line: ['drones', '.'], exitCode: 2, says: / holds no real and no sitl: `fieldnote eval drones/ },
    { line: ['pumps', '.'], exitCode: 2, says: /unknown command 'pumps'/ },
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

/** A pump that hums for 300 s, shakes for 60, and hums again; one row a second. */
const recording = [
  'time,vib,bar',
  ...Array.from({ length: 480 }, (_, second) => {
    const time = new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();
    const vib = (second >= 300 && second < 360 ? 9 : 2) + Math.sin(second * 2.4) / 5;
    return `${time},${vib.toFixed(3)},${(5 + Math.cos(second * 1.7) / 10).toFixed(3)}`;
  }),
  '',
].join('\n');

const channels = { vib: { from: 'mcu.vib', unit: 'g' }, bar: { from: 'mcu.bar', unit: 'bar' } };
const config = {
  ...{ site: 'plant', node: 'n1', sources: { mcu: { link: { type: 'tcp', host: 'board', port: 23 } } } },
  assets: { pump: { channels, learn: { for: '200s' } } } as Record<string, unknown>,
};

async function evaluateLabels(labels: string, options: { config?: unknown; more?: string[] } = {}) {
  await using folder = await newFolder();
  const [csv, known, out] = ['pump.csv', 'labels.csv', 'rows.out'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(csv, recording);
  writeFileSync(known, labels);
  const yaml = writeConfig(folder.path, options.config ?? config);
  const line = ['eval', 'labels', csv, known, '--config', yaml, '--out', out, ...(options.more ?? [])];
  const result = await runFieldnote(...line);
  return { ...result, rows: result.exitCode === 0 ? rowsOf(out) : [] };
}

describe.concurrent('fieldnote eval labels', () => {
  test('finds a stretch, says how late, and scores what was not learned', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const labels = 'start_row,end_row,label\n300,359,shaking\n';
    const { stdout, stderr, rows } = await evaluateLabels(labels, { more: ['--json'] });
    expect(stderr).toMatch(/pump\.csv as mcu, judged as pump\n$/);
    const figures = JSON.parse(stdout);
    expect(figures).toMatchObject({ asset: 'pump', rows: 480, found: 1, missed: 0, matchedIncidents: 1 });
    expect(figures.stretches[0]).toMatchObject({ label: 'shaking', rows: 60 });
    expect(figures.stretches[0].delayS).toBeGreaterThan(3);
    expect(figures.stretches[0].delayS).toBeLessThan(20);
    expect(figures.alwaysAlarm).toMatchObject({ farPercent: 100, marPercent: 0 });
    expect(rows.length).toBe(figures.rowsScored);
    const first = Number(rows[0]?.[1]);
    expect(first).toBeGreaterThanOrEqual(199);
    expect(first).toBeLessThan(230);
    const alarms = rows.filter(
      ([, row, , , alarm]) => alarm === '1' && Number(row) >= 300 && Number(row) < 360,
    );
    expect(figures.perRow.marPercent).toBeCloseTo((100 * (60 - alarms.length)) / 60, 9);
  });

  test('tells a false incident, a missed stretch and one that was learned', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const labels = [
      'start,end,label',
      '2026-01-01 00:00:10,2026-01-01 00:00:20,before',
      '2026-01-01 00:07:30,2026-01-01 00:07:50,nothing',
    ];
    const { stdout } = await evaluateLabels(labels.join('\n'));
    expect(stdout).toMatch(/^2026-01-01T00:00:10\.000Z {2}before {2}learned/m);
    expect(stdout).toMatch(/^2026-01-01T00:07:30\.000Z {2}nothing {2}missed/m);
    expect(stdout).toMatch(/^stretches: 0 found, 1 missed, 1 learned$/m);
    expect(stdout).toMatch(/^incidents: 0 in a stretch, 1 false \([\d.]+ a day\)$/m);
    expect(stdout).toMatch(/^always alarm +0\.\d+ +100\.0 +0\.0$/m);
  });

  const withSecond = { ...config, assets: { ...config.assets, motor: config.assets['pump'] } };
  const good = 'start_row,end_row\n300,359\n';
  test.for([
    { what: 'labels that are none', labels: 'a,b\n', says: /labels\.csv:1: "a,b" must be start,end/ },
    {
      what: 'a stretch of another time',
      labels: 'start,end\n0,5\n',
      says: /:2: no row of the recording lies/,
    },
    {
      what: 'no asset among two',
      labels: good,
      config: withSecond,
      says: /the labels are about: --asset pump/,
    },
    {
      what: 'an asset that is not fed',
      labels: good,
      more: ['--asset', 'fan'],
      says: /mcu feeds no asset fan: --/,
    },
    {
      what: 'a recording that is learned as a whole',
      labels: good,
      config: { ...config, assets: { pump: { channels, learn: { for: '1h' } } } },
      says: /all of .*pump\.csv was learned: lower learn\.for/,
    },
  ])('refuses $what', { timeout: TIMEOUT_MS }, async ({ labels, says, ...options }) => {
    const { exitCode, stdout, stderr } = await evaluateLabels(labels, options);
    expect(stderr).toMatch(says);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });
});

describe.runIf(needsShared('skab/valve1-6.csv'))(
  'fieldnote eval skab on a recording of the benchmark',
  () => {
    test('finds its fault with fewer false alarms than always alarming', {
      timeout: TIMEOUT_MS,
    }, async () => {
      await using folder = await newFolder();
      symlinkSync(sharedPath('skab/valve1-6.csv'), join(folder.path, 'valve1-6.csv'));
      const { outliers, alwaysAlarm, changepoints } = await evaluate('skab', folder.path);
      expect(outliers.f1).toBeGreaterThan(alwaysAlarm.outliers.f1);
      expect(outliers.farPercent).toBeLessThan(20);
      expect(changepoints.standard).toBeGreaterThan(0);
    });
  },
);
