import { readFile, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder, writeDurably } from '../system/durable-file.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';

/**
 * Which model judges which asset: packages lie in `<dataDir>/models/<asset>/<sha256>/`, and the file `active` beside
 * them holds the sha256 of the one in use. It is replaced as a whole, so that a power cut leaves the old or the new.
 */

const SHA256 = /^[0-9a-f]{64}$/;
const ACTIVE_SIZE_BYTES_MAX = 128;

/** Folder of one package of an asset. */
export function modelDir(dataDir: string, asset: string, sha256: string): string {
  return join(dataDir, 'models', asset, sha256);
}

/**
 * Folder of the package that is active for an asset; undefined when there is none.
 * @throws {FieldnoteError} MODEL_INVALID when the file that names it cannot be read or holds no sha256
 */
export async function activeModelDir(dataDir: string, asset: string): Promise<string | undefined> {
  const path = join(dataDir, 'models', asset, 'active');
  try {
    const { size } = await stat(path);
    const text = size <= ACTIVE_SIZE_BYTES_MAX ? (await readFile(path, 'utf8')).trim() : '';
    if (SHA256.test(text)) return modelDir(dataDir, asset, text);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw new FieldnoteError('MODEL_INVALID', `${path} cannot be read: ${messageOf(error)}`, { path }, error);
  }
  throw new FieldnoteError('MODEL_INVALID', `${path} holds no sha256: remove it to learn again`, { path });
}

/**
 * Makes a package the active one of an asset, durably.
 * @throws {FieldnoteError} MODEL_INVALID when the asset has no such package; STORE_UNWRITABLE when the disk refuses
 */
export async function activateModel(dataDir: string, asset: string, sha256: string): Promise<void> {
  const directory = modelDir(dataDir, asset, sha256);
  const isPackage = SHA256.test(sha256) && (await exists(join(directory, 'model.json')));
  if (!isPackage)
    throw new FieldnoteError('MODEL_INVALID', `${directory} holds no model package`, { asset, sha256 });
  const path = join(dirname(directory), 'active');
  try {
    await writeDurably(`${path}.new`, `${sha256}\n`);
    await rename(`${path}.new`, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw new FieldnoteError(
      'STORE_UNWRITABLE',
      `cannot write ${path}: ${messageOf(error)}`,
      { path },
      error,
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
