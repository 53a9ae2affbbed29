import { open } from 'node:fs/promises';

/** Writes a file and waits until the disk has it. Its name lasts only after `syncFolder`. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  await using file = await open(path, 'w');
  await file.writeFile(content);
  await file.sync();
}

/** Makes names last that were made or changed in a folder: they are part of the folder, not of the files. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
