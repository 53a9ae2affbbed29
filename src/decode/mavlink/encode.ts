import { CRC16_START, CRC16_TABLE } from '../bridge/crc.ts';
import type { FieldType, Layout } from './layout.ts';
import { messageNamed } from './messages.ts';
import { HEADER, MAGIC, OVERHEAD, SIGNED } from './packet.ts';

export interface Outgoing {
  readonly message: string;
  /** By name; fields that are not named are 0. */
  readonly fields: Readonly<Record<string, number>>;
  readonly system: number;
  readonly component: number;
  readonly sequence: number;
  readonly isSigned?: boolean;
}

const WRITERS: Readonly<Record<FieldType, (view: DataView, at: number, value: number) => void>> = {
  uint64_t: (view, at, value) => view.setBigUint64(at, BigInt(value), true),
  int64_t: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
  double: (view, at, value) => view.setFloat64(at, value, true),
  uint32_t: (view, at, value) => view.setUint32(at, value, true),
  int32_t: (view, at, value) => view.setInt32(at, value, true),
  float: (view, at, value) => view.setFloat32(at, value, true),
  uint16_t: (view, at, value) => view.setUint16(at, value, true),
  int16_t: (view, at, value) => view.setInt16(at, value, true),
  uint8_t: (view, at, value) => view.setUint8(at, value),
  int8_t: (view, at, value) => view.setInt8(at, value),
  char: (view, at, value) => view.setUint8(at, value),
};

/** A MAVLink 2 packet with single-valued fields, the zeros at its end cut off. A signature goes behind it. */
export function encodePacket(outgoing: Outgoing): Uint8Array {
  const { message, system, component, sequence, isSigned = false } = outgoing;
  const layout = messageNamed(message);
  const payload = payloadOf(layout, outgoing.fields);
  const packet = new Uint8Array(OVERHEAD.v2 + payload.length);
  const { id } = layout;
  const flags = isSigned ? SIGNED : 0;
  packet.set([MAGIC.v2, payload.length, flags, 0, sequence, system, component]);
  packet.set([id & 0xff, (id >> 8) & 0xff, id >> 16], 7);
  packet.set(payload, HEADER.v2);
  let crc = CRC16_START;
  const add = (byte: number) => {
    crc = (crc >>> 8) ^ (CRC16_TABLE[(crc ^ byte) & 0xff] as number);
  };
  for (const byte of packet.subarray(1, packet.length - 2)) add(byte);
  add(layout.crcExtra);
  packet.set([crc & 0xff, crc >>> 8], packet.length - 2);
  return packet;
}

function payloadOf(layout: Layout, fields: Readonly<Record<string, number>>): Uint8Array {
  const view = new DataView(new ArrayBuffer(layout.fullSize));
  for (const [name, value] of Object.entries(fields)) {
    const field = layout.fields.get(name);
    if (field === undefined) throw new Error(`messages.json has no ${layout.name}.${name}`);
    WRITERS[field.type](view, field.offset, value);
  }
  const bytes = new Uint8Array(view.buffer);
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
  return bytes.subarray(0, Math.max(1, end));
}
