/** Puts a block together from chunks that come in any order, any size, and perhaps twice. Its memory is fixed. */
export class Assembly {
  readonly bytes: Uint8Array;
  readonly #isHere: Uint8Array;
  #missingCount: number;

  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(sizeBytes);
    this.#isHere = new Uint8Array(sizeBytes);
    this.#missingCount = sizeBytes;
  }

  get isWhole(): boolean {
    return this.#missingCount === 0;
  }

  /** Offset of the first byte that is not there; -1 when all are. */
  get missingAt(): number {
    return this.#isHere.indexOf(0);
  }

  has(offset: number): boolean {
    return this.#isHere[offset] === 1;
  }

  /** The chunk must lie within the block. */
  put(offset: number, chunk: Uint8Array): void {
    this.bytes.set(chunk, offset);
    for (let at = offset; at < offset + chunk.length; at++) {
      if (this.#isHere[at] === 0) this.#missingCount--;
      this.#isHere[at] = 1;
    }
  }
}
