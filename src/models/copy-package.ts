import { constants } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder, writeDurably } from '../system/durable-file.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { orUnwritable } from './choice.ts';
import { MANIFEST_SIZE_BYTES_MAX, ONNX_SIZE_BYTES_MAX, readModelPackage } from './read-package.ts';

/** A copy that was cut off is replaced by the next one. */
const DRAFT = 'install.new';

const FILES = { 'model.onnx': ONNX_SIZE_BYTES_MAX, 'model.json': MANIFEST_SIZE_BYTES_MAX } as const;

/**
 * Checks a model package, copies it to `<folder>/<sha256>/`, durably, and checks the copy. A package of the same model that is
 * there already is replaced file by file: its graph is the same by its name, its model.json may be a better one.
 * @param source holds `model.json` and `model.onnx`
 * @returns sha256 of model.onnx
 * @throws {FieldnoteError} MODEL_INVALID naming what is wrong with it; STORE_UNWRITABLE when the disk refuses
 */
export async function copyPackage(source: string, folder: string): Promise<string> {
  await readModelPackage(source);
  const draft = join(folder, DRAFT);
  await orUnwritable(draft, async () => {
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true });
  });
  try {
    for (const [name, sizeBytesMax] of Object.entries(FILES)) {
      const bytes = await readPlainFile(join(source, name), sizeBytesMax);
      await orUnwritable(join(draft, name), () => writeDurably(join(draft, name), bytes));
    }
    const { manifest } = await readModelPackage(draft);
    await orUnwritable(folder, () => moveIntoPlace(draft, join(folder, manifest.sha256)));
    return manifest.sha256;
  } finally {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** A regular file of a limited size, and not what a link points to. */
async function readPlainFile(path: string, sizeBytesMax: number): Promise<Uint8Array> {
  try {
    // Without O_NONBLOCK a named pipe would never open.
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile()) throw new Error('it is no regular file');
    if (found.size > sizeBytesMax) throw new Error(`it has ${found.size} bytes; ${sizeBytesMax} are allowed`);
    const bytes = Buffer.alloc(found.size);
    const { bytesRead } = await file.read(bytes, 0, found.size, 0);
    return bytes.subarray(0, bytesRead);
  } catch (error) {
    const isLink = error instanceof Error && 'code' in error && error.code === 'ELOOP';
    const why = isLink ? 'it is a link: copy the file itself' : messageOf(error);
    throw new FieldnoteError('MODEL_INVALID', `${path} cannot be used: ${why}`, { path }, error);
  }
}

/** The folder appears as a whole, unless it is there already. */
async function moveIntoPlace(draft: string, path: string): Promise<void> {
  await syncFolder(draft);
  try {
    await rename(draft, path);
  } catch {
    for (const name of Object.keys(FILES)) await rename(join(draft, name), join(path, name));
    await syncFolder(path);
  }
  await syncFolder(dirname(path));
}
