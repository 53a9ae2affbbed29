import type { NoiseReason } from '../../values/sample.ts';
import { CRC16_START, CRC16_TABLE } from '../bridge/crc.ts';
import { baseSizeOf, crcExtraOf } from './messages.ts';
import { MAGIC, OVERHEAD, PACKET_SIZE_MAX, Packet, SIGNATURE_SIZE, SIGNED } from './packet.ts';
import { RECORDED_TIME_SIZE, readRecordedMs } from './recorded-time.ts';
import { type UnknownPacket, UnknownPackets } from './unknown-packets.ts';

/**
 * Finds the packets of MAVLink 1 and 2 in any bytes (mavlink.io, "Packet Serialization"). A packet has no delimiter, so
 * whatever looks like one is tried: when its id is unknown or its checksum wrong, the search goes on with the next
 * byte, never behind it. So no packet hides behind a false length, memory is one fixed buffer, and each byte is looked at
 * a bounded number of times.
 *
 * A recording of a ground station (.tlog) has the time before each packet. It is known by its first bytes.
 */

/** What may wait for more bytes: one packet, and the time before it. */
const REST_SIZE_MAX = PACKET_SIZE_MAX + RECORDED_TIME_SIZE;
const PIECE_SIZE = 8192;
const EXCERPT_BYTES = 16;

/** No packet begins here; and: one may begin here, but its end has not come yet. */
const NONE = 0;
const UNFINISHED = -1;

export interface PacketSink {
  /** The packet is to be copied if it is kept. */
  onPacket(packet: Packet): void;
  /** A packet of an unknown definition, right between two known ones. */
  onUnknown(packet: UnknownPacket): void;
  onSkipped(reason: NoiseReason, sizeBytes: number, excerpt: string): void;
}

export class Framer {
  readonly #sink: PacketSink;
  readonly #buffer = new Uint8Array(REST_SIZE_MAX + PIECE_SIZE);
  readonly #packet = new Packet();
  readonly #unknown = new UnknownPackets();
  /** Positions are those in the buffer; what slid out of it has negative ones. */
  #end = 0;
  #at = 0;
  #packetEnd = 0;
  #toldEnd = 0;
  #reason: NoiseReason = 'bad-frame';
  #excerpt = '';
  #quotedBytes = 0;
  /** Size of the time before each packet; undefined until the first bytes have told. */
  #timeSize: number | undefined;
  #recordedMs: number | undefined;

  constructor(sink: PacketSink) {
    this.#sink = sink;
  }

  /** Bytes that were skipped and not told yet. */
  get skippedBytes(): number {
    return this.#at - (this.#timeSize ?? 0) - this.#toldEnd;
  }

  /** @param bytes the next bytes, cut anywhere */
  push(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; from += PIECE_SIZE) {
      const piece = bytes.subarray(from, from + PIECE_SIZE);
      this.#buffer.set(piece, this.#end);
      this.#end += piece.length;
      if (this.#timeSize === undefined && this.#end > RECORDED_TIME_SIZE) this.#begin();
      if (this.#timeSize !== undefined) this.#search(false);
      this.#slide();
    }
  }

  /** No more bytes come: what lies behind an unfinished packet is searched as well, and the next byte begins a stream. */
  end(): void {
    this.#timeSize ??= 0;
    this.#search(true);
    this.#timeSize = 0;
    this.tellSkipped();
    this.#end = this.#at = this.#packetEnd = this.#toldEnd = 0;
    this.#timeSize = undefined;
    this.#recordedMs = undefined;
    this.#unknown.forget();
  }

  /** What was skipped is told with the next packet; this tells it now. */
  tellSkipped(): void {
    this.#tellSkippedTo(this.#at - (this.#timeSize ?? 0));
  }

  #begin(): void {
    const magic = this.#buffer[RECORDED_TIME_SIZE];
    const isMagic = magic === MAGIC.v1 || magic === MAGIC.v2;
    this.#timeSize = isMagic && readRecordedMs(this.#buffer, 0) !== undefined ? RECORDED_TIME_SIZE : 0;
    this.#at = this.#timeSize;
  }

