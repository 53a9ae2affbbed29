import { fstatSync, readSync } from 'node:fs';
import type { SQLOutputValue } from 'node:sqlite';
import { type Frame, framesOf } from './log-file.ts';

/**
 * Rows of a damaged database, read page by page without its trees (https://www.sqlite.org/fileformat.html): when a page
 * that leads to others is gone, SQLite finds none of them. What comes back is anything that looks like a row, perhaps
 * deleted long ago or of another table: only rows that carry a checksum can be believed.
 */

const PAGE_TABLE_LEAF = 0x0d;
const LEAF_HEADER_BYTES = 8;
const FILE_HEADER_BYTES = 100;
/** More than any row that the store writes. */
const ROW_BYTES_MAX = 1024 * 1024;

/** A damaged database. */
export interface DamagedFile {
  /** Descriptor of the file, open for reading. */
  readonly file: number;
  /** Content of its log; empty when there is none. */
  readonly log: Buffer;
  readonly pageBytes: number;
}

/** All rows in pages that are in use, as far as that can be known; the newest version of each page that can be read. */
export function* scanRows(damaged: DamagedFile): Generator<SQLOutputValue[]> {
  const pages = new Pages(damaged);
  const unused = pages.unused();
  for (let number = 1; number <= pages.count; number++) {
    if (unused.has(number)) continue;
    for (const version of pages.versions(number)) yield* rowsOfLeaf(version, number, pages);
  }
}

/** The pages of the file with those of the log over them. */
class Pages {
  readonly count: number;
  readonly #damaged: DamagedFile;
  /** Of each page in the log, the newest first. */
  readonly #frames = new Map<number, Frame[]>();

