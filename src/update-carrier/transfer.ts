import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../system/durable-file.ts';
import { FieldnoteError } from '../system/errors.ts';
import { PREFIX_BYTES, UPDATE_SUFFIX } from '../update/bundle.ts';
import { type Head, headSizeOf } from '../update/head.ts';
import { type Offer, PART_BYTES, partCountOf, transferOf } from './protocol.ts';

const PART_SUFFIX = '.part';

export interface TransferOptions {
  /** Where bundles wait for who applies them; made when the first one comes. */
  readonly folder: string;
  readonly offer: Offer;
  /**
   * Reads a head whose signature is right, of an update that this device would take.
   * @throws FieldnoteError with the reason why it does not
   */
  readonly judge: (head: Buffer, offer: Offer) => Promise<Head>;
}

/**
 * A bundle that comes in parts, one after the other. Its head is gathered in memory: what nobody has signed never gets to the
 * disk. From then on each part is on the disk when `add` has returned, and a later process goes on behind it.
 */
export class Transfer {
  readonly offer: Offer;
  readonly #options: TransferOptions;
  readonly #path: string;
  #gathered: Buffer[] = [];
  #head: Head | undefined;
  #file: FileHandle | undefined;
  #have = 0;

  constructor(options: TransferOptions) {
    this.offer = options.offer;
    this.#options = options;
    this.#path = join(options.folder, `${options.offer.transfer}${PART_SUFFIX}`);
  }

  /** Parts that are there, counted from the first. */
  get have(): number {
    return this.#have;
  }

  get head(): Head | undefined {
    return this.#head;
  }

  get isWhole(): boolean {
    return this.#have === partCountOf(this.offer);
  }

  /**
   * Goes on with what an earlier process has left.
   * @throws FieldnoteError when this device does not take the update any more
   */
  async resume(): Promise<void> {
    const sizeBytes = await sizeOf(this.#path);
    // The last one may have been on its way to the disk when the power went.
    const have = Math.floor((sizeBytes - 1) / PART_BYTES);
    if (have < 1) return;
    const file = await open(this.#path, 'r+');
    this.#file = file;
    const headBytes = headSizeOf(await readAt(file, PREFIX_BYTES));
    if (headBytes > have * PART_BYTES) return this.close();
    this.#head = await this.#judge(await readAt(file, headBytes));
    await file.truncate(have * PART_BYTES);
    this.#have = have;
  }

  /**
   * Takes the next part.
   * @throws FieldnoteError when this device does not take the update; whatever the disk says
   */
  async add(bytes: Buffer): Promise<void> {
    if (this.#file) {
      await writeAt(this.#file, bytes, this.#have * PART_BYTES);
      await this.#file.datasync();
    } else {
      this.#gathered.push(bytes);
      await this.#readHead();
    }
    this.#have += 1;
  }

  /**
   * Checks the whole payload and gives the bundle its name, under which others look for it.
   * @throws FieldnoteError UPDATE_INVALID when a part was changed on the way
   */
  async finish(): Promise<string> {
    const { folder } = this.#options;
    if (this.#head === undefined) throw changed();
    const { manifest, sizeBytes: start } = this.#head;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(this.#path, { start })) hash.update(chunk);
    if (hash.digest('hex') !== manifest.payload.sha256) throw changed();
    await this.close();
    const path = join(folder, `${manifest.sequence}${UPDATE_SUFFIX}`);
    await rename(this.#path, path);
    await syncFolder(folder);
    return path;
  }

  /** What came so far stays. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** Leaves nothing. */
  async drop(): Promise<void> {
    this.#gathered = [];
    await this.close();
    await rm(this.#path, { force: true });
  }

  async #readHead(): Promise<void> {
    const { folder } = this.#options;
    const [first] = this.#gathered;
    const gatheredBytes = this.#gathered.reduce((sum, { length }) => sum + length, 0);
    const headBytes = first ? headSizeOf(first) : 0;
    if (gatheredBytes < headBytes && gatheredBytes < this.offer.sizeBytes) return;
    const gathered = Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#head = await this.#judge(gathered.subarray(0, headBytes));
    await mkdir(folder, { recursive: true });
    // One at a time: the device was not built for a collection of them.
    await removeParts(folder);
    this.#file = await open(this.#path, 'wx', 0o600);
    await writeAt(this.#file, gathered, 0);
    await this.#file.sync();
    await syncFolder(folder);
  }

  async #judge(head: Buffer): Promise<Head> {
    const judged = await this.#options.judge(head, this.offer);
    const { transfer, sizeBytes } = this.offer;
    const isOffered = judged.sizeBytes + judged.manifest.payload.sizeBytes === sizeBytes;
    if (transferOf(head) === transfer && isOffered) return judged;
    throw new FieldnoteError('UPDATE_INVALID', 'it is not the bundle that was offered');
  }
}

/** Removes what never became whole. @param olderThanMs of what was not touched since then, in Unix time */
export async function removeParts(folder: string, olderThanMs = Number.POSITIVE_INFINITY): Promise<void> {
  const names = await readdir(folder).catch(() => [] as string[]);
  for (const name of names.filter((one) => one.endsWith(PART_SUFFIX))) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    if (mtimeMs < olderThanMs) await rm(path, { force: true });
  }
}

function changed(): FieldnoteError {
  return new FieldnoteError('UPDATE_INVALID', 'its payload was changed or damaged on the way');
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function readAt(file: FileHandle, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
  return buffer.subarray(0, bytesRead);
}

async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const rest = bytes.subarray(written);
    written += (await file.write(rest, 0, rest.length, position + written)).bytesWritten;
  }
}
