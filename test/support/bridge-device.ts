import { encode } from 'cborg';
import { Deframer } from '../../src/decode/bridge/frame.ts';
import {
  DESC_REQUEST_LAYOUT,
  FIELD_TYPES,
  FRAME_TYPES,
  type FrameType,
  HELLO_LAYOUT,
  SYNC_REQUEST_LAYOUT,
  VERSION,
} from '../../src/decode/bridge/protocol.ts';

/** A stream as the descriptor has it. */
export interface DescribedStream {
  readonly id: number;
  readonly name: string;
  readonly rate?: number;
  readonly burst?: number;
  readonly fields: readonly {
    readonly name: string;
    readonly type: keyof typeof FIELD_TYPES;
    readonly unit: string;
    readonly [key: string]: unknown;
  }[];
}

export interface BridgeDeviceOptions {
  readonly streams: readonly DescribedStream[];
  readonly bootId?: number;
  readonly tickHz?: number;
  /** 0 for a device that only transmits. */
  readonly receiveWindow?: number;
  readonly chunkSize?: number;
  /** Overrides the descriptor that is made of the streams. */
  readonly descriptor?: Uint8Array;
}

/** Two streams: the tests' usual device. */
export const PUMP_STREAMS: readonly DescribedStream[] = [
  {
    id: 1,
    name: 'vib',
    rate: 100,
    fields: [
      { name: 'x', type: 'i16', unit: 'mm/s', scale: 0.01 },
      { name: 'y', type: 'i16', unit: 'mm/s', scale: 0.01, min: -300, max: 300 },
    ],
  },
  { id: 2, name: 'temp', fields: [{ name: 'motor', type: 'f32', unit: '°C', kind: 'value' }] },
];

export const SHAKER_STREAM: DescribedStream = {
  id: 3,
  name: 'shaker',
  rate: 12_800,
  burst: 512,
  fields: [{ name: 'z', type: 'i16', unit: 'g', scale: 0.001 }],
};

/**
 * A device of firmware-bridge in a few lines, with an encoder of its own. Each call returns the bytes of one frame; who
 * does not deliver them has lost it on the wire.
 */
export class BridgeDevice {
  readonly descriptor: Uint8Array;
  readonly bootId: number;
  readonly #options: BridgeDeviceOptions;
  readonly #sequences = new Map<number, number>();
  readonly #deframer = new Deframer();
  readonly #bursts = new Map<number, number>();

  constructor(options: BridgeDeviceOptions) {
    this.#options = options;
    this.bootId = options.bootId ?? 7;
    this.descriptor =
      options.descriptor ??
      Uint8Array.from(encode({ schema: 1, board: 'simulated', streams: options.streams }));
  }

  hello(tick = 0): Uint8Array {
    const { tickHz = 1_000_000, receiveWindow = 32 } = this.#options;
    const body = Buffer.alloc(HELLO_LAYOUT.sizeMin + 2);
    body.writeUInt8(1, HELLO_LAYOUT.resetCause);
    body.writeUInt16LE(receiveWindow, HELLO_LAYOUT.receiveWindow);
    body.writeUInt32LE(this.bootId, HELLO_LAYOUT.bootId);
    body.writeUInt32LE(tickHz, HELLO_LAYOUT.tickHz);
    body.writeUInt32LE(bitwiseCrc32c(this.descriptor), HELLO_LAYOUT.schemaCrc32c);
    body.writeUInt32LE(tick >>> 0, HELLO_LAYOUT.tick);
    body.writeUInt8(2, HELLO_LAYOUT.uidSize);
    body.writeUInt16BE(0xc0de, HELLO_LAYOUT.uid);
    return this.frame('hello', 0, Buffer.concat([body, Buffer.from('1.2.3')]));
  }

  desc(offset: number): Uint8Array {
    const { chunkSize = 100 } = this.#options;
    return this.frame(
      'desc',
      0,
      u16(offset),
      u16(this.descriptor.length),
      this.descriptor.subarray(offset, offset + chunkSize),
    );
  }

  /** The whole descriptor, as a device hands it out that only transmits. */
  descriptorInTurn(): Uint8Array[] {
    const { chunkSize = 100 } = this.#options;
    const count = Math.ceil(this.descriptor.length / chunkSize);
    return Array.from({ length: count }, (_, index) => this.desc(index * chunkSize));
  }

  /** @param rows raw values, one row for each sample */
  data(stream: number, t0: number, rows: readonly (readonly number[])[]): Uint8Array {
    return this.frame('data', stream, u32(t0), this.packed(stream, rows));
  }

  stats(firstKey: number, values: readonly number[]): Uint8Array {
    return this.frame('stats', 0, Uint8Array.of(firstKey), ...values.map(u32));
  }

  log(level: number, text: string): Uint8Array {
    return this.frame('log', 0, Uint8Array.of(level), Buffer.from(text));
  }