  constructor(damaged: DamagedFile) {
    const { file, log, pageBytes } = damaged;
    this.#damaged = damaged;
    for (const frame of framesOf(log, pageBytes)) {
      const others = this.#frames.get(frame.page);
      if (others === undefined) this.#frames.set(frame.page, [frame]);
      else others.unshift(frame);
    }
    const highest = [...this.#frames.keys()].reduce((a, b) => Math.max(a, b), 0);
    const inFile = Math.floor(fstatSync(file).size / pageBytes);
    this.count = Math.max(inFile, Math.min(highest, inFile + this.#frames.size));
  }

  /** The newest version that is sound, and before it those that are newer and perhaps damaged. */
  versions(number: number): Buffer[] {
    const { log, pageBytes } = this.#damaged;
    const frames = this.#frames.get(number) ?? [];
    const sound = frames.findIndex(({ isSound }) => isSound);
    const read = sound === -1 ? frames : frames.slice(0, sound + 1);
    const versions = read.map(({ offset }) => log.subarray(offset, offset + pageBytes));
    return sound === -1 ? [...versions, ...this.#inFile(number)] : versions;
  }

  /** Pages that are free to be written again: what they hold was deleted. */
  unused(): ReadonlySet<number> {
    const unused = new Set<number>();
    let trunk = this.versions(1)[0]?.readUInt32BE(32) ?? 0;
    while (trunk > 0 && trunk <= this.count && !unused.has(trunk)) {
      unused.add(trunk);
      const page = this.versions(trunk)[0];
      const leaves = page?.readUInt32BE(4) ?? 0;
      if (page === undefined || leaves > page.length / 4 - 2) break;
      for (let leaf = 0; leaf < leaves; leaf++) unused.add(page.readUInt32BE(8 + leaf * 4));
      trunk = page.readUInt32BE(0);
    }
    return unused;
  }

  #inFile(number: number): Buffer[] {
    const { file, pageBytes } = this.#damaged;
    const page = Buffer.alloc(pageBytes);
    const bytes = number > 0 ? readSync(file, page, 0, pageBytes, (number - 1) * pageBytes) : 0;
    return bytes === pageBytes ? [page] : [];
  }
}

function* rowsOfLeaf(page: Buffer, number: number, pages: Pages): Generator<SQLOutputValue[]> {
  const start = number === 1 ? FILE_HEADER_BYTES : 0;
  if (page[start] !== PAGE_TABLE_LEAF) return;
  const cells = Math.min(page.readUInt16BE(start + 3), Math.floor(page.length / 4));
  for (let cell = 0; cell < cells; cell++) {
    const row = attemptRow(page, start + LEAF_HEADER_BYTES + cell * 2, pages);
    if (row !== undefined) yield row;
  }
}

/** A damaged cell points anywhere; reading beyond the end of a buffer throws. */
function attemptRow(page: Buffer, pointerAt: number, pages: Pages): SQLOutputValue[] | undefined {
  try {
    return rowOf(page, page.readUInt16BE(pointerAt), pages);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function rowOf(page: Buffer, cellAt: number, pages: Pages): SQLOutputValue[] | undefined {
  const [sizeBytes, rowidAt] = varint(page, cellAt);
  const [rowid, payloadAt] = varint(page, rowidAt);
  if (sizeBytes > ROW_BYTES_MAX) return undefined;
  const payload = payloadOf(page, payloadAt, sizeBytes, pages);
  const [headerBytes, typesAt] = varint(payload, 0);
  const values: SQLOutputValue[] = [];
  for (let typeAt = typesAt, valueAt = headerBytes; typeAt < headerBytes; ) {
    const [type, next] = varint(payload, typeAt);
    const [value, bytes] = fieldOf(payload, valueAt, type);
    // An INTEGER PRIMARY KEY is stored as the number of its row.
    values.push(values.length === 0 && value === null ? rowid : value);
    typeAt = next;
    valueAt += bytes;
  }
  return values;
}

/** What does not fit into the page goes on in overflow pages, each with the number of the next in its first 4 bytes. */
function payloadOf(page: Buffer, at: number, sizeBytes: number, pages: Pages): Buffer {
  const roomBytes = page.length - 35;
  if (sizeBytes <= roomBytes) return slice(page, at, sizeBytes);
  const leastBytes = Math.floor(((page.length - 12) * 32) / 255) - 23;
  const evenBytes = leastBytes + ((sizeBytes - leastBytes) % (page.length - 4));
  const localBytes = evenBytes <= roomBytes ? evenBytes : leastBytes;
  const parts = [slice(page, at, localBytes)];
  let next = page.readUInt32BE(at + localBytes);
  for (let leftBytes = sizeBytes - localBytes; leftBytes > 0; leftBytes -= page.length - 4) {
    const overflow = pages.versions(next)[0];
    if (overflow === undefined) throw new RangeError('the row goes on where no page is');
    parts.push(overflow.subarray(4, 4 + leftBytes));
    next = overflow.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

/** A value of a serial type, and how many bytes it takes. Real numbers are in no row with a checksum. */
function fieldOf(payload: Buffer, at: number, type: number): [SQLOutputValue, number] {
  if (type === 0) return [null, 0];
  if (type === 8 || type === 9) return [type - 8, 0];
  if (type <= 4) return [payload.readIntBE(at, type), type];
  if (type === 5) return [payload.readIntBE(at, 6), 6];
  if (type === 6) return [Number(payload.readBigInt64BE(at)), 8];
  if (type === 7) return [payload.readDoubleBE(at), 8];
  const bytes = Math.floor((type - 12) / 2);
  const content = slice(payload, at, bytes);
  return [type % 2 === 0 ? new Uint8Array(content) : content.toString(), bytes];
}

function varint(bytes: Buffer, at: number): [number, number] {
  let value = 0;
  for (let length = 0; length < 9; length++) {
    const byte = bytes.readUInt8(at + length);
    if (length === 8) return [value * 256 + byte, at + 9];
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + length + 1];
  }
  return [value, at + 9];
}

function slice(bytes: Buffer, at: number, length: number): Buffer {
  if (length < 0 || at + length > bytes.length) throw new RangeError('the row goes on beyond the page');
  return bytes.subarray(at, at + length);
}
