import type { NoiseReason } from '../../values/sample.ts';

/**
 * Finds the messages of a ULog in bytes that are cut anywhere: a header of 16 bytes, then messages of a size, a type and a
 * body. They have no checksum: one counts when another message, or the end, follows it. Everything else is noise, passed
 * over byte by byte. One message is kept at most, 64 KiB.
 */

export const MAGIC = Uint8Array.of(0x55, 0x4c, 0x6f, 0x67, 0x01, 0x12, 0x35);
const HEADER_BYTES = 16;
const MESSAGE_HEADER_BYTES = 3;
const TYPES = new Set([...'BFIMPQARDLCSO'].map((type) => type.charCodeAt(0)));

export interface MessageSink {
  /** @param body valid during the call */
  onMessage(type: string, body: DataView): void;
  onNoise(reason: NoiseReason, sizeBytes: number, excerpt: string): void;
}

export class MessageReader {
  #kept: Buffer = Buffer.alloc(0);
  #isBegun = false;
  #noiseBytes = 0;

  /** Whether the header of a ULog was read. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  push(bytes: Uint8Array, sink: MessageSink): void {
    const all = this.#kept.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#kept, bytes]);
    const begin = this.#isBegun ? 0 : this.#begin(all);
    const end = this.#isBegun ? this.#read(all, begin, sink, { isEnd: false }) : begin;
    this.#kept = Buffer.from(all.subarray(end));
  }

  /** The recording has ended: its last message has no follower. */
  end(sink: MessageSink): void {
    const rest = this.#kept;
    this.#kept = Buffer.alloc(0);
    if (this.#isBegun) this.#read(rest, 0, sink, { isEnd: true });
    else this.#noiseBytes += rest.length;
    this.#tellNoise(sink);
  }

  /** @returns where the first byte is that has to wait, or be read as a message */
  #begin(bytes: Buffer): number {
    const at = bytes.indexOf(MAGIC);
    if (at < 0) {
      const skipped = Math.max(0, bytes.length - HEADER_BYTES);
      this.#noiseBytes += skipped;
      return skipped;
    }
    this.#noiseBytes += at;
    if (bytes.length < at + HEADER_BYTES) return at;
    this.#isBegun = true;
    return at + HEADER_BYTES;
  }

  #read(bytes: Buffer, begin: number, sink: MessageSink, { isEnd }: { readonly isEnd: boolean }): number {
    let at = begin;
    while (at < bytes.length) {
      const end = messageEnd(bytes, at);
      const isWhole = end !== undefined && end + (isEnd ? 0 : MESSAGE_HEADER_BYTES) <= bytes.length;
      const mayGrow = !isEnd && !isWhole && (end !== undefined || bytes.length - at < MESSAGE_HEADER_BYTES);
      if (mayGrow) return at;
      const isFollowed = isWhole && (end === bytes.length || messageEnd(bytes, end) !== undefined);
      if (isFollowed) {
        this.#tellNoise(sink);
        const body = new DataView(
          bytes.buffer,
          bytes.byteOffset + at + MESSAGE_HEADER_BYTES,
          end - at - MESSAGE_HEADER_BYTES,
        );
        sink.onMessage(String.fromCharCode(bytes[at + 2] ?? 0), body);
        at = end;
      } else {
        this.#noiseBytes++;
        at++;
      }
    }
    return at;
  }

  #tellNoise(sink: MessageSink): void {
    if (this.#noiseBytes > 0) sink.onNoise('bad-frame', this.#noiseBytes, `${this.#noiseBytes} bytes`);
    this.#noiseBytes = 0;
  }
}

/** Undefined where no message can begin. */
function messageEnd(bytes: Buffer, at: number): number | undefined {
  if (bytes.length - at < MESSAGE_HEADER_BYTES) return undefined;
  const isMessage = TYPES.has(bytes[at + 2] ?? 0) && bytes.readUInt16LE(at) > 0;
  return isMessage ? at + MESSAGE_HEADER_BYTES + bytes.readUInt16LE(at) : undefined;
}
