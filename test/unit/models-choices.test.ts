import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  activateModel,
  activeModelDir,
  approveModel,
  forgetModel,
  listModels,
  modelDir,
  modelsFolder,
  proposedModel,
  proposeModel,
  rollBackModel,
} from '../../src/models/active.ts';
import { newTrial, readTrial, writeTrial } from '../../src/models/trial.ts';
import { type MadeModel, writeMadePackage } from '../support/made-models.ts';

const root = mkdtempSync(join(tmpdir(), 'fieldnote-choices-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A data folder in which the pump has the packages that are named. */
function dataDir(...names: MadeModel[]) {
  const directory = mkdtempSync(join(root, 'data-'));
  const folder = modelsFolder(directory, 'pump');
  const hashes = names.map((name) => writeMadePackage(folder, name).manifest.sha256);
  return { directory, folder, hashes: hashes as [string, string, ...string[]] };
}

/** Name of a package that has no use but to be there, as old as is said. */
function oldPackage(folder: string, number: number, ageS: number): string {
  const sha256 = number.toString(16).padStart(64, '0');
  mkdirSync(join(folder, sha256), { recursive: true });
  writeFileSync(join(folder, sha256, 'model.json'), '{}');
  const timeS = Date.now() / 1000 - ageS;
  utimesSync(join(folder, sha256), timeS, timeS);
  return sha256;
}

const NO_PREVIOUS = /pump has no model before the one in use: nothing to roll back to/;

describe('activating a model', () => {
  test('keeps the one before as the previous one, and puts the new one on trial', async () => {
    const { directory, folder, hashes } = dataDir('good', 'mean');
    await activateModel(directory, 'pump', hashes[0]);
    expect(await readTrial(folder, hashes[0])).toBeUndefined();
    await activateModel(directory, 'pump', hashes[1]);
    expect(await readTrial(folder, hashes[1])).toMatchObject({ deaths: 0, verdicts: 0, alarms: 0 });
    expect(await rollBackModel(directory, 'pump')).toBe(hashes[0]);
  });

  test('that is active already changes neither the previous one nor its trial', async () => {
    const { directory, folder, hashes } = dataDir('good', 'mean');
    for (const sha256 of [hashes[0], hashes[1], hashes[1]]) await activateModel(directory, 'pump', sha256);
    expect(await readTrial(folder, hashes[1])).toBeDefined();
    expect(await rollBackModel(directory, 'pump')).toBe(hashes[0]);
  });

  test('in place of one on trial leaves the previous one, which was tried', async () => {
    const { directory, folder, hashes } = dataDir('good', 'mean', 'root');
    const [first, second, third = ''] = hashes;
    for (const sha256 of hashes) await activateModel(directory, 'pump', sha256);
    expect(await readTrial(folder, second)).toBeUndefined();
    expect(await readTrial(folder, third)).toEqual(newTrial(third));
    expect(await rollBackModel(directory, 'pump')).toBe(first);
  });

  test('that was tried, in place of one on trial, is a rollback', async () => {
    const { directory, folder, hashes } = dataDir('good', 'mean');
    for (const sha256 of [...hashes, hashes[0]]) await activateModel(directory, 'pump', sha256);
    expect(await activeModelDir(directory, 'pump')).toBe(modelDir(directory, 'pump', hashes[0]));
    expect(readdirSync(folder).sort()).toEqual([...hashes, 'active'].sort());
  });

  test('goes over a choice that was damaged', async () => {
    const { directory, folder, hashes } = dataDir('good');
    writeFileSync(join(folder, 'active'), '?');
    await activateModel(directory, 'pump', hashes[0]);
    expect(await activeModelDir(directory, 'pump')).toBe(modelDir(directory, 'pump', hashes[0]));
    await expect(rollBackModel(directory, 'pump')).rejects.toThrow(NO_PREVIOUS);
  });

  test('keeps eight packages: the oldest go, but none that was chosen for something', async () => {
    const { directory, folder, hashes } = dataDir('good', 'mean', 'root');
    const [first, second, third = ''] = hashes;
    const old = Array.from({ length: 7 }, (_, number) => oldPackage(folder, number, 1000 + number));
    await proposeModel(directory, 'pump', old[6] ?? '');
    for (const sha256 of old) await writeTrial(folder, newTrial(sha256));
    for (const sha256 of [first, second]) await activateModel(directory, 'pump', sha256);
    const left = (await listModels(directory, 'pump')).map(({ sha256 }) => sha256);
    expect(left.sort()).toEqual([first, second, third, ...old.slice(0, 4), old[6]].sort());
    for (const sha256 of old)
      expect((await readTrial(folder, sha256)) !== undefined).toBe(left.includes(sha256));
  });
});

describe('rolling back', () => {
  test('makes the previous model the active one, and ends the trial', async () => {
    const { directory, folder, hashes } = dataDir('good', 'mean');
    for (const sha256 of hashes) await activateModel(directory, 'pump', sha256);
    expect(await rollBackModel(directory, 'pump')).toBe(hashes[0]);
    expect(await activeModelDir(directory, 'pump')).toBe(modelDir(directory, 'pump', hashes[0]));
    expect(readdirSync(folder).sort()).toEqual([...hashes, 'active'].sort());
  });

  test.each([
    ['there was never another one', ['good']],
    ['it was done already', ['good', 'mean']],
  ] as const)('is refused when %s', async (_, names) => {
    const { directory, hashes } = dataDir(...names);
    for (const sha256 of hashes) await activateModel(directory, 'pump', sha256);
    if (names.length > 1) await rollBackModel(directory, 'pump');
    await expect(rollBackModel(directory, 'pump')).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await expect(rollBackModel(directory, 'pump')).rejects.toThrow(NO_PREVIOUS);
  });

  test('is refused when the package before is gone', async () => {
    const { directory, folder, hashes } = dataDir('good', 'mean');
    for (const sha256 of hashes) await activateModel(directory, 'pump', sha256);
    rmSync(join(folder, hashes[0]), { recursive: true });
    await expect(rollBackModel(directory, 'pump')).rejects.toThrow(/holds no model package/);
    expect(await activeModelDir(directory, 'pump')).toBe(modelDir(directory, 'pump', hashes[1]));
  });

  test('cut off by a power cut after its first write, is done', async () => {
    const { directory, folder, hashes } = dataDir('good', 'mean');
    for (const sha256 of hashes) await activateModel(directory, 'pump', sha256);
    writeFileSync(join(folder, 'active'), hashes[0]);
    await expect(rollBackModel(directory, 'pump')).rejects.toThrow(NO_PREVIOUS);
    expect((await listModels(directory, 'pump')).filter(({ trial }) => trial)).toEqual([]);
  });
});

describe('forgetting a model', () => {
  test('leaves none active; a rollback brings it back', async () => {
    const { directory, hashes } = dataDir('good');
    await activateModel(directory, 'pump', hashes[0]);
    await forgetModel(directory, 'pump');
    expect(await activeModelDir(directory, 'pump')).toBeUndefined();
    expect(await rollBackModel(directory, 'pump')).toBe(hashes[0]);
  });

  test('that is not there changes nothing', async () => {
    const directory = mkdtempSync(join(root, 'data-'));
    await forgetModel(directory, 'pump');
    expect(existsSync(modelsFolder(directory, 'pump'))).toBe(false);
  });

  test('puts the one that is learned then on no trial: there is nothing to go back to by itself', async () => {
    const { directory, folder, hashes } = dataDir('good', 'mean');
    await activateModel(directory, 'pump', hashes[0]);
    await forgetModel(directory, 'pump');
    await writeTrial(folder, newTrial(hashes[1])); // left by a daemon, of an earlier time
    await activateModel(directory, 'pump', hashes[1]);
    expect(await readTrial(folder, hashes[1])).toBeUndefined();
  });
});

describe('a proposed model', () => {
  test('waits, and is used when it is approved', async () => {
    const { directory, hashes } = dataDir('good', 'mean');
    await activateModel(directory, 'pump', hashes[0]);
    await proposeModel(directory, 'pump', hashes[1]);
    expect(await proposedModel(directory, 'pump')).toBe(hashes[1]);
    expect(await activeModelDir(directory, 'pump')).toBe(modelDir(directory, 'pump', hashes[0]));
    expect(await approveModel(directory, 'pump')).toBe(hashes[1]);
    expect(await activeModelDir(directory, 'pump')).toBe(modelDir(directory, 'pump', hashes[1]));
    expect(await proposedModel(directory, 'pump')).toBeUndefined();
  });

  test('cannot be approved when there is none', async () => {
    const { directory } = dataDir('good');
    await expect(approveModel(directory, 'pump')).rejects.toThrow('no model waits for approval for pump');
  });

  test('must be a package of the asset', async () => {
    const { directory } = dataDir('good');
    await expect(proposeModel(directory, 'pump', 'f'.repeat(64))).rejects.toMatchObject({
      code: 'MODEL_INVALID',
    });
  });
});

describe('the list of models', () => {
  test('says which is what, and names the fault of a broken one', async () => {
    const { directory, folder, hashes } = dataDir('good', 'mean', 'root', 'slow');
    const [first, second, third = '', fourth = ''] = hashes;
    for (const sha256 of [first, second]) await activateModel(directory, 'pump', sha256);
    await proposeModel(directory, 'pump', third);
    writeFileSync(join(folder, fourth, 'model.onnx'), 'cut off');
    const models = await listModels(directory, 'pump');
    const bySha = new Map(models.map((model) => [model.sha256, model]));
    expect(bySha.get(first)).toMatchObject({ isActive: false, isPrevious: true, isProposed: false });
    expect(bySha.get(second)).toMatchObject({ isActive: true, isPrevious: false, trial: { deaths: 0 } });
    expect(bySha.get(third)).toMatchObject({ isProposed: true, manifest: { name: 'root' } });
    expect(bySha.get(fourth)?.fault).toMatch(/has the sha256/);
    expect(bySha.get(fourth)?.manifest).toBeUndefined();
  });

  test('is empty for an asset without a folder, and leaves out what is no package', async () => {
    const { directory, folder } = dataDir('good');
    mkdirSync(join(folder, 'install.new'));
    expect(await listModels(directory, 'fan')).toEqual([]);
    expect(await listModels(directory, 'pump')).toHaveLength(1);
  });

  test('has the newest first', async () => {
    const { directory, folder } = dataDir();
    const made = [3, 1, 2].map((ageS) => oldPackage(folder, ageS, ageS));
    const shown = (await listModels(directory, 'pump')).map(({ sha256 }) => sha256);
    expect(shown).toEqual([made[1], made[2], made[0]]);
  });
});
