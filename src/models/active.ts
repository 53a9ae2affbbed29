import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { type Choice, isSha256, readChoice, removeChoice, writeChoice } from './choice.ts';
import { copyPackage } from './copy-package.ts';
import type { ModelManifest } from './package.ts';
import { readModelPackage } from './read-package.ts';
import { endTrial, newTrial, readTrial, type Trial, writeTrial } from './trial.ts';

/**
 * Which model judges which asset. The folder `<dataDir>/models/<asset>/` is the truth, for the daemon and for commands:
 *
 *   <sha256 of model.onnx>/   a package
 *   <sha256>.trial.json       how that one has done since it replaced another one; counts while it is the active one
 *   active                    sha256 of the one in use; without it the daemon learns
 *   previous                  sha256 of the one that judged before it and was on trial no more, for a rollback
 *   proposed                  sha256 of one that waits for a person's yes
 *
 * Each is replaced as a whole and durably, in an order in which a power cut in between leaves a model to judge by.
 */

/** Packages that an asset keeps; beyond them the oldest go, never those that were chosen for something. */
const PACKAGES_MAX = 8;

/** One package of an asset, as a list shows it. */
export interface ListedModel {
  readonly sha256: string;
  readonly manifest?: ModelManifest;
  /** Why it cannot be used, when it has no manifest here. */
  readonly fault?: string;
  readonly isActive: boolean;
  readonly isPrevious: boolean;
  readonly isProposed: boolean;
  /** While it is the active one and on trial. */
  readonly trial?: Trial;
}

/** Folder of all packages of an asset. */
export function modelsFolder(dataDir: string, asset: string): string {
  return join(dataDir, 'models', asset);
}

/** Folder of one package of an asset. */
export function modelDir(dataDir: string, asset: string, sha256: string): string {
  return join(modelsFolder(dataDir, asset), sha256);
}

/**
 * Folder of the package that is active for an asset; undefined when there is none.
 * @throws {FieldnoteError} MODEL_INVALID when the file that names it cannot be read or holds no sha256
 */
export async function activeModelDir(dataDir: string, asset: string): Promise<string | undefined> {
  const sha256 = await readChoice(modelsFolder(dataDir, asset), 'active');
  return sha256 && modelDir(dataDir, asset, sha256);
}

/**
 * Makes a package the active one of an asset. The one before stays as the previous one, and the new one is on trial. One
 * that is still on trial does not become the previous one: the one before it stays that, and activating that one is a
 * rollback. The daemon notices, and goes on with the one before when it cannot use the new one.
 * @throws {FieldnoteError} MODEL_INVALID when the asset has no such package; STORE_UNWRITABLE when the disk refuses
 */
export async function activateModel(dataDir: string, asset: string, sha256: string): Promise<void> {
  const folder = modelsFolder(dataDir, asset);
  await checkHeld(folder, sha256);
  const { active: before, previous } = await choicesOf(folder);
  const trialBefore = await readTrial(folder, before);
  if (trialBefore && sha256 === previous) return void (await rollBackModel(dataDir, asset));
  if (before === undefined) await endTrial(folder, sha256);
  else if (before !== sha256) {
    if (!trialBefore) await writeChoice(folder, 'previous', before);
    await writeTrial(folder, newTrial(sha256));
  }
  await writeChoice(folder, 'active', sha256);
  if (before !== undefined && before !== sha256) await endTrial(folder, before);
  await removeOldPackages(folder, sha256);
}

/**
 * Makes the previous model of an asset the active one again.
 * @returns sha256 of it
 * @throws {FieldnoteError} MODEL_INVALID when there is none; STORE_UNWRITABLE when the disk refuses
 */
export async function rollBackModel(dataDir: string, asset: string): Promise<string> {
  const folder = modelsFolder(dataDir, asset);
  const previous = await chosenOf(folder, 'previous');
  const active = await chosenOf(folder, 'active');
  if (previous === undefined || previous === active) {
    const message = `${asset} has no model before the one in use: nothing to roll back to`;
    throw new FieldnoteError('MODEL_INVALID', message, { asset });
  }
  await checkHeld(folder, previous);
  await endTrial(folder, previous);
  await writeChoice(folder, 'active', previous);
  await removeChoice(folder, 'previous');
  if (active !== undefined) await endTrial(folder, active);
  return previous;
}

/**
 * Forgets what is normal for an asset, so that it is learned again. The model stays as the previous one; nothing
 * happens when there is none.
 * @throws {FieldnoteError} STORE_UNWRITABLE when the disk refuses
 */
export async function forgetModel(dataDir: string, asset: string): Promise<void> {
  const folder = modelsFolder(dataDir, asset);
  if (!(await isThere(join(folder, 'active')))) return;
  const active = await chosenOf(folder, 'active');
  if (active !== undefined) await writeChoice(folder, 'previous', active);
  await removeChoice(folder, 'active');
  if (active !== undefined) await endTrial(folder, active);
}

