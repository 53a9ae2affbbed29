import { CRC16_START, CRC16_TABLE } from '../bridge/crc.ts';

/**
 * How a message lies in its payload (mavlink.io, "Packet Serialization"): base fields in the order of the size of their
 * type, largest first and otherwise as they are defined; then the extension fields, as they are defined.
 */

/** In bytes. */
export const TYPE_SIZES = {
  uint64_t: 8,
  int64_t: 8,
  double: 8,
  uint32_t: 4,
  int32_t: 4,
  float: 4,
  uint16_t: 2,
  int16_t: 2,
  uint8_t: 1,
  int8_t: 1,
  char: 1,
} as const;

export type FieldType = keyof typeof TYPE_SIZES;

/** One message of the published definitions; fields as `float roll` and `uint16_t voltages[10]`. */
export interface MessageDefinition {
  readonly id: number;
  readonly name: string;
  /** In the order of their definition. */
  readonly fields: readonly string[];
  readonly extensions: readonly string[];
}

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** Elements of an array; undefined for a single value. */
  readonly length: number | undefined;
  /** In the payload. */
  readonly offset: number;
}

export interface Layout {
  readonly id: number;
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** Of the base fields: the payload of a MAVLink 1 message. */
  readonly baseSize: number;
  /** With the extension fields. */
  readonly fullSize: number;
  /** What the checksum of its packets goes on with, so that both sides agree about its fields. */
  readonly crcExtra: number;
}

/** @throws Error for a type that MAVLink does not have */
export function layoutOf({ id, name, fields, extensions }: MessageDefinition): Layout {
  const sorted = fields.map(parseField).sort((a, b) => sizeOf(b) - sizeOf(a));
  const placed = new Map<string, Field>();
  let size = 0;
  const place = (field: Unplaced) => {
    placed.set(field.name, { ...field, offset: size });
    size += sizeOf(field) * (field.length ?? 1);
  };
  for (const field of sorted) place(field);
  const baseSize = size;
  for (const field of extensions.map(parseField)) place(field);
  return { id, name, fields: placed, baseSize, fullSize: size, crcExtra: crcExtraOf(name, sorted) };
}

type Unplaced = Omit<Field, 'offset'>;

const sizeOf = ({ type }: Unplaced) => TYPE_SIZES[type];

function parseField(text: string): Unplaced {
  const [, type = '', name = '', length] = /^(\w+) (\w+)(?:\[(\d+)\])?$/.exec(text) ?? [];
  if (!Object.hasOwn(TYPE_SIZES, type)) throw new Error(`MAVLink has no field such as ${text}`);
  return { name, type: type as FieldType, length: length === undefined ? undefined : Number(length) };
}

/** The same page, "CRC_EXTRA calculation". */
function crcExtraOf(name: string, sorted: readonly Unplaced[]): number {
  let crc = CRC16_START;
  const add = (byte: number) => {
    crc = (crc >>> 8) ^ (CRC16_TABLE[(crc ^ byte) & 0xff] as number);
  };
  const addText = (text: string) => {
    for (const character of `${text} `) add(character.charCodeAt(0));
  };
  addText(name);
  for (const field of sorted) {
    addText(field.type);
    addText(field.name);
    if (field.length !== undefined) add(field.length);
  }
  return (crc & 0xff) ^ (crc >>> 8);
}
