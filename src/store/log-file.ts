import { endianness } from 'node:os';

/**
 * The write-ahead log of SQLite, read without SQLite (https://www.sqlite.org/fileformat.html#walformat): a header of 32
 * bytes, then frames of 24 bytes and a page. SQLite believes a log up to the first frame that does not fit and forgets
 * the rest without a word. After a power cut that is right; after damage it would take back what was promised.
 */

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;

/** One page in the log. */
export interface Frame {
  readonly page: number;
  /** Where in the log the page begins. */
  readonly offset: number;
  /** It is the last of a transaction. */
  readonly isCommit: boolean;
  /** It continues the frame before it, or the header, to the letter. */
  readonly isSound: boolean;
}

interface Sum {
  readonly a: number;
  readonly b: number;
}

/** The frames of the log's present generation, sound ones and others; empty when there is no log. */
export function framesOf(log: Buffer, pageBytes: number): Frame[] {
  if (log.length < HEADER_BYTES + FRAME_HEADER_BYTES) return [];
  const header = headerOf(log);
  const salts = header.isSound ? log.subarray(16, 24) : log.subarray(HEADER_BYTES + 8, HEADER_BYTES + 16);
  const frames: Frame[] = [];
  const stepBytes = FRAME_HEADER_BYTES + pageBytes;
  for (let at = HEADER_BYTES, before = header.sum; at + stepBytes <= log.length; at += stepBytes) {
    const content = log.subarray(at + FRAME_HEADER_BYTES, at + stepBytes);
    const sum = sumOf(content, sumOf(log.subarray(at, at + 8), before, header.isBig), header.isBig);
    const stored = { a: log.readUInt32BE(at + 16), b: log.readUInt32BE(at + 20) };
    before = stored;
    // Frames of an earlier generation lie behind the present ones.
    if (!log.subarray(at + 8, at + 16).equals(salts)) continue;
    frames.push({
      page: log.readUInt32BE(at),
      offset: at + FRAME_HEADER_BYTES,
      isCommit: log.readUInt32BE(at + 4) !== 0,
      isSound: sum.a === stored.a && sum.b === stored.b,
    });
  }
  return frames;
}

/**
 * Whether a log holds promised commits that SQLite would not see. A power cut leaves at most the frames of one
 * transaction behind the first one that does not fit, because the next one waits for the sync of this one.
 */
export function isLogDamaged(log: Buffer, pageBytes: number): boolean {
  const frames = framesOf(log, pageBytes);
  const begin =
    log.length >= HEADER_BYTES && headerOf(log).isSound ? frames.findIndex(({ isSound }) => !isSound) : 0;
  if (begin === -1) return false;
  return frames.slice(begin).filter(({ isCommit, isSound }) => isCommit && isSound).length > 1;
}

function headerOf(log: Buffer): { readonly isSound: boolean; readonly isBig: boolean; readonly sum: Sum } {
  const magic = log.readUInt32BE(0);
  const isKnown = magic === MAGIC || magic === MAGIC + 1;
  const isBig = isKnown && magic !== MAGIC;
  const sum = sumOf(log.subarray(0, 24), { a: 0, b: 0 }, isBig);
  const isSound = isKnown && log.readUInt32BE(24) === sum.a && log.readUInt32BE(28) === sum.b;
  // Without a header: SQLite sums up in the order of bytes of its machine.
  return { isSound, isBig: isSound ? isBig : endianness() === 'BE', sum };
}

/** The checksum of the log, over pairs of 32-bit words. */
function sumOf(bytes: Buffer, { a, b }: Sum, isBig: boolean): Sum {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + words.getUint32(at, !isBig) + b) >>> 0;
    b = (b + words.getUint32(at + 4, !isBig) + a) >>> 0;
  }
  return { a, b };
}
