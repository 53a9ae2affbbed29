import { type Field, type FieldType, TYPE_SIZES } from './layout.ts';
import { messageNamed } from './messages.ts';

/** Reads one number from a payload. */
export type Read = (payload: DataView) => number;

const READERS: Readonly<Record<FieldType, (payload: DataView, at: number) => number>> = {
  uint64_t: (payload, at) => payload.getUint32(at, true) + payload.getUint32(at + 4, true) * 2 ** 32,
  int64_t: (payload, at) => payload.getUint32(at, true) + payload.getInt32(at + 4, true) * 2 ** 32,
  double: (payload, at) => payload.getFloat64(at, true),
  uint32_t: (payload, at) => payload.getUint32(at, true),
  int32_t: (payload, at) => payload.getInt32(at, true),
  float: (payload, at) => payload.getFloat32(at, true),
  uint16_t: (payload, at) => payload.getUint16(at, true),
  int16_t: (payload, at) => payload.getInt16(at, true),
  uint8_t: (payload, at) => payload.getUint8(at),
  int8_t: (payload, at) => payload.getInt8(at),
  char: (payload, at) => payload.getUint8(at),
};

/**
 * How to read a field of a message, or one element of an array.
 * @throws Error for a field that the table does not have: a fault of the program, found when it starts
 */
export function reader(message: string, name: string, index = 0): Read {
  const { type, offset } = fieldOf(message, name, index);
  const read = READERS[type];
  return (payload) => read(payload, offset);
}

/** Where a text lies; it ends at its first zero. */
export function textReader(message: string, name: string): (payload: DataView) => string {
  const { offset, length = 1 } = fieldOf(message, name, 0);
  return (payload) => {
    const bytes = new Uint8Array(payload.buffer, offset, length);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  };
}

function fieldOf(message: string, name: string, index: number): Field {
  const field = messageNamed(message).fields.get(name);
  if (field === undefined || index >= (field.length ?? 1))
    throw new Error(`messages.json has no ${message}.${name}[${index}]`);
  return { ...field, offset: field.offset + index * TYPE_SIZES[field.type] };
}
