import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { activateModel, activeModelDir, modelDir } from '../../src/models/active.ts';
import { readModelPackage } from '../../src/models/read-package.ts';
import { type MadeModel, writeMadePackage } from '../support/made-models.ts';

const root = mkdtempSync(join(tmpdir(), 'fieldnote-active-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A data folder in which the pump has the packages that are named. */
function dataDir(...names: MadeModel[]) {
  const directory = mkdtempSync(join(root, 'data-'));
  const hashes = names.map(
    (name) => writeMadePackage(join(directory, 'models', 'pump'), name).manifest.sha256,
  );
  return {
    directory,
    hashes: hashes as [string, ...string[]],
    file: join(directory, 'models', 'pump', 'active'),
  };
}

describe('the active model of an asset', () => {
  test('is none at first', async () => {
    expect(await activeModelDir(dataDir().directory, 'pump')).toBeUndefined();
  });

  test('is the one that was activated last, and can be read', async () => {
    const { directory, hashes } = dataDir('good', 'mean');
    for (const sha256 of hashes) {
      await activateModel(directory, 'pump', sha256);
      const active = await activeModelDir(directory, 'pump');
      expect(active).toBe(modelDir(directory, 'pump', sha256));
      expect((await readModelPackage(active as string)).manifest.sha256).toBe(sha256);
    }
  });

  test('is the asset’s own', async () => {
    const { directory, hashes } = dataDir('good');
    await activateModel(directory, 'pump', hashes[0]);
    expect(await activeModelDir(directory, 'fan')).toBeUndefined();
  });

  test('leaves no second file behind', async () => {
    const { directory, hashes, file } = dataDir('good');
    await activateModel(directory, 'pump', hashes[0]);
    expect(readdirSync(dirname(file)).sort()).toEqual([hashes[0], 'active'].sort());
  });

  test('stays when another write was cut off before its rename', async () => {
    const { directory, hashes, file } = dataDir('good', 'mean');
    await activateModel(directory, 'pump', hashes[0]);
    writeFileSync(`${file}.new`, hashes[1]?.slice(0, 10) ?? '');
    expect(await activeModelDir(directory, 'pump')).toBe(modelDir(directory, 'pump', hashes[0]));
    await activateModel(directory, 'pump', hashes[1] as string);
    expect(readFileSync(file, 'utf8')).toBe(`${hashes[1]}\n`);
  });

  test.each(['f'.repeat(64), '../fan', ''])('cannot be %j, of which there is no package', async (sha256) => {
    const { directory, file } = dataDir('good');
    writeFileSync(file, 'as before');
    await expect(activateModel(directory, 'pump', sha256)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    expect(readFileSync(file, 'utf8')).toBe('as before');
  });

  test.each([
    '',
    'abc\n',
    `${'f'.repeat(63)}/`,
    '../../../etc',
    '\0'.repeat(64),
    `${'f'.repeat(64)}\n`.repeat(9000),
  ])('is an error when its file was damaged (%#)', async (text) => {
    const { directory, file } = dataDir('good');
    writeFileSync(file, text);
    await expect(activeModelDir(directory, 'pump')).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await expect(activeModelDir(directory, 'pump')).rejects.toThrow(
      /holds no sha256: remove it to learn again/,
    );
  });

  test('is an error when its file cannot be read', async () => {
    const { directory, file } = dataDir('good');
    mkdirSync(file);
    await expect(activeModelDir(directory, 'pump')).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });

  test('is not changed when the disk refuses', async () => {
    const { directory, hashes, file } = dataDir('good');
    mkdirSync(file);
    const refused = activateModel(directory, 'pump', hashes[0]);
    await expect(refused).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
    await expect(refused).rejects.toThrow(/cannot write .*active: EISDIR/);
  });
});
