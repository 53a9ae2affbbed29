import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Learner } from '../../src/learn/learner.ts';
import { writePackage } from '../../src/learn/write-package.ts';
import { checkAgainstAsset, readModelPackage } from '../../src/models/read-package.ts';

const CHANNELS = [
  { name: 'flow', unit: 'L/min' },
  { name: 'pressure', unit: 'bar' },
];

const learner = new Learner({ channels: CHANNELS, rateHz: 2, windowRows: 5, rowsNeeded: 40 });
for (let index = 0; index < 40; index++) learner.push(Float32Array.of(Math.sin(index * index), 7));
const learned = learner.fit();

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fieldnote-learn-'));
});
afterEach(() => rm(directory, { recursive: true }));

const write = (into = directory) =>
  writePackage({ directory: into, learned, stepMs: 1000, trainedAt: '2026-11-01T12:00:00.000Z' });

describe('writePackage', () => {
  test('writes a package that the reader accepts', async () => {
    const sha256 = await write();
    const { manifest } = await readModelPackage(join(directory, sha256));
    expect(manifest.sha256).toBe(sha256);
  });

  test('writes a package that fits the asset it was learned on', async () => {
    const found = await readModelPackage(join(directory, await write()));
    expect(() => checkAgainstAsset(found, CHANNELS, { rateHz: 2, length: 2500 })).not.toThrow();
  });

  test('says where the model comes from', async () => {
    const { manifest } = await readModelPackage(join(directory, await write()));
    expect(manifest.provenance).toEqual({
      recipe: 'fitNormal of src/learn/fit.ts: T² of window means against what was normal before',
      data: '40 rows of this asset at 2 Hz, learned on this device',
      trainedAt: '2026-11-01T12:00:00.000Z',
      figures: expect.objectContaining({ rows: 40, windows: 21 }),
    });
  });

  test('says what is normal for each channel, in its unit', async () => {
    const { manifest } = await readModelPackage(join(directory, await write()));
    const { baseline, spread } = learned.normal;
    expect(manifest.provenance.figures).toMatchObject({
      'baseline.flow': baseline[0],
      'spread.flow': spread[0],
      'baseline.pressure': 7,
      'spread.pressure': spread[1],
    });
  });

  test('names the recording that it was learned from', async () => {
    const options = { directory, learned, stepMs: 1000, trainedAt: '2026-11-01T12:00:00.000Z' };
    const sha256 = await writePackage({ ...options, recording: 'monday.csv' });
    const { manifest } = await readModelPackage(join(directory, sha256));
    expect(manifest.provenance.data).toBe('40 rows of this asset at 2 Hz, from the recording monday.csv');
  });

  test('leaves nothing else behind', async () => {
    const sha256 = await write();
    expect(await readdir(directory)).toEqual([sha256]);
    expect((await readdir(join(directory, sha256))).sort()).toEqual(['model.json', 'model.onnx']);
  });

  test('makes the folder of the packages', async () => {
    const nested = join(directory, 'models', 'pump');
    expect(await readdir(nested).catch(() => 'absent')).toBe('absent');
    expect([await write(nested)]).toEqual(await readdir(nested));
  });

  test('finishes a package that a power cut left half written', async () => {
    const sha256 = await write();
    await rm(join(directory, sha256), { recursive: true });
    await mkdir(join(directory, `${sha256}.new`));
    await writeFile(join(directory, `${sha256}.new`, 'model.onnx'), 'half');
    await write();
    expect(await readdir(directory)).toEqual([sha256]);
    await expect(readModelPackage(join(directory, sha256))).resolves.toBeDefined();
  });

  test('leaves the same package as it was', async () => {
    const sha256 = await write();
    const path = join(directory, sha256, 'model.json');
    const before = await readFile(path, 'utf8');
    await writePackage({ directory, learned, stepMs: 1000, trainedAt: '2027-01-01T00:00:00.000Z' });
    expect(await readFile(path, 'utf8')).toBe(before);
    expect(await readdir(directory)).toEqual([sha256]);
  });

  test('says which file it could not write when the disk refuses', async () => {
    const file = join(directory, 'occupied');
    await writeFile(file, '');
    await expect(write(file)).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
  });
});
