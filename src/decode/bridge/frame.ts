import { Buffer } from 'node:buffer';
import { CRC16_RESIDUE, CRC16_START, CRC16_TABLE, crc16 } from './crc.ts';
import { LIMITS, VERSION } from './protocol.ts';

/**
 * COBS frames (Cheshire and Baker, 1999), both ways:
 *
 *   wire   COBS(frame) 0x00
 *   frame  version << 6 | type, stream, sequence, body, complement of the CRC-16/MCRF4XX of all before it
 */

const HEADER_SIZE = 3;
const CRC_SIZE = 2;

/** A COBS block of this code carries 254 bytes and stands for no zero behind them. */
const FULL_BLOCK = 0xff;

/** As much of a bad run as an excerpt shows. */
const EXCERPT_SIZE_BYTES = 24;

/** One valid frame. There is only one object: it holds the next frame after the call that handed it over. */
export class Frame {
  readonly bytes = new Uint8Array(LIMITS.frameSizeMax);
  readonly view = new DataView(this.bytes.buffer);
  size = 0;

  get type(): number {
    return (this.bytes[0] as number) & 0x3f;
  }

  /** 0 is the device itself. */
  get stream(): number {
    return this.bytes[1] as number;
  }

  get sequence(): number {
    return this.bytes[2] as number;
  }

  get crc(): number {
    return this.view.getUint16(this.size - CRC_SIZE, true);
  }

  /** Where the body begins in `bytes` and `view`. */
  get bodyAt(): number {
    return HEADER_SIZE;
  }

  get bodySize(): number {
    return this.size - HEADER_SIZE - CRC_SIZE;
  }

  get body(): DataView {
    return new DataView(this.bytes.buffer, HEADER_SIZE, this.bodySize);
  }

  /** Bytes that it took on the wire, without the delimiter. */
  get wireSize(): number {
    return this.size + 1;
  }

  get excerpt(): string {
    return excerptOf(this.bytes, this.size);
  }
}

export interface FrameSink {
  /** @param frame valid during the call only */
  onFrame(frame: Frame): void;
  /** Bytes between two delimiters that were no frame; `sizeBytes` is without the delimiter. */
  onBadRun(reason: 'bad-frame' | 'bad-crc', sizeBytes: number, excerpt: string): void;
}

/**
 * Takes frames out of bytes that are cut anywhere. One pass: each byte is taken out of COBS and added to the CRC as it
 * comes. Memory is one frame; of a longer run only the size is counted. Every 0x00 is a fresh start.
 */
export class Deframer {
  readonly #frame = new Frame();
  /** Bytes of the run before the present chunk. */
  #runSize = 0;
  /** Decoded bytes; may count on beyond the buffer. */
  #size = 0;
  /** COBS code of the present block, 0 before the first one; and the bytes that it still wants. */
  #code = 0;
  #left = 0;
  #crc = CRC16_START;

  push(chunk: Uint8Array, sink: FrameSink): void {
    const { bytes } = this.#frame;
    let size = this.#size;
    let code = this.#code;
    let left = this.#left;
    let crc = this.#crc;
    let runStart = -this.#runSize;
    for (let at = 0; at < chunk.length; at++) {
      let byte = chunk[at] as number;
      if (byte === 0) {
        this.#endRun(sink, { runSize: at - runStart, size, isBlockWhole: left === 0, crc });
        runStart = at + 1;
        size = 0;
        code = 0;
        left = 0;
        crc = CRC16_START;
        continue;
      }
      if (left > 0) {
        left--;
      } else {
        const endsWithZero = code !== 0 && code !== FULL_BLOCK;
        code = byte;
        left = byte - 1;
        if (!endsWithZero) continue;
        byte = 0;
      }
      // Beyond the buffer the write has no effect.
      bytes[size++] = byte;
      crc = (crc >>> 8) ^ (CRC16_TABLE[(crc ^ byte) & 0xff] as number);
    }
    this.#runSize = chunk.length - runStart;
    this.#size = size;
    this.#code = code;
    this.#left = left;
    this.#crc = crc;
  }

  /** No more bytes will come: what was begun is no frame. */
  end(sink: FrameSink): void {
    const runSize = this.#runSize;
    const size = this.#size;
    this.#runSize = this.#size = this.#code = this.#left = 0;
    this.#crc = CRC16_START;
    this.#endRun(sink, { runSize, size, isBlockWhole: false, crc: CRC16_START });
  }

  #endRun(sink: FrameSink, { runSize, size, isBlockWhole, crc }: Run): void {
    if (runSize === 0) return;
    const frame = this.#frame;
    const isSized = size >= LIMITS.frameSizeMin && runSize <= LIMITS.runSizeMax;
    const isFrame =
      isSized && isBlockWhole && crc === CRC16_RESIDUE && (frame.bytes[0] as number) >> 6 === VERSION;
    if (isFrame) {
      frame.size = size;
      sink.onFrame(frame);
      return;
    }
    const reason = isSized && isBlockWhole && crc !== CRC16_RESIDUE ? 'bad-crc' : 'bad-frame';
    sink.onBadRun(reason, runSize, excerptOf(frame.bytes, size));
  }
}

interface Run {
  readonly runSize: number;
  readonly size: number;
  readonly isBlockWhole: boolean;
  readonly crc: number;
}

/** The first bytes in hex. */
function excerptOf(bytes: Uint8Array, size: number): string {
  return Buffer.from(bytes.buffer, 0, Math.min(size, EXCERPT_SIZE_BYTES)).toString('hex');
}

export interface FrameContent {
  readonly type: number;
  readonly stream: number;
  readonly sequence: number;
  /** At most 249 bytes. */
  readonly body: Uint8Array;
}

/** The bytes on the wire, with a delimiter on both sides: the first one ends whatever noise came before. */
export function encodeFrame({ type, stream, sequence, body }: FrameContent): Uint8Array {
  const plain = new Uint8Array(HEADER_SIZE + body.length + CRC_SIZE);
  plain.set([(VERSION << 6) | type, stream, sequence]);
  plain.set(body, HEADER_SIZE);
  const crcAt = HEADER_SIZE + body.length;
  new DataView(plain.buffer).setUint16(crcAt, ~crc16(plain.subarray(0, crcAt)), true);
  return Uint8Array.of(0, ...cobs(plain), 0);
}

/** A frame has at most 254 bytes, so each block ends with a zero or with the frame. */
function cobs(plain: Uint8Array): number[] {
  const encoded = [1];
  let codeAt = 0;
  for (const byte of plain) {
    if (byte === 0) codeAt = encoded.push(1) - 1;
    else {
      encoded.push(byte);
      encoded[codeAt] = (encoded[codeAt] as number) + 1;
    }
  }
  return encoded;
}
