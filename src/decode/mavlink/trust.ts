import type { Packet } from './packet.ts';

/**
 * A checksum of 16 bits is right by chance once in 65,536: noise with a good header each 100 bytes would make a false
 * message of every 6.5 MB. So a packet is believed only with one more proof: it begins where a believed one ended, its
 * sequence number is the one that its sender uses next, or the packet after it gives it one of these. Only one packet
 * waits at a time, for as long as the next one takes.
 *
 * From the sequence numbers comes as well how many packets of each sender were lost.
 */

/** Senders whose sequence is kept; the one that was heard first is forgotten first. */
const SENDERS_MAX = 64;

/** A packet that waits is proven by one of its sender that counts on by no more than this, past losses. */
const STEP_MAX = 16;
/** And that comes after no more noise than this. */
const NOISE_BYTES_MAX = 4096;

/** A packet that counts so little back was overtaken on its way (UDP) or came twice; it is no loss of 250 others. */
const SETBACK_MAX = 8;

export interface BelievedSink {
  /** @param lost packets of this sender before it; modulo 256 */
  onBelieved(packet: Packet, lost: number): void;
  onDoubted(packet: Packet): void;
}

export class Trust {
  readonly #sink: BelievedSink;
  /** Next sequence number of each sender. */
  readonly #expected = new Map<number, number>();
  #waiting: Packet | undefined;

  constructor(sink: BelievedSink) {
    this.#sink = sink;
  }

  take(packet: Packet): void {
    const waiting = this.#waiting;
    const follows = packet.skippedBytes === 0;
    this.#waiting = undefined;
    if (waiting === undefined) {
      if (follows || this.#continues(packet)) this.believe(packet);
      else this.#waiting = packet.copy();
    } else if (follows || (!this.#continues(packet) && isLater(waiting, packet))) {
      this.believe(waiting);
      this.believe(packet);
    } else {
      this.#sink.onDoubted(waiting);
      if (this.#continues(packet)) this.believe(packet);
      else this.#waiting = packet.copy();
    }
  }

  /** Takes a packet that needs no other proof. */
  believe(packet: Packet): void {
    this.#sink.onBelieved(packet, this.#count(packet));
  }

  /** A packet that cannot be read counts on all the same. */
  skip(packet: Pick<Packet, 'system' | 'component' | 'sequence'>): void {
    this.#count(packet);
  }

  /** No packet comes any more that could prove the one that waits. */
  end(): void {
    if (this.#waiting !== undefined) this.#sink.onDoubted(this.#waiting);
    this.#waiting = undefined;
    this.#expected.clear();
  }

  #continues(packet: Packet): boolean {
    return this.#expected.get(senderOf(packet)) === packet.sequence;
  }

  #count(packet: Pick<Packet, 'system' | 'component' | 'sequence'>): number {
    const sender = senderOf(packet);
    const expected = this.#expected.get(sender);
    const lost = expected === undefined ? 0 : (packet.sequence - expected) & 0xff;
    if (lost >= 256 - SETBACK_MAX) return 0;
    this.#expected.set(sender, (packet.sequence + 1) & 0xff);
    const oldest = this.#expected.keys().next().value;
    if (this.#expected.size > SENDERS_MAX && oldest !== undefined) this.#expected.delete(oldest);
    return lost;
  }
}

const senderOf = ({ system, component }: Pick<Packet, 'system' | 'component'>) => (system << 8) | component;

function isLater(waiting: Packet, packet: Packet): boolean {
  const step = (packet.sequence - waiting.sequence) & 0xff;
  return (
    senderOf(waiting) === senderOf(packet) &&
    step > 0 &&
    step <= STEP_MAX &&
    packet.skippedBytes <= NOISE_BYTES_MAX
  );
}
