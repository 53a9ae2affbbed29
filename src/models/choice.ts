import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceDurably, syncFolder } from '../system/durable-file.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';

/**
 * What was chosen among the packages of an asset: one small file for each choice, which holds a sha256 and is replaced
 * as a whole.
 */
export type Choice = 'active' | 'previous' | 'proposed';

const SHA256 = /^[0-9a-f]{64}$/;
const SIZE_BYTES_MAX = 128;

/** Whether a text can be the name of a package. */
export function isSha256(text: string): boolean {
  return SHA256.test(text);
}

/**
 * Sha256 of the package that is chosen; undefined when none is.
 * @param folder of the asset's packages
 * @throws {FieldnoteError} MODEL_INVALID when the file cannot be read or holds no sha256
 */
export async function readChoice(folder: string, choice: Choice): Promise<string | undefined> {
  const path = join(folder, choice);
  try {
    const { size } = await stat(path);
    const text = size <= SIZE_BYTES_MAX ? (await readFile(path, 'utf8')).trim() : '';
    if (isSha256(text)) return text;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw new FieldnoteError('MODEL_INVALID', `${path} cannot be read: ${messageOf(error)}`, { path }, error);
  }
  throw new FieldnoteError('MODEL_INVALID', `${path} holds no sha256: remove it to learn again`, { path });
}

/** @throws {FieldnoteError} STORE_UNWRITABLE when the disk refuses */
export async function writeChoice(folder: string, choice: Choice, sha256: string): Promise<void> {
  const path = join(folder, choice);
  await orUnwritable(path, () => replaceDurably(path, `${sha256}\n`));
}

/** @throws {FieldnoteError} STORE_UNWRITABLE when the disk refuses */
export async function removeChoice(folder: string, choice: Choice): Promise<void> {
  await removeDurably(folder, choice);
}

/**
 * Removes a file of an asset's model folder; nothing happens when it is not there.
 * @throws {FieldnoteError} STORE_UNWRITABLE when the disk refuses
 */
export async function removeDurably(folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  await orUnwritable(path, async () => {
    await rm(path, { force: true });
    await syncFolder(folder);
  });
}

/** @throws {FieldnoteError} STORE_UNWRITABLE naming the path when the work fails */
export async function orUnwritable<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = `cannot write ${path}: ${messageOf(error)}`;
    throw new FieldnoteError('STORE_UNWRITABLE', message, { path }, error);
  }
}

/** Whether an error says that a file is not there. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
