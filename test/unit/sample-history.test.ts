import { expect, test } from 'vitest';
import { type HistoryKind, historyPath, openSampleHistory } from '../../src/sample-history.ts';
import { readRing } from '../../src/store/sample-ring.ts';
import { recordingClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { runFieldnote, writeConfig } from '../support/daemon.ts';
import { machineConfig } from '../support/machine.ts';
import { temporaryFolder } from '../support/store-samples.ts';

const CHANNELS = ['vibration', 'pressure', 'current'];

const openIn = (dataDir: string) =>
  openSampleHistory({
    ...{ dataDir, asset: 'pump', channels: CHANNELS, stepMs: 1000 },
    ...{ clock: recordingClock(), counters: new Counters() },
  });

const row = (second: number, ...values: number[]) => ({
  endMs: second * 1000,
  values: Float32Array.from(values),
  isFirst: second === 1,
});

const blocksOf = async (dataDir: string, kind: HistoryKind) =>
  (await readRing(historyPath(dataDir, 'pump', kind))).blocks;

/** Rows of a ring with their times in seconds. */
async function rowsOf(dataDir: string, kind: HistoryKind) {
  return (await blocksOf(dataDir, kind)).flatMap(({ rows, wallMs, stepMs }) =>
    rows.map((values, index) => ({ second: (wallMs + index * stepMs) / 1000, values: [...values] })),
  );
}

test('keeps minimum, mean and maximum of every half minute, and a gap where a channel had no value', async () => {
  const dataDir = temporaryFolder();
  const history = await openIn(dataDir);
  for (let second = 1; second <= 91; second++)
    history.push(row(second, second, second <= 30 ? 5 : Number.NaN, 1));
  await history.stop();
  const gap = [Number.NaN, Number.NaN, Number.NaN];
  expect(await rowsOf(dataDir, 'levels')).toEqual([
    { second: 30, values: [1, 15.5, 30, 5, 5, 5, 1, 1, 1] },
    { second: 60, values: [31, 45.5, 60, ...gap, 1, 1, 1] },
    { second: 90, values: [61, 75.5, 90, ...gap, 1, 1, 1] },
  ]);
  expect(await rowsOf(dataDir, 'raw')).toEqual([]);
});

test('keeps the rows before and after the opening of an incident as they were', async () => {
  const dataDir = temporaryFolder();
  const history = await openIn(dataDir);
  for (let second = 1; second <= 1000; second++) {
    history.push(row(second, second, 0, 0));
    if (second === 500) history.opened();
  }
  await history.stop();
  const seconds = (await rowsOf(dataDir, 'raw')).map(({ second }) => second);
  expect(seconds).toEqual(Array.from({ length: 256 }, (_, index) => 500 - 127 + index));
});

test('a second incident right after the first repeats no row', async () => {
  const dataDir = temporaryFolder();
  const history = await openIn(dataDir);
  for (let second = 1; second <= 600; second++) {
    history.push(row(second, second, 0, 0));
    if (second === 300 || second === 350) history.opened();
  }
  await history.stop();
  const seconds = (await rowsOf(dataDir, 'raw')).map(({ second }) => second);
  expect(seconds).toEqual(Array.from({ length: 128 + 50 + 128 }, (_, index) => 300 - 127 + index));
});

test('rows that are further apart than half a minute are levels themselves, and a missing one is a gap', async () => {
  const dataDir = temporaryFolder();
  const counters = new Counters();
  const clock = recordingClock();
  const slow = { dataDir, asset: 'pump', channels: ['level'], stepMs: 60_000, clock, counters };
  const history = await openSampleHistory(slow);
  for (const second of [60, 120, 240, 300]) history.push(row(second, second));
  await history.stop();
  const [block, ...others] = await blocksOf(dataDir, 'levels');
  expect(others).toEqual([]);
  expect(block?.rows.map(([, mean]) => mean)).toEqual([60, 120, Number.NaN, 240]);
});

test('a restart goes on behind what is there, and a jump of time begins a block of its own', async () => {
  const dataDir = temporaryFolder();
  for (const begin of [0, 10_000]) {
    const history = await openIn(dataDir);
    for (let second = begin + 1; second <= begin + 61; second++) history.push(row(second, 1, 1, 1));
    for (let second = begin + 5001; second <= begin + 5061; second++) history.push(row(second, 1, 1, 1));
    await history.stop();
  }
  const blocks = await blocksOf(dataDir, 'levels');
  expect(blocks.map(({ number }) => number)).toEqual([0, 1, 2, 3]);
  expect(blocks.map(({ wallMs }) => wallMs / 1000)).toEqual([30, 5010, 10_020, 15_030]);
});

test('the command plots it, and prints all points as JSON and CSV', async () => {
  const dataDir = temporaryFolder();
  const history = await openIn(dataDir);
  for (let second = 1; second <= 3600; second++)
    history.push(row(second, second < 1800 ? 2 : 8, 5, Number.NaN));
  await history.stop();
  const config = writeConfig(
    dataDir,
    machineConfig({ dataDir, socketPath: '/run/machine.sock', brokerPort: 1 }),
  );
  const run = (...options: string[]) => runFieldnote('history', 'pump', '--config', config, ...options);
  const [page, json, csv, wrong] = await Promise.all([
    run(),
    run('--json', '--channel', 'vibration', '--from', '1970-01-01T00:30Z'),
    run('--csv'),
    run('--from', 'yesterday'),
  ]);
  expect(page.stdout).toMatch(/vibration: 2\.0+ to 8\.0+ mm\/s\n▁+▅?█+\n/);
  // A channel that measured nothing in that time has no range.
  expect(page.stdout).not.toContain('∞');
  const { channels, damagedBlocks } = JSON.parse(json.stdout);
  expect([Object.keys(channels), damagedBlocks]).toEqual([['vibration'], 0]);
  expect(channels.vibration.at(-1)).toEqual({ wallMs: 3_570_000, min: 8, mean: 8, max: 8 });
  expect(csv.stdout.split('\n').slice(0, 2)).toEqual([
    'time,channel,min,mean,max',
    '1970-01-01T00:00:30.000Z,vibration,2,2,2',
  ]);
  expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('yesterday is no time')]);
});