/**
 * Puts a package forward; it is used when a person says yes (`approveModel`). Replaces an earlier proposal.
 * @throws {FieldnoteError} MODEL_INVALID when the asset has no such package; STORE_UNWRITABLE when the disk refuses
 */
export async function proposeModel(dataDir: string, asset: string, sha256: string): Promise<void> {
  const folder = modelsFolder(dataDir, asset);
  await checkHeld(folder, sha256);
  await writeChoice(folder, 'proposed', sha256);
}

/**
 * Sha256 of the package that waits for a person's yes; undefined when there is none.
 * @throws {FieldnoteError} MODEL_INVALID when the file that names it cannot be read or holds no sha256
 */
export function proposedModel(dataDir: string, asset: string): Promise<string | undefined> {
  return readChoice(modelsFolder(dataDir, asset), 'proposed');
}

/**
 * Activates the proposed package.
 * @returns sha256 of it
 * @throws {FieldnoteError} MODEL_INVALID when nothing is proposed; STORE_UNWRITABLE when the disk refuses
 */
export async function approveModel(dataDir: string, asset: string): Promise<string> {
  const sha256 = await proposedModel(dataDir, asset);
  if (sha256 === undefined)
    throw new FieldnoteError('MODEL_INVALID', `no model waits for approval for ${asset}`, { asset });
  await activateModel(dataDir, asset, sha256);
  await removeChoice(modelsFolder(dataDir, asset), 'proposed');
  return sha256;
}

/**
 * Copies a package from anywhere into the packages of an asset, without activating it. What is stored is what was
 * checked: the copy. Links are not followed, and nothing but model.json and model.onnx is taken.
 * @returns sha256 of it
 * @throws {FieldnoteError} MODEL_INVALID naming what is wrong with it; STORE_UNWRITABLE when the disk refuses
 */
export async function installModel(dataDir: string, asset: string, source: string): Promise<string> {
  const folder = modelsFolder(dataDir, asset);
  const sha256 = await copyPackage(source, folder);
  await removeOldPackages(folder, sha256);
  return sha256;
}

/** Every package of an asset, the newest first, checked. Those that are broken are listed with their fault. */
export async function listModels(dataDir: string, asset: string): Promise<ListedModel[]> {
  const folder = modelsFolder(dataDir, asset);
  const chosen = await choicesOf(folder);
  const trial = await readTrial(folder, chosen.active);
  const packages = await packagesOf(folder);
  return Promise.all(
    packages.map(async (sha256) => ({
      sha256,
      ...(await checked(join(folder, sha256))),
      isActive: sha256 === chosen.active,
      isPrevious: sha256 === chosen.previous,
      isProposed: sha256 === chosen.proposed,
      ...(trial?.sha256 === sha256 && { trial }),
    })),
  );
}

async function checked(directory: string): Promise<Pick<ListedModel, 'manifest' | 'fault'>> {
  try {
    const { manifest } = await readModelPackage(directory);
    return { manifest };
  } catch (error) {
    return { fault: messageOf(error) };
  }
}

async function checkHeld(folder: string, sha256: string): Promise<void> {
  if (isSha256(sha256) && (await isThere(join(folder, sha256, 'model.json')))) return;
  const message = `${join(folder, sha256)} holds no model package`;
  throw new FieldnoteError('MODEL_INVALID', message, { folder, sha256 });
}

async function choicesOf(folder: string) {
  const [active, previous, proposed] = await Promise.all([
    chosenOf(folder, 'active'),
    chosenOf(folder, 'previous'),
    chosenOf(folder, 'proposed'),
  ]);
  return { active, previous, proposed };
}

/** A choice that was damaged counts as none: it can be made again. */
function chosenOf(folder: string, choice: Choice) {
  return readChoice(folder, choice).catch(() => undefined);
}

/** The newest first. */
async function packagesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const found = names.filter(isSha256).map(async (name) => {
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: 0 }));
    return { name, mtimeMs };
  });
  return (await Promise.all(found)).sort((a, b) => b.mtimeMs - a.mtimeMs).map(({ name }) => name);
}

/**
 * What cannot be removed now is tried again with the next package.
 * @param latest stays: on a device without a clock the newest may look the oldest
 */
async function removeOldPackages(folder: string, latest: string): Promise<void> {
  const chosen = new Set([...Object.values(await choicesOf(folder)), latest]);
  const packages = await packagesOf(folder);
  const free = packages.filter((sha256) => !chosen.has(sha256));
  const kept = PACKAGES_MAX - (packages.length - free.length);
  for (const sha256 of free.slice(Math.max(0, kept))) {
    await endTrial(folder, sha256).catch(() => undefined);
    await rm(join(folder, sha256), { recursive: true }).catch(() => undefined);
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
