import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { installModel, modelDir, modelsFolder } from '../../src/models/active.ts';
import { readModelPackage } from '../../src/models/read-package.ts';
import { madeManifest, writeMadePackage } from '../support/made-models.ts';

const root = mkdtempSync(join(tmpdir(), 'fieldnote-install-'));
afterAll(() => rmSync(root, { recursive: true }));

const { sha256 } = madeManifest('good');

/** A package somewhere, and a data folder where it may go. */
function parts(changes: object = {}) {
  const source = dirname(writeMadePackage(mkdtempSync(join(root, 'source-')), 'good', changes).onnxPath);
  const dataDir = mkdtempSync(join(root, 'data-'));
  return { source, dataDir, folder: modelsFolder(dataDir, 'pump'), held: modelDir(dataDir, 'pump', sha256) };
}

describe('installing a package', () => {
  test('copies it to where it is found by its sha256, and leaves nothing else behind', async () => {
    const { source, dataDir, folder, held } = parts();
    expect(await installModel(dataDir, 'pump', source)).toBe(sha256);
    expect((await readModelPackage(held)).manifest).toEqual(madeManifest('good'));
    expect(readdirSync(folder)).toEqual([sha256]);
  });

  test('does not activate it', async () => {
    const { source, dataDir, folder } = parts();
    await installModel(dataDir, 'pump', source);
    expect(existsSync(join(folder, 'active'))).toBe(false);
  });

  test('keeps it beside seven others, also when the clock says that it is the oldest', async () => {
    const { source, dataDir, folder, held } = parts();
    const futureS = Date.now() / 1000 + 1e6;
    for (let number = 0; number < 9; number++) {
      const other = join(folder, `${number}`.repeat(64));
      mkdirSync(other, { recursive: true });
      utimesSync(other, futureS, futureS);
    }
    await installModel(dataDir, 'pump', source);
    expect(readdirSync(folder)).toHaveLength(8);
    expect(existsSync(held)).toBe(true);
  });

  test('takes nothing but the two files', async () => {
    const { source, dataDir, held } = parts();
    writeFileSync(join(source, 'evil.sh'), 'rm -rf /');
    mkdirSync(join(source, 'more'));
    await installModel(dataDir, 'pump', source);
    expect(readdirSync(held).sort()).toEqual(['model.json', 'model.onnx']);
  });

  test('again replaces its model.json, and repairs a graph that was damaged', async () => {
    const { source, dataDir, held } = parts();
    await installModel(dataDir, 'pump', source);
    writeFileSync(join(held, 'model.onnx'), 'damaged');
    writeFileSync(join(source, 'model.json'), JSON.stringify({ ...madeManifest('good'), version: '2' }));
    await installModel(dataDir, 'pump', source);
    expect((await readModelPackage(held)).manifest.version).toBe('2');
  });

  test('goes over what a power cut left of the copy before', async () => {
    const { source, dataDir, folder } = parts();
    mkdirSync(join(folder, 'install.new'), { recursive: true });
    writeFileSync(join(folder, 'install.new', 'model.onnx'), 'half');
    writeFileSync(join(folder, 'install.new', 'more'), 'half');
    await installModel(dataDir, 'pump', source);
    expect(readdirSync(folder)).toEqual([sha256]);
  });

  test.each(['model.json', 'model.onnx'])('follows no link in place of %s', async (name) => {
    const { source, dataDir, folder } = parts();
    const elsewhere = join(mkdtempSync(join(root, 'elsewhere-')), name);
    writeFileSync(elsewhere, readFileSync(join(source, name)));
    unlinkSync(join(source, name));
    symlinkSync(elsewhere, join(source, name));
    await expect(installModel(dataDir, 'pump', source)).rejects.toThrow(/it is a link: copy the file itself/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['a graph of another sha256', (source: string) => writeFileSync(join(source, 'model.onnx'), 'another')],
    ['a manifest that says nothing', (source: string) => writeFileSync(join(source, 'model.json'), '{}')],
    ['no manifest', (source: string) => unlinkSync(join(source, 'model.json'))],
    [
      'a graph that is too large',
      (source: string) => truncateSync(join(source, 'model.onnx'), 64 * 1024 ** 2 + 1),
    ],
    ['a named pipe', (source: string) => pipeAt(join(source, 'model.onnx'))],
  ])('refuses %s, and stores nothing', async (_, damage) => {
    const { source, dataDir, folder } = parts();
    damage(source);
    await expect(installModel(dataDir, 'pump', source)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
  });

  test('says so when the disk refuses', async () => {
    const { source, dataDir } = parts();
    writeFileSync(join(dataDir, 'models'), 'a file where a folder should be');
    await expect(installModel(dataDir, 'pump', source)).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
  });

  function pipeAt(path: string): void {
    unlinkSync(path);
    execFileSync('mkfifo', [path]);
  }
});
