import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatBearings } from '../../src/eval/bearing-table.ts';
import { evaluateBearings } from '../../src/eval/bearings.ts';
import { createLog } from '../../src/system/log.ts';
import { faultyBurst, healthyBurst } from '../support/bearing-burst.ts';
import { needsShared, sharedPath } from '../support/needs.ts';
import { root } from '../support/source-tree.ts';

const TOOLS = {
  modelDir: join(root, 'models/bearing'),
  log: createLog('error', process.stderr),
  progress() {},
};
const ROWS = 4096;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bearings-'));
});
afterEach(() => rm(dir, { recursive: true }));

const recording = { file: 'a.f32', rate_hz: 12_000, fault: null, fault_inches: null, rpm: 1800 };
const outer = { ...recording, file: 'b.f32', fault: 'outer_race', fault_inches: 0.007 };

const writeIndex = (...recordings: object[]) =>
  writeFile(join(dir, 'index.json'), JSON.stringify(recordings));
const writeSamples = (file: string, samples: Float32Array) =>
  writeFile(join(dir, file), new Uint8Array(samples.buffer));
/** Each sample four times over: the same sound at four times the rate, with images that a low-pass takes away. */
const fourTimes = (samples: Float32Array) =>
  Float32Array.from({ length: 4 * samples.length }, (_, at) => samples[at >> 2] ?? 0);

describe('evaluateBearings', () => {
  test('calls every half-overlapping window of every recording', async () => {
    await writeIndex(recording, outer);
    await writeSamples('a.f32', healthyBurst(2 * ROWS, 1));
    await writeSamples('b.f32', faultyBurst(2 * ROWS + 100, 1, 'outer race'));
    const { figures, windows } = await evaluateBearings(dir, TOOLS);
    expect(figures.scores).toMatchObject({ windows: 6, accuracy: 1, macroF1: 1, healthyCalledFaulty: 0 });
    expect(figures.perFile.map(({ file, truth }) => [file, truth])).toEqual([
      ['a.f32', 'healthy'],
      ['b.f32', 'outer race'],
    ]);
    expect(windows.map(({ row }) => row)).toEqual([0, 1, 2, 0, 1, 2]);
    expect(figures.perFaultInches.map(({ inches }) => inches)).toEqual([0.007]);
  });

  test('brings a recording at four times the rate down to that of the model', async () => {
    await writeIndex({ ...outer, rate_hz: 48_000 });
    await writeSamples('b.f32', fourTimes(faultyBurst(2 * ROWS, 1, 'outer race')));
    const { figures } = await evaluateBearings(dir, TOOLS);
    expect(figures.scores).toMatchObject({ windows: 2, accuracy: 1 });
  });

  test.each([
    ['has no index', async () => {}, 'index.json'],
    ['lists nothing', () => writeIndex(), 'index.json'],
    ['lists too much', () => writeIndex(...Array.from({ length: 1001 }, () => recording)), 'index.json'],
    ['leads out of its folder', () => writeIndex({ ...recording, file: '../a.f32' }), 'index.json'],
    ['lacks a recording', () => writeIndex(recording), 'a.f32 cannot be read'],
    [
      'has a rate that the model does not take',
      async () => {
        await writeIndex({ ...recording, rate_hz: 8000 });
        await writeSamples('a.f32', healthyBurst(ROWS, 1));
      },
      '8000 Hz',
    ],
    [
      'has a recording that is too large',
      async () => {
        await writeIndex(recording);
        await writeFile(join(dir, 'a.f32'), '');
        await truncate(join(dir, 'a.f32'), 64 * 1024 * 1024 + 4);
      },
      '67108864 are allowed',
    ],
    [
      'has half a sample',
      async () => {
        await writeIndex(recording);
        await writeFile(join(dir, 'a.f32'), new Uint8Array(10));
      },
      '10 bytes',
    ],
    [
      'has a sample that is no number',
      async () => {
        await writeIndex(recording);
        await writeSamples('a.f32', healthyBurst(ROWS, 1).fill(Number.NaN, 7, 8));
      },
      'no numbers',
    ],
  ])('refuses a folder that %s', async (_, write, message) => {
    await write();
    const evaluation = evaluateBearings(dir, TOOLS);
    await expect(evaluation).rejects.toMatchObject({ code: 'RECORDING_UNREADABLE' });
    await expect(evaluation).rejects.toThrow(message);
  });
});

describe('formatBearings', () => {
  test('prints the figures beside what always and never naming a fault would score', async () => {
    await writeIndex(recording, outer);
    await writeSamples('a.f32', healthyBurst(ROWS, 1));
    await writeSamples('b.f32', faultyBurst(ROWS, 1, 'outer race'));
    const { figures } = await evaluateBearings(dir, TOOLS);
    const table = formatBearings(figures).join('\n');
    expect(table).toMatch(/^Fieldnote +1\.000 +1\.000 +– +1\.000 +– +1\.000 +0\.000 +0 +1 +1 +1$/m);
    expect(table).toMatch(/^always outer race +0\.333 +0\.000 +– +0\.667 +– +0\.500/m);
    expect(table).toMatch(/^never faulty +0\.333 +0\.667 +– +0\.000 +– +0\.500/m);
  });
});

describe.runIf(needsShared('bearings'))('needs ../shared/data/bearings: the shipped classifier', () => {
  test('holds its bar on real recordings that it never saw', { timeout: 120_000 }, async () => {
    const { figures } = await evaluateBearings(sharedPath('bearings'), TOOLS);
    expect(figures.scores.macroF1).toBeGreaterThanOrEqual(0.85);
    expect(figures.scores).toMatchObject({ healthyCalledFaulty: 0, healthyAlarms: 0 });
  });
});
