/** The longest payload of either version. */
export const PAYLOAD_SIZE_MAX = 255;

/** Link id (1), time (6), signature (6). */
export const SIGNATURE_SIZE = 13;

/** A header and the checksum: `FD len incompat compat seq sys comp id*3 … crc*2`, or `FE len seq sys comp id … crc*2`. */
export const OVERHEAD = { v1: 8, v2: 12 } as const;
export const HEADER = { v1: 6, v2: 10 } as const;
export const MAGIC = { v1: 0xfe, v2: 0xfd } as const;

/** The whole packet has a signature behind it (`incompat_flags`). */
export const SIGNED = 0x01;

/** The longest packet of all: MAVLink 2 with a signature. */
export const PACKET_SIZE_MAX = OVERHEAD.v2 + PAYLOAD_SIZE_MAX + SIGNATURE_SIZE;

/** A packet whose checksum is right. The framer uses one object for all: what is kept is to be copied. */
export class Packet {
  id = 0;
  sequence = 0;
  system = 0;
  component = 0;
  isSigned = false;
  /** Bytes before it that belong to no packet; 0 when it begins where the last one ended, or the stream began. */
  skippedBytes = 0;
  /** When it was recorded, Unix milliseconds; undefined for a live link and a bare recording. */
  recordedMs: number | undefined;
  /** As it came, from the magic byte to the end of checksum or signature. */
  readonly bytes = new Uint8Array(PACKET_SIZE_MAX);
  size = 0;
  /** Payload, with zeros for what the sender cut off or does not know. */
  readonly payload = new DataView(new ArrayBuffer(PAYLOAD_SIZE_MAX));
  readonly #payloadBytes = new Uint8Array(this.payload.buffer);
  #payloadSize = 0;

  /** Takes over the packet that lies at `start`. */
  load(buffer: Uint8Array, start: number, size: number): void {
    const { bytes } = this;
    for (let at = 0; at < size; at++) bytes[at] = buffer[start + at] as number;
    this.size = size;
    const byte = (at: number) => bytes[at] as number;
    const isV2 = byte(0) === MAGIC.v2;
    const ids = isV2 ? 4 : 2;
    this.sequence = byte(ids);
    this.system = byte(ids + 1);
    this.component = byte(ids + 2);
    this.id = isV2 ? byte(7) | (byte(8) << 8) | (byte(9) << 16) : byte(5);
    this.isSigned = isV2 && (byte(2) & SIGNED) !== 0;
    this.#loadPayload(isV2 ? HEADER.v2 : HEADER.v1, byte(1));
  }

  copy(): Packet {
    const copy = new Packet();
    copy.load(this.bytes, 0, this.size);
    copy.skippedBytes = this.skippedBytes;
    copy.recordedMs = this.recordedMs;
    return copy;
  }

  #loadPayload(start: number, size: number): void {
    const payload = this.#payloadBytes;
    for (let at = 0; at < size; at++) payload[at] = this.bytes[start + at] as number;
    payload.fill(0, size, Math.max(size, this.#payloadSize));
    this.#payloadSize = size;
  }
}
