import { Buffer } from 'node:buffer';

/**
 * Cuts sentences of NMEA 0183 out of bytes: `$` or `!`, printable ASCII, `*`, two hex digits of the checksum (all between
 * `$` and `*`, by exclusive or), the end of a line. What is found does not depend on how the bytes are cut into chunks,
 * and of what is no sentence only the size is kept.
 */

/** The standard allows 82; makers of receivers send more. */
export const SENTENCE_SIZE_BYTES_MAX = 256;

/** Bytes outside of sentences are told in such portions. */
const OUTSIDE_SIZE_BYTES_MAX = 1024;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const DOLLAR = 0x24;
const EXCLAMATION = 0x21;
const ASTERISK = 0x2a;
const PRINTABLE = { first: 0x20, last: 0x7e } as const;
/** `*` and two digits. */
const CHECKSUM_SIZE_BYTES = 3;

/** A sentence with its fields, or bytes that were none. */
export type Piece =
  | { readonly kind: 'sentence'; readonly fields: readonly string[]; readonly text: string }
  | { readonly kind: 'broken'; readonly reason: Flaw; readonly text: string; readonly sizeBytes: number };

export type Flaw = 'bad-crc' | 'bad-frame' | 'line-too-long';

export class SentenceSplitter {
  readonly #begun = Buffer.allocUnsafe(SENTENCE_SIZE_BYTES_MAX);
  /** Undefined outside of a sentence. */
  #size: number | undefined;
  #outside = 0;
  #found: Piece[] = [];

  push(chunk: Uint8Array): readonly Piece[] {
    for (const byte of chunk) this.#take(byte);
    return this.#taken();
  }

  /** A line that ended with the recording is as good as one with its end; other rests are none. */
  takeRest(): readonly Piece[] {
    this.#end();
    this.#tellOutside();
    return this.#taken();
  }

  #taken(): readonly Piece[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  #take(byte: number): void {
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) this.#end();
    else if (byte === DOLLAR || byte === EXCLAMATION) this.#begin(byte);
    else if (this.#size === undefined) this.#skip();
    else if (byte < PRINTABLE.first || byte > PRINTABLE.last) this.#break('bad-frame');
    else if (this.#size === SENTENCE_SIZE_BYTES_MAX) this.#break('line-too-long');
    else {
      this.#begun[this.#size] = byte;
      this.#size += 1;
    }
  }

  /** Where one begins inside another, the end of the first was lost. */
  #begin(byte: number): void {
    if (this.#size === 1) {
      // A run of starts is one run of noise.
      this.#skip();
      return;
    }
    if (this.#size !== undefined) this.#break('bad-frame');
    this.#tellOutside();
    this.#begun[0] = byte;
    this.#size = 1;
  }

  #end(): void {
    if (this.#size === undefined) return;
    const text = this.#text();
    const piece = sentenceOf(this.#begun.subarray(0, this.#size), text);
    this.#size = undefined;
    this.#found.push(piece);
  }

  #break(reason: Flaw): void {
    const sizeBytes = this.#size ?? 0;
    this.#found.push({ kind: 'broken', reason, text: this.#text(), sizeBytes });
    this.#size = undefined;
  }

  #skip(): void {
    this.#outside += 1;
    if (this.#outside === OUTSIDE_SIZE_BYTES_MAX) this.#tellOutside();
  }

  #tellOutside(): void {
    const sizeBytes = this.#outside;
    this.#outside = 0;
    if (sizeBytes > 0)
      this.#found.push({ kind: 'broken', reason: 'bad-frame', text: `${sizeBytes} bytes`, sizeBytes });
  }

  #text(): string {
    return this.#begun.toString('latin1', 0, this.#size);
  }
}

/** A sentence without a checksum is not believed: on a line without parity nothing else tells that it is whole. */
function sentenceOf(bytes: Buffer, text: string): Piece {
  const end = bytes.length - CHECKSUM_SIZE_BYTES;
  const sizeBytes = bytes.length;
  if (bytes[end] !== ASTERISK) return { kind: 'broken', reason: 'bad-frame', text, sizeBytes };
  const told = /^[0-9A-Fa-f]{2}$/.test(text.slice(end + 1)) ? Number.parseInt(text.slice(end + 1), 16) : -1;
  if (told !== checksumOf(bytes.subarray(1, end)))
    return { kind: 'broken', reason: 'bad-crc', text, sizeBytes };
  return { kind: 'sentence', fields: text.slice(1, end).split(','), text };
}

/** Exclusive or of the bytes between `$` and `*`. */
export function checksumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum ^= byte;
  return sum;
}
