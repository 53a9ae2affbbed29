import { Buffer } from 'node:buffer';

/** Longest line that is read: 256 channels with names of 64 characters and full numbers fit. */
export const LINE_SIZE_BYTES_MAX = 32 * 1024;

/** As much of a flawed line as an excerpt can use. */
const EXCERPT_SIZE_BYTES = 256;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const FIRST_PRINTABLE = 0x20;
const REPLACEMENT_CHARACTER = '\ufffd';

/** One line without its end. */
export interface Line {
  /** Never blank, unless the line has a flaw; then it is only the beginning. */
  readonly text: string;
  readonly sizeBytes: number;
  readonly flaw: 'line-too-long' | 'not-utf8' | undefined;
}

/**
 * Cuts bytes into lines that end in \n, \r\n or \r. Memory is one fixed buffer for a line that is still coming;
 * of a longer line only the size is counted. Blank lines are skipped. The lines do not depend on how the bytes
 * are cut into chunks.
 */
export class LineSplitter {
  readonly #begun = Buffer.allocUnsafe(LINE_SIZE_BYTES_MAX);
  #sizeBytes = 0;
  #hasControlBytes = false;

  /** Calls `onLine` for each line that ends in this chunk. */
  push(chunk: Uint8Array, onLine: (line: Line) => void): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte >= FIRST_PRINTABLE || byte === TAB) continue;
      if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
        this.#endLine(bytes, start, at, onLine);
        start = at + 1;
      } else {
        this.#hasControlBytes = true;
      }
    }
    this.#keep(bytes, start, bytes.length);
  }

  /** The line that was begun but not ended, which is then forgotten. */
  takeRest(): Line | undefined {
    let rest: Line | undefined;
    this.#endLine(this.#begun, 0, 0, (line) => {
      rest = line;
    });
    return rest;
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    bytes.copy(this.#begun, Math.min(this.#sizeBytes, LINE_SIZE_BYTES_MAX), start, end);
    this.#sizeBytes += end - start;
  }

  #endLine(bytes: Buffer, start: number, end: number, onLine: (line: Line) => void): void {
    const isWhole = this.#sizeBytes === 0;
    if (!isWhole) this.#keep(bytes, start, end);
    const sizeBytes = isWhole ? end - start : this.#sizeBytes;
    if (sizeBytes === 0) return;
    const line = isWhole
      ? lineOf(bytes, start, sizeBytes, this.#hasControlBytes)
      : lineOf(this.#begun, 0, sizeBytes, this.#hasControlBytes);
    this.#sizeBytes = 0;
    this.#hasControlBytes = false;
    if (line.flaw !== undefined || line.text.trim() !== '') onLine(line);
  }
}

function lineOf(bytes: Buffer, start: number, sizeBytes: number, hasControlBytes: boolean): Line {
  const isTooLong = sizeBytes > LINE_SIZE_BYTES_MAX;
  const keptBytes = isTooLong || hasControlBytes ? Math.min(sizeBytes, EXCERPT_SIZE_BYTES) : sizeBytes;
  const text = bytes.toString('utf8', start, start + keptBytes);
  if (isTooLong) return { text, sizeBytes, flaw: 'line-too-long' };
  const isBroken = hasControlBytes || text.includes(REPLACEMENT_CHARACTER);
  return { text, sizeBytes, flaw: isBroken ? 'not-utf8' : undefined };
}
