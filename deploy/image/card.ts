import { closeSync, copyFileSync, ftruncateSync, openSync, readSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../deb/run.ts';

const SECTOR_SIZE_BYTES = 512;
/** A card is larger than its image, so that the data partition grows; QEMU wants a power of two. */
const CARD_SIZE_BYTES = 1024 * 1024 * 1024;
/** Entry of the first partition in the partition table; in it, where it begins and its size, in sectors. */
const FIRST_PARTITION = { offset: 446, begin: 8, size: 12 } as const;

export interface CardOptions {
  readonly imagePath: string;
  readonly folder: string;
  /** What a person copies onto the boot partition: paths there, and their content. */
  readonly files: Readonly<Record<string, string>>;
}

/** A card with the image on it, as a file; the boot partition is written and read without mounting it. */
export class Card {
  readonly path: string;
  readonly #boot: { readonly begin: number; readonly size: number };

  constructor({ imagePath, folder, files }: CardOptions) {
    this.path = join(folder, 'card.img');
    copyFileSync(imagePath, this.path);
    const file = openSync(this.path, 'r+');
    ftruncateSync(file, Math.max(CARD_SIZE_BYTES, statSync(imagePath).size));
    const table = Buffer.alloc(SECTOR_SIZE_BYTES);
    readSync(file, table, 0, table.length, 0);
    closeSync(file);
    const sectors = (field: number) => table.readUInt32LE(FIRST_PARTITION.offset + field) * SECTOR_SIZE_BYTES;
    this.#boot = { begin: sectors(FIRST_PARTITION.begin), size: sectors(FIRST_PARTITION.size) };
    for (const [name, content] of Object.entries(files))
      this.#put(name, content, join(folder, 'file-for-card'));
  }

  /** Whether the bytes of a text are anywhere on the boot partition, in a file or in what deleted ones left. */
  bootHolds(text: string): boolean {
    const file = openSync(this.path, 'r');
    const bytes = Buffer.alloc(this.#boot.size);
    readSync(file, bytes, 0, bytes.length, this.#boot.begin);
    closeSync(file);
    return bytes.includes(text);
  }

  #put(name: string, content: string, scratchPath: string): void {
    const drive = `${this.path}@@${this.#boot.begin}`;
    if (name.includes('/')) run('mmd', ['-i', drive, `::${name.slice(0, name.lastIndexOf('/'))}`]);
    writeFileSync(scratchPath, content);
    run('mcopy', ['-o', '-i', drive, scratchPath, `::${name}`]);
  }
}