  event(tick: number, code: number, item?: unknown): Uint8Array {
    return this.frame('event', 0, u32(tick), u16(code), item === undefined ? new Uint8Array() : encode(item));
  }

  /** All chunks of one waveform. */
  burst(stream: number, t0: number, rows: readonly (readonly number[])[]): Uint8Array[] {
    const waveform = this.packed(stream, rows);
    const id = ((this.#bursts.get(stream) ?? 0) + 1) & 0xffff;
    this.#bursts.set(stream, id);
    const head = [u16(id), u16(waveform.length), u32(t0), u32(bitwiseCrc32c(waveform))] as const;
    const frames: Uint8Array[] = [];
    for (let offset = 0; offset < waveform.length; offset += 235) {
      const chunk = waveform.subarray(offset, offset + 235);
      frames.push(this.frame('burst', stream, head[0], u16(offset), head[1], head[2], head[3], chunk));
    }
    return frames;
  }

  /** Answers what the host sent. @param tick when it arrived */
  receive(bytes: Uint8Array, tick: number): Uint8Array[] {
    const answers: Uint8Array[] = [];
    this.#deframer.push(bytes, {
      onFrame: (frame) => {
        const { type, body } = frame;
        if (type === FRAME_TYPES.hello) answers.push(this.hello(tick));
        if (type === FRAME_TYPES.desc)
          answers.push(this.desc(body.getUint16(DESC_REQUEST_LAYOUT.offset, true)));
        if (type === FRAME_TYPES.sync) {
          const t1 = new Uint8Array(8);
          new DataView(t1.buffer).setBigUint64(0, body.getBigUint64(SYNC_REQUEST_LAYOUT.t1, true), true);
          answers.push(this.frame('sync', 0, t1, u32(tick)));
        }
      },
      onBadRun: (reason) => {
        throw new Error(`the host sent a ${reason}`);
      },
    });
    return answers;
  }

  packed(stream: number, rows: readonly (readonly number[])[]): Uint8Array {
    const fields = this.#options.streams.find(({ id }) => id === stream)?.fields ?? [];
    const bytes: Uint8Array[] = rows.flatMap((row) => fields.map(({ type }, at) => pack(type, row[at] ?? 0)));
    return Buffer.concat(bytes);
  }

  /** Any frame, with the next number of its stream. */
  frame(type: FrameType, stream: number, ...parts: readonly Uint8Array[]): Uint8Array {
    const sequence = this.#sequences.get(stream) ?? 0;
    this.#sequences.set(stream, (sequence + 1) & 0xff);
    return wireFrame([(VERSION << 6) | FRAME_TYPES[type], stream, sequence], ...parts);
  }

  /** As if so many frames had been sent. */
  skip(stream: number, frames: number): void {
    this.#sequences.set(stream, ((this.#sequences.get(stream) ?? 0) + frames) & 0xff);
  }
}

/** One frame on the wire: header and parts, with CRC, in COBS, with its delimiter behind it. */
export function wireFrame(header: readonly number[], ...parts: readonly Uint8Array[]): Uint8Array {
  const covered = Buffer.concat([Uint8Array.from(header), ...parts]);
  return cobs(Buffer.concat([covered, u16(~bitwiseCrc16(covered))]));
}

/** COBS by its definition: split at the zeros, each part behind its length. At most 254 bytes. */
export function cobs(plain: Uint8Array): Uint8Array {
  const parts: number[][] = [[]];
  for (const byte of plain) {
    if (byte === 0) parts.push([]);
    else parts.at(-1)?.push(byte);
  }
  return Uint8Array.from([...parts.flatMap((part) => [part.length + 1, ...part]), 0]);
}

/** Changes a share of the bytes. @param random uniform in [0, 1) */
export function withFlips(bytes: Uint8Array, share: number, random: () => number): Uint8Array {
  return bytes.map((byte) => (random() < share ? byte ^ (1 + Math.floor(random() * 255)) : byte));
}

export function bitwiseCrc16(bytes: Uint8Array): number {
  return bitwise(bytes, 0x8408, 0xffff);
}

export function bitwiseCrc32c(bytes: Uint8Array): number {
  return ~bitwise(bytes, 0x82f63b78, 0xffffffff) >>> 0;
}

function bitwise(bytes: Uint8Array, polynomial: number, start: number): number {
  let crc = start;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  }
  return crc;
}

function pack(type: keyof typeof FIELD_TYPES, value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(FIELD_TYPES[type].size));
  if (type === 'f32') view.setFloat32(0, value, true);
  else if (view.byteLength === 4) view.setUint32(0, value >>> 0, true);
  else if (view.byteLength === 2) view.setUint16(0, value & 0xffff, true);
  else view.setUint8(0, value & 0xff);
  return new Uint8Array(view.buffer);
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >> 8) & 0xff);
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >>> 24) & 0xff);
}

/** Repeatable randomness: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
