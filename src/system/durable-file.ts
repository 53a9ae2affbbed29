import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Writes a file and waits until the disk has it. Its name lasts only after `syncFolder`. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  await using file = await open(path, 'w');
  await file.writeFile(content);
  await file.sync();
}

/** Replaces a file as a whole: whatever happens, the old content or the new one is there, and the new one lasts. */
export async function replaceDurably(path: string, content: string | Uint8Array): Promise<void> {
  await writeDurably(`${path}.new`, content);
  await rename(`${path}.new`, path);
  await syncFolder(dirname(path));
}

/** Makes names last that were made or changed in a folder: they are part of the folder, not of the files. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

/**
 * Makes a folder, and those above it, so that it lasts. Also one that was there may not be on the disk yet: whoever made
 * it did not wait. For a thread that may wait.
 */
export function makeFolderDurably(path: string): void {
  const first = mkdirSync(path, { recursive: true }) ?? path;
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    trySyncFolder(dirname(folder));
    if (folder === resolve(first)) return;
  }
}

/** The folder above the own one may belong to somebody else, who then has to know. */
function trySyncFolder(path: string): void {
  try {
    syncFolderNow(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
  }
}

/** `syncFolder` for a thread that may wait. */
export function syncFolderNow(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
