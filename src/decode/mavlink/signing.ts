import { createHash, timingSafeEqual } from 'node:crypto';
import { type Packet, SIGNATURE_SIZE } from './packet.ts';

/**
 * Signatures of MAVLink 2 (mavlink.io, "Message Signing"): the first 48 bits of SHA-256 over key, packet, link id and
 * time. The time counts 10 µs since 2015 and rises with each packet of a stream (system, component, link), so that no
 * packet can be sent a second time.
 */

export const SIGNING_KEY_SIZE = 32;
const HASH_SIZE = 6;
const EPOCH_MS = Date.UTC(2015, 0, 1);
const TICKS_PER_MS = 100;

/** A stream that was not heard before may be so far behind: one minute. */
const BEHIND_MAX = 60_000 * TICKS_PER_MS;

/** Streams whose time is remembered. A full table refuses new ones: to forget one would let its packets in again. */
const STREAMS_MAX = 256;

/** Why a packet is not believed. */
export type Refusal = 'unsigned' | 'wrong signature' | 'sent before' | 'too old' | 'too many senders';

export class Signing {
  readonly #key: Uint8Array;
  readonly #wallMs: () => number | undefined;
  readonly #streams = new Map<number, number>();
  /** The latest time of all that was believed or sent. */
  #latest = 0;

  /** @param wallMs Unix milliseconds, while somebody vouches for the clock */
  constructor(key: Uint8Array, wallMs: () => number | undefined = () => undefined) {
    this.#key = key;
    this.#wallMs = wallMs;
  }

  /** @returns why the packet is refused; undefined for one that is genuine, and new */
  refusalOf(packet: Packet): Refusal | undefined {
    if (!packet.isSigned) return 'unsigned';
    const { bytes, size, system, component } = packet;
    const trailer = size - SIGNATURE_SIZE;
    const hash = this.#hash(bytes.subarray(0, size - HASH_SIZE));
    if (!timingSafeEqual(hash, bytes.subarray(size - HASH_SIZE, size))) return 'wrong signature';
    const time = readTime(bytes, trailer + 1);
    const stream = (system << 16) | (component << 8) | (bytes[trailer] as number);
    const last = this.#streams.get(stream);
    if (last === undefined) {
      if (time < this.#now() - BEHIND_MAX) return 'too old';
      if (this.#streams.size >= STREAMS_MAX) return 'too many senders';
    } else if (time <= last) return 'sent before';
    this.#streams.set(stream, time);
    this.#latest = Math.max(this.#latest, time);
    return undefined;
  }

  /** @returns the packet with its signature; its flag says already that it is signed */
  sign(packet: Uint8Array, linkId: number): Uint8Array {
    this.#latest = Math.max(this.#latest + 1, this.#now());
    const signed = new Uint8Array(packet.length + SIGNATURE_SIZE);
    signed.set(packet);
    signed[packet.length] = linkId;
    writeTime(signed, packet.length + 1, this.#latest);
    signed.set(this.#hash(signed.subarray(0, signed.length - HASH_SIZE)), signed.length - HASH_SIZE);
    return signed;
  }

  #now(): number {
    const wallMs = this.#wallMs();
    return Math.max(this.#latest, wallMs === undefined ? 0 : Math.floor((wallMs - EPOCH_MS) * TICKS_PER_MS));
  }

  #hash(bytes: Uint8Array): Uint8Array {
    return createHash('sha256').update(this.#key).update(bytes).digest().subarray(0, HASH_SIZE);
  }
}

/** 48 bits, little-endian. */
function readTime(bytes: Uint8Array, at: number): number {
  let time = 0;
  for (let byte = 5; byte >= 0; byte--) time = time * 256 + (bytes[at + byte] as number);
  return time;
}

function writeTime(bytes: Uint8Array, at: number, time: number): void {
  for (let byte = 0, rest = time; byte < 6; byte++, rest = Math.floor(rest / 256))
    bytes[at + byte] = rest % 256;
}
