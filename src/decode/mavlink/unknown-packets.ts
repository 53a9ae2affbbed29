/** What a header says about a packet that cannot be checked, as its id or its length is in no definition. */
export interface UnknownPacket {
  readonly system: number;
  readonly component: number;
  readonly sequence: number;
}

/** In a row; more of them are noise. */
const COUNT_MAX = 16;

/**
 * Packets of a definition that is not in the table. Nothing of them can be checked, but when one begins where a packet ended, and
 * where it ends a packet begins, it was one: then its sequence number is no loss, and what follows needs no other proof.
 */
export class UnknownPackets {
  #next = Number.NaN;
  #packets: UnknownPacket[] = [];

  /** A header at `start`, of a packet that would end at `next`. `expected` is where the last packet ended. */
  see(start: number, next: number, expected: number, packet: UnknownPacket): void {
    if (start === expected) this.#packets = [];
    else if (start !== this.#next || this.#packets.length === COUNT_MAX) return;
    this.#packets.push(packet);
    this.#next = next;
  }

  /** Those that end at `start`, where a packet begins. */
  take(start: number): readonly UnknownPacket[] {
    const packets = start === this.#next ? this.#packets : [];
    this.forget();
    return packets;
  }

  forget(): void {
    this.#next = Number.NaN;
    this.#packets = [];
  }

  /** Positions count from a byte that lies `by` bytes later now. */
  slide(by: number): void {
    this.#next -= by;
  }
}
