import { deserialize, serialize } from 'node:v8';

/**
 * Frames between the daemon and its child processes: four bytes of length, little-endian, then one value in V8's
 * structured-clone format. Node's own IPC channel is not used: it raises an uncaught exception in the daemon when
 * a child with damaged memory writes broken bytes, and it has no limit on the size of a message.
 */

const HEADER_SIZE_BYTES = 4;

export function toFrame(value: unknown): Buffer {
  const body = serialize(value);
  const header = Buffer.alloc(HEADER_SIZE_BYTES);
  header.writeUInt32LE(body.length);
  return Buffer.concat([header, body]);
}

/** Cuts a stream of chunks into the values that were framed. Useless after it has thrown. */
export class FrameReader {
  readonly #sizeBytesMax: number;
  #chunks: Buffer[] = [];
  #lengthBytes = 0;
  #neededBytes = HEADER_SIZE_BYTES;

  /** @param sizeBytesMax limit of one value in its serialized form */
  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  /**
   * Takes what arrived and gives the values that it completes, one by one.
   * @throws {RangeError} when a frame says that it is over the limit
   * @throws {Error} when the bytes of a frame are no value
   */
  *push(chunk: Buffer): Generator<unknown, void, void> {
    this.#chunks.push(chunk);
    this.#lengthBytes += chunk.length;
    while (this.#lengthBytes >= this.#neededBytes) {
      const bytes = this.#joined();
      const end = HEADER_SIZE_BYTES + bytes.readUInt32LE(0);
      if (end - HEADER_SIZE_BYTES > this.#sizeBytesMax)
        throw new RangeError(
          `a frame of ${end - HEADER_SIZE_BYTES} bytes is over ${this.#sizeBytesMax} bytes`,
        );
      const isWhole = bytes.length >= end;
      this.#neededBytes = isWhole ? HEADER_SIZE_BYTES : end;
      this.#chunks = [isWhole ? bytes.subarray(end) : bytes];
      this.#lengthBytes = isWhole ? bytes.length - end : bytes.length;
      if (isWhole) yield deserialize(bytes.subarray(HEADER_SIZE_BYTES, end));
    }
  }

  #joined(): Buffer {
    const [first] = this.#chunks;
    return first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
  }
}
