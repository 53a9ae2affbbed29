import { constants } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { checksum } from './checksum.ts';

/**
 * Samples in a file of fixed size. Block n lies in slot n mod the number of slots, so that the oldest goes when the file is
 * full. Each block says what it holds and has a checksum: one that the disk has damaged, or that a power cut has torn, is
 * left out. Nothing is synced: history is worth keeping and not worth a wait, and the next block does not need the last.
 *
 *   CRC-32 of the rest (4 bytes) · length of the head (4) · head as JSON · rows of floats · zeros
 */

export const BLOCK_BYTES = 4096;
const FRAME_BYTES = 8;
/** The numbers in a head get longer with time. */
const HEAD_ROOM_BYTES = 64;

export interface BlockHead {
  /** `raw`: a row is one value per channel. `levels`: it is minimum, mean and maximum of each channel over a step. */
  readonly kind: 'raw' | 'levels';
  readonly channels: readonly string[];
  /** From the end of one row to the end of the next. */
  readonly stepMs: number;
  /** Unix milliseconds at the end of the first row. */
  readonly wallMs: number;
}

export interface SampleBlock extends BlockHead {
  /** Grows by one from block to block. */
  readonly number: number;
  /** Oldest first; NaN is a gap. */
  readonly rows: readonly Float32Array[];
}

/** Floats of one row. */
export function rowWidth({ kind, channels }: Pick<BlockHead, 'kind' | 'channels'>): number {
  return channels.length * (kind === 'raw' ? 1 : 3);
}

/** How many rows a block takes; below 1 when there are too many channels to keep any. */
export function rowsPerBlock(head: BlockHead): number {
  const headBytes = Buffer.byteLength(JSON.stringify(head)) + HEAD_ROOM_BYTES;
  return Math.floor((BLOCK_BYTES - FRAME_BYTES - headBytes) / (4 * rowWidth(head)));
}

export function encodeBlock({ rows, ...head }: SampleBlock): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const headText = Buffer.from(JSON.stringify({ ...head, rows: rows.length }));
  block.writeUInt32LE(headText.length, 4);
  headText.copy(block, FRAME_BYTES);
  let at = FRAME_BYTES + headText.length;
  for (const value of rows.flatMap((row) => [...row])) at = block.writeFloatLE(value, at);
  block.writeUInt32LE(checksum(block.subarray(4)), 0);
  return block;
}

/** Undefined when it is not what was written. */
export function decodeBlock(block: Buffer): SampleBlock | undefined {
  if (block.length !== BLOCK_BYTES || checksum(block.subarray(4)) !== block.readUInt32LE(0)) return undefined;
  const headBytes = block.readUInt32LE(4);
  const head = JSON.parse(block.toString('utf8', FRAME_BYTES, FRAME_BYTES + headBytes));
  const width = rowWidth(head);
  const valueAt = (index: number) => block.readFloatLE(FRAME_BYTES + headBytes + 4 * index);
  const rows = Array.from({ length: head.rows }, (_, row) =>
    Float32Array.from({ length: width }, (_, column) => valueAt(row * width + column)),
  );
  return { ...head, rows };
}

export interface RingContent {
  /** The oldest first. */
  readonly blocks: readonly SampleBlock[];
  /** Blocks that cannot be read. */
  readonly damaged: number;
}

/** All that a ring holds; nothing when there is no file. */
export async function readRing(path: string): Promise<RingContent> {
  const bytes = await readFile(path).catch((error) => {
    if (error.code === 'ENOENT') return Buffer.of();
    throw error;
  });
  const slots = Array.from({ length: Math.ceil(bytes.length / BLOCK_BYTES) }, (_, slot) =>
    bytes.subarray(slot * BLOCK_BYTES, (slot + 1) * BLOCK_BYTES),
  );
  // A slot of zeros was never written.
  const written = slots.filter((slot) => slot.some((byte) => byte !== 0));
  const blocks = written.flatMap((slot) => decodeBlock(slot) ?? []);
  blocks.sort((a, b) => a.number - b.number);
  return { blocks, damaged: written.length - blocks.length };
}

export interface SampleRingOptions {
  readonly path: string;
  readonly slots: number;
  /** A block could not be written, or too many waited. */
  readonly onLost: (error: unknown) => void;
}

/** More blocks than this never wait for the disk. */
const WAITING_MAX = 16;

/** Writes blocks, one after the other; whoever hands one over waits for nothing. */
export class SampleRing {
  readonly #options: SampleRingOptions;
  #waiting = 0;
  #written: Promise<void> = Promise.resolve();

  constructor(options: SampleRingOptions) {
    this.#options = options;
  }

  /** Puts a block into its slot, over what was there. */
  write(block: SampleBlock): void {
    const { onLost } = this.#options;
    if (this.#waiting >= WAITING_MAX) {
      onLost(new Error(`${WAITING_MAX} blocks wait for the disk`));
      return;
    }
    this.#waiting += 1;
    const work = this.#written.then(() => this.#put(block));
    this.#written = work.catch(onLost).finally(() => {
      this.#waiting -= 1;
    });
  }

  /** Resolves when everything so far was handed to the disk. */
  settled(): Promise<void> {
    return this.#written;
  }

  async #put(block: SampleBlock): Promise<void> {
    const { path, slots } = this.#options;
    await mkdir(dirname(path), { recursive: true });
    // Neither appending nor truncating, whatever fails: a place in the middle is written.
    await using file = await open(path, constants.O_RDWR | constants.O_CREAT);
    await file.write(encodeBlock(block), 0, BLOCK_BYTES, (block.number % slots) * BLOCK_BYTES);
  }
}
