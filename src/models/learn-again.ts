import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceDurably } from '../system/durable-file.ts';
import { activeModelDir, forgetModel, modelsFolder } from './active.ts';
import { orUnwritable, removeChoice, removeDurably } from './choice.ts';

/** A person wants what is being learned to begin anew: an empty file that the daemon takes away when it has done so. */
const FILE = 'again';

/**
 * Asks for an asset to be learned anew: its model becomes the previous one, and what waits for a yes gets a no. What is being
 * learned at the moment is forgotten as soon as a daemon runs.
 * @returns whether it had a model
 * @throws {FieldnoteError} STORE_UNWRITABLE when the disk refuses
 */
export async function askToLearnAgain(dataDir: string, asset: string): Promise<boolean> {
  const folder = modelsFolder(dataDir, asset);
  const active = await activeModelDir(dataDir, asset).catch(() => undefined);
  await orUnwritable(folder, async () => {
    await mkdir(folder, { recursive: true });
    await replaceDurably(join(folder, FILE), '');
  });
  await removeChoice(folder, 'proposed');
  await forgetModel(dataDir, asset);
  return active !== undefined;
}

/** Whether somebody asked. */
export async function isAskedToLearnAgain(dataDir: string, asset: string): Promise<boolean> {
  return stat(join(modelsFolder(dataDir, asset), FILE)).then(
    () => true,
    () => false,
  );
}

/**
 * It has begun anew.
 * @throws {FieldnoteError} STORE_UNWRITABLE when the disk refuses
 */
export async function learningAgain(dataDir: string, asset: string): Promise<void> {
  await removeDurably(modelsFolder(dataDir, asset), FILE);
}
