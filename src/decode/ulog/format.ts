/**
 * How the messages of a ULog describe themselves: a format is a text, `name:type field;type[n] field;…`, whose types may be
 * other formats (PX4, "ULog File Format"). Its numbers get paths such as `xyz[0]` and `esc[2].esc_rpm`.
 */

interface NumberType {
  readonly sizeBytes: number;
  readonly read: (view: DataView, at: number) => number;
}

export interface NumberField {
  readonly at: number;
  readonly read: NumberType['read'];
}

/** Where the numbers of one format are. */
export interface Layout {
  readonly fields: ReadonlyMap<string, NumberField>;
  readonly sizeBytes: number;
  /** Without the padding at its end, which is not written. */
  readonly writtenBytes: number;
}

/** Formats by their name, as they are written. */
export type Formats = ReadonlyMap<string, string>;

/** PX4's largest message has some hundred numbers, and its formats lie three deep. */
const FIELDS_MAX = 2048;
const DEPTH_MAX = 8;

const uint8: NumberType = { sizeBytes: 1, read: (view, at) => view.getUint8(at) };
const TYPES: ReadonlyMap<string, NumberType> = new Map([
  ['int8_t', { sizeBytes: 1, read: (view, at) => view.getInt8(at) }],
  ['uint8_t', uint8],
  ['bool', uint8],
  ['char', uint8],
  ['int16_t', { sizeBytes: 2, read: (view, at) => view.getInt16(at, true) }],
  ['uint16_t', { sizeBytes: 2, read: (view, at) => view.getUint16(at, true) }],
  ['int32_t', { sizeBytes: 4, read: (view, at) => view.getInt32(at, true) }],
  ['uint32_t', { sizeBytes: 4, read: (view, at) => view.getUint32(at, true) }],
  ['int64_t', { sizeBytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) }],
  ['uint64_t', { sizeBytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) }],
  ['float', { sizeBytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  ['double', { sizeBytes: 8, read: (view, at) => view.getFloat64(at, true) }],
] satisfies [string, NumberType][]);

const FIELD = /^([a-zA-Z0-9_]+)(?:\[(\d{1,4})\])? ([a-zA-Z0-9_]+)$/;

/** @returns undefined where a type is not described, or the description is none or too large */
export function layoutOf(name: string, formats: Formats): Layout | undefined {
  const fields = new Map<string, NumberField>();
  const end = addFormat({ name, prefix: '', at: 0, depth: 0 }, formats, fields);
  if (end === undefined) return undefined;
  const padding = /;uint8_t(?:\[(\d+)\])? _padding\d+;?$/.exec(formats.get(name) ?? '');
  const paddingBytes = padding === null ? 0 : Number(padding[1] ?? 1);
  return { fields, sizeBytes: end, writtenBytes: end - paddingBytes };
}

interface Place {
  readonly name: string;
  readonly prefix: string;
  readonly at: number;
  readonly depth: number;
}

/** @returns where the format ends; undefined when it cannot be read */
function addFormat(place: Place, formats: Formats, fields: Map<string, NumberField>): number | undefined {
  const text = formats.get(place.name);
  if (text === undefined || place.depth > DEPTH_MAX) return undefined;
  let at: number | undefined = place.at;
  for (const field of text.split(';').filter((part) => part !== '')) {
    const [, type, count, name] = FIELD.exec(field) ?? [];
    if (type === undefined || name === undefined) return undefined;
    for (let index = 0; index < Number(count ?? 1); index++) {
      const path = `${place.prefix}${name}${count === undefined ? '' : `[${index}]`}`;
      at = addField({ ...place, name: type, prefix: path, at }, formats, fields);
      if (at === undefined) return undefined;
    }
  }
  // Without a number in it, it could be repeated without end.
  return at === place.at ? undefined : at;
}

function addField(place: Place, formats: Formats, fields: Map<string, NumberField>): number | undefined {
  const type = TYPES.get(place.name);
  if (type === undefined)
    return addFormat({ ...place, prefix: `${place.prefix}.`, depth: place.depth + 1 }, formats, fields);
  if (fields.size >= FIELDS_MAX) return undefined;
  fields.set(place.prefix, { at: place.at, read: type.read });
  return place.at + type.sizeBytes;
}
