import { Assembly } from './assembly.ts';
import { crc32c } from './crc.ts';
import type { DescBody } from './protocol.ts';

/** Collects one descriptor, pulled by offset or as a device that only transmits hands it out. */
export class DescriptorDownload {
  readonly #crc32c: number;
  #assembly: Assembly | undefined;

  /** @param crc of the whole descriptor, as HELLO says */
  constructor(crc: number) {
    this.#crc32c = crc;
  }

  /** Offset of the first byte that is not there yet. */
  get missingAt(): number {
    return this.#assembly?.missingAt ?? 0;
  }

  /** @returns the descriptor, once it is whole; 'damaged' when its CRC is wrong, and it is collected anew */
  take({ offset, total, chunk }: DescBody): Uint8Array | 'damaged' | undefined {
    if (this.#assembly?.bytes.length !== total) this.#assembly = new Assembly(total);
    this.#assembly.put(offset, chunk);
    if (!this.#assembly.isWhole) return undefined;
    const { bytes } = this.#assembly;
    this.#assembly = undefined;
    return crc32c(bytes) === this.#crc32c ? bytes : 'damaged';
  }
}