  #search(isLast: boolean): void {
    const buffer = this.#buffer;
    const end = this.#end;
    let at = this.#at;
    while (at < end) {
      const byte = buffer[at];
      if (byte !== MAGIC.v2 && byte !== MAGIC.v1) {
        at++;
        continue;
      }
      const size = byte === MAGIC.v2 ? this.#sizeOfV2(at) : this.#sizeOfV1(at);
      if (size === UNFINISHED && !isLast) break;
      if (size > 0) this.#take(at, size);
      at += Math.max(size, 1);
    }
    this.#at = at;
  }

  #sizeOfV2(at: number): number {
    const buffer = this.#buffer;
    const available = this.#end - at;
    if (available < OVERHEAD.v2) return UNFINISHED;
    const incompatible = buffer[at + 2] as number;
    if ((incompatible & ~SIGNED) !== 0) return NONE;
    const unsigned = OVERHEAD.v2 + (buffer[at + 1] as number);
    const size = incompatible === SIGNED ? unsigned + SIGNATURE_SIZE : unsigned;
    const id =
      (buffer[at + 7] as number) | ((buffer[at + 8] as number) << 8) | ((buffer[at + 9] as number) << 16);
    const crcExtra = crcExtraOf(id);
    if (crcExtra < 0) return this.#seeUnknown(at, size, at + 4);
    if (available < size) return UNFINISHED;
    return this.#isIntact(at, at + unsigned - 2, crcExtra) ? size : this.#seeDamaged(at);
  }

  #sizeOfV1(at: number): number {
    const buffer = this.#buffer;
    const available = this.#end - at;
    if (available < OVERHEAD.v1) return UNFINISHED;
    const payloadSize = buffer[at + 1] as number;
    const size = OVERHEAD.v1 + payloadSize;
    const id = buffer[at + 5] as number;
    const crcExtra = crcExtraOf(id);
    if (crcExtra < 0 || payloadSize !== baseSizeOf(id)) return this.#seeUnknown(at, size, at + 2);
    if (available < size) return UNFINISHED;
    return this.#isIntact(at, at + size - 2, crcExtra) ? size : this.#seeDamaged(at);
  }

  #isIntact(at: number, crcAt: number, crcExtra: number): boolean {
    const buffer = this.#buffer;
    let crc = CRC16_START;
    for (let next = at + 1; next < crcAt; next++)
      crc = (crc >>> 8) ^ (CRC16_TABLE[(crc ^ (buffer[next] as number)) & 0xff] as number);
    crc = (crc >>> 8) ^ (CRC16_TABLE[(crc ^ crcExtra) & 0xff] as number);
    return buffer[crcAt] === (crc & 0xff) && buffer[crcAt + 1] === crc >>> 8;
  }

  #seeUnknown(at: number, size: number, idsAt: number): typeof NONE {
    const start = at - (this.#timeSize ?? 0);
    const [sequence = 0, system = 0, component = 0] = this.#buffer.subarray(idsAt, idsAt + 3);
    this.#unknown.see(start, at + size, this.#packetEnd, { system, component, sequence });
    return NONE;
  }

  #seeDamaged(at: number): typeof NONE {
    if (at - (this.#timeSize ?? 0) === this.#packetEnd) this.#reason = 'bad-crc';
    return NONE;
  }

  #take(at: number, size: number): void {
    const packet = this.#packet;
    const timed = at - (this.#timeSize ?? 0);
    // Some recorders write packets without their time now and then.
    const start = timed >= this.#packetEnd ? timed : at;
    if (start < at) this.#recordedMs = readRecordedMs(this.#buffer, start) ?? this.#recordedMs;
    const unknown = this.#unknown.take(start);
    if (unknown.length > 0) this.#reason = 'unknown-frame';
    this.#tellSkippedTo(start);
    for (const one of unknown) this.#sink.onUnknown(one);
    packet.load(this.#buffer, at, size);
    packet.skippedBytes = unknown.length > 0 ? 0 : start - this.#packetEnd;
    packet.recordedMs = this.#recordedMs;
    this.#packetEnd = this.#toldEnd = at + size;
    this.#sink.onPacket(packet);
  }

  #tellSkippedTo(end: number): void {
    if (end > this.#toldEnd) {
      this.#quote(end);
      this.#sink.onSkipped(this.#reason, end - this.#toldEnd, this.#excerpt.trimEnd());
      this.#toldEnd = end;
    }
    this.#reason = 'bad-frame';
    this.#excerpt = '';
    this.#quotedBytes = 0;
  }

  /** Its first bytes, before they slide out of the buffer. */
  #quote(end: number): void {
    for (; this.#quotedBytes < EXCERPT_BYTES; this.#quotedBytes++) {
      const at = this.#toldEnd + this.#quotedBytes;
      if (at >= end) return;
      this.#excerpt += `${(this.#buffer[at] as number).toString(16).padStart(2, '0')} `;
    }
  }

  #slide(): void {
    const by = this.#at - (this.#timeSize ?? 0);
    if (by <= 0) return;
    this.#quote(by);
    this.#buffer.copyWithin(0, by, this.#end);
    this.#end -= by;
    this.#at -= by;
    this.#packetEnd -= by;
    this.#toldEnd -= by;
    this.#unknown.slide(by);
  }
}
