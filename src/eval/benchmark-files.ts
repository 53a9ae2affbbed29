import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FieldnoteError, messageOf } from '../system/errors.ts';

/** No file of a benchmark comes near it; a wrong folder may hold anything. */
const FILE_SIZE_BYTES_MAX = 64 * 1024 * 1024;

/** More names than any benchmark has: another folder. */
const NAMES_MAX = 10_000;

/**
 * Paths of all files of a folder and of the folders in it, relative to it, in order.
 * @throws FieldnoteError BAD_ARGUMENT when it is no folder that can be read, or one with far too much in it
 */
export async function listFiles(dir: string): Promise<string[]> {
  const listed: string[] = [];
  for (const entry of await readFolder(dir)) {
    const below = entry.isDirectory() ? await readFolder(join(dir, entry.name)) : [];
    listed.push(entry.name, ...below.map(({ name }) => join(entry.name, name)));
    if (listed.length <= NAMES_MAX) continue;
    const message = `${dir} holds more than ${NAMES_MAX} files: name the folder of the benchmark itself`;
    throw new FieldnoteError('BAD_ARGUMENT', message, { dir });
  }
  return listed.sort();
}

async function readFolder(dir: string): Promise<Dirent[]> {
  return readdir(dir, { withFileTypes: true }).catch((error) => {
    const message = `cannot read the folder ${dir}: ${messageOf(error)}`;
    throw new FieldnoteError('BAD_ARGUMENT', message, { dir }, error);
  });
}

/**
 * Says which files of a benchmark a folder lacks.
 * @throws FieldnoteError BAD_ARGUMENT
 */
export async function checkFolder(
  dir: string,
  { benchmark, needed }: { readonly benchmark: string; readonly needed: readonly string[] },
): Promise<readonly string[]> {
  const names = await listFiles(dir);
  const lacking = needed.filter((name) => !names.includes(name));
  if (lacking.length === 0) return names;
  const message = `${dir} holds no ${lacking.join(' and no ')}: \`fieldnote eval ${benchmark} --help\` says which files it takes`;
  throw new FieldnoteError('BAD_ARGUMENT', message, { dir, lacking });
}

/** @throws FieldnoteError RECORDING_UNREADABLE */
export async function readBenchmarkFile(dir: string, name: string): Promise<Buffer> {
  const path = join(dir, name);
  try {
    const { size } = await stat(path);
    if (size > FILE_SIZE_BYTES_MAX)
      throw new Error(`it has ${size} bytes, ${FILE_SIZE_BYTES_MAX} are allowed`);
    return await readFile(path);
  } catch (error) {
    throw new FieldnoteError(
      'RECORDING_UNREADABLE',
      `cannot read ${path}: ${messageOf(error)}`,
      { path },
      error,
    );
  }
}

/** A file that can be read, but is not what the benchmark needs. */
export function notOfBenchmark(dir: string, name: string, needs: string): FieldnoteError {
  const path = join(dir, name);
  return new FieldnoteError(
    'RECORDING_UNREADABLE',
    `${path} is no file of the benchmark: it needs ${needs}`,
    {
      path,
    },
  );
}
