import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ModelManifest } from '../../src/models/package.ts';
import { checkAgainstAsset, readModelPackage } from '../../src/models/read-package.ts';
import { madeManifest, writeMadePackage } from '../support/made-models.ts';

const root = mkdtempSync(join(tmpdir(), 'fieldnote-models-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A fresh package with a changed manifest. */
function packageDir(changes: object = {}): string {
  const { onnxPath } = writeMadePackage(mkdtempSync(join(root, 'package-')), 'good', changes);
  return dirname(onnxPath);
}

describe('reading a model package', () => {
  test('gives the manifest and the path of the graph', async () => {
    const directory = packageDir();
    expect(await readModelPackage(directory)).toEqual({
      manifest: madeManifest('good'),
      onnxPath: join(directory, 'model.onnx'),
    });
  });

  test('refuses a graph that is not the one of the manifest', async () => {
    const directory = packageDir();
    writeFileSync(join(directory, 'model.onnx'), 'another');
    await expect(readModelPackage(directory)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await expect(readModelPackage(directory)).rejects.toThrow(
      /has the sha256 [0-9a-f]{64}, but model.json says/,
    );
  });

  test.each([
    [{ format: 2 }, /model\.json format is 2: /],
    [{ name: undefined }, /name is nothing: /],
    [{ colour: 'blue' }, /the document is .*colour/],
    [{ sha256: 'abc' }, /sha256 is "abc": /],
    [{ channels: [] }, /channels is \[\]: /],
    [{ channels: [{ name: 'flow' }] }, /channels\.0\.unit is nothing: /],
    [{ window: { rateHz: -1, rows: 1, stepMs: 10 } }, /window\.rateHz is -1: .*; window\.rows is 1: /],
    [{ coverageMin: 2 }, /coverageMin is 2: /],
    [{ licence: 'x'.repeat(100_000) }, /licence is "x{79}: /],
  ])('names the key, the value and the reason: %j', async (changes, message) => {
    const directory = packageDir();
    const manifest = JSON.stringify({ ...madeManifest('good'), ...changes });
    writeFileSync(join(directory, 'model.json'), manifest);
    await expect(readModelPackage(directory)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await expect(readModelPackage(directory)).rejects.toThrow(message);
  });

  test('names at most ten faults', async () => {
    const directory = packageDir({ channels: Array(64).fill({}) });
    const error = await readModelPackage(directory).catch((thrown: Error) => thrown);
    expect((error as Error).message.match(/ is nothing: /g)).toHaveLength(10);
  });

  test.each(['', 'no JSON', '[', '\0\0\0', 'null', '[]', '{"__proto__": 1}'])('refuses %j', async (text) => {
    const directory = packageDir();
    writeFileSync(join(directory, 'model.json'), text);
    await expect(readModelPackage(directory)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });

  test('refuses a folder that is not there', async () => {
    await expect(readModelPackage(join(root, 'absent'))).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });

  test.each(['model.json', 'model.onnx'])('refuses a package without %s', async (name) => {
    const directory = packageDir();
    unlinkSync(join(directory, name));
    await expect(readModelPackage(directory)).rejects.toThrow(/cannot be read: ENOENT/);
  });

  test.each([
    ['model.json', 256 * 1024],
    ['model.onnx', 64 * 1024 * 1024],
  ])('refuses a %s over its size limit of %d bytes', async (name, sizeBytesMax) => {
    const directory = packageDir();
    truncateSync(join(directory, name), sizeBytesMax);
    await expect(readModelPackage(directory)).rejects.not.toThrow(/are allowed/);
    truncateSync(join(directory, name), sizeBytesMax + 1);
    await expect(readModelPackage(directory)).rejects.toThrow(
      `${name} has ${sizeBytesMax + 1} bytes; ${sizeBytesMax} are allowed`,
    );
  });

  test('refuses a device or a folder in place of a file', async () => {
    const directory = packageDir();
    unlinkSync(join(directory, 'model.onnx'));
    symlinkSync('/dev/zero', join(directory, 'model.onnx'));
    await expect(readModelPackage(directory)).rejects.toThrow(/model\.onnx is no regular file/);
    unlinkSync(join(directory, 'model.json'));
    mkdirSync(join(directory, 'model.json'));
    await expect(readModelPackage(directory)).rejects.toThrow(/model\.json is no regular file/);
  });
});

describe('checking a model against an asset', () => {
  const { channels } = madeManifest('good');
  const window = { rateHz: 1, length: 8000 };
  const model = (changes: Partial<ModelManifest> = {}) => ({
    manifest: { ...madeManifest('good'), ...changes },
    onnxPath: '/nowhere/model.onnx',
  });

  test('accepts the asset that it was made for', () => {
    expect(checkAgainstAsset(model(), channels, window)).toEqual([
      { at: 0, factor: 1, offset: 0 },
      { at: 1, factor: 1, offset: 0 },
    ]);
  });

  test('finds its channels among more, in another order and in other units', () => {
    const given = [
      { name: 'pressure', unit: 'kPa' },
      { name: 'voltage', unit: 'V' },
      { name: 'flow', unit: 'l/min' },
    ];
    const columns = checkAgainstAsset(model(), given, window);
    expect(columns).toEqual([
      { at: 2, factor: 1, offset: 0 },
      { at: 0, factor: 0.01, offset: 0 },
    ]);
  });

  test.each([
    [
      'a channel less',
      [{ name: 'flow', unit: 'L/min' }],
      window,
      'the model wants a channel pressure, which the asset does not have',
    ],
    [
      'another quantity',
      [channels[0], { name: 'pressure', unit: 'A' }] as typeof channels,
      window,
      'unit of pressure: the model wants bar, the asset has A, which does not convert',
    ],
    ['another rate', channels, { rateHz: 2, length: 4000 }, 'rate in Hz: the model wants 1, the asset has 2'],
    [
      'another length',
      channels,
      { rateHz: 1, length: 9000 },
      'rows of a window: the model wants 8, the asset has 9',
    ],
  ])('refuses an asset with %s', (_, given, itsWindow, message) => {
    expect(() => checkAgainstAsset(model(), given, itsWindow)).toThrow(message);
  });

  test('names every difference at once', () => {
    const given = [{ name: 'flow', unit: 'V' }];
    const check = () => checkAgainstAsset(model(), given, { rateHz: 10, length: 60_000 });
    expect(check).toThrow(expect.objectContaining({ code: 'MODEL_MISMATCH' }));
    expect(check).toThrow(
      /unit of flow.*; the model wants a channel pressure.*; rate in Hz.*; rows of a window/,
    );
  });
});
