/**
 * How the records of a DataFlash log describe themselves: an FMT record gives the type, the size, the name, one format
 * character per field and the names of the fields (ArduPilot, "Logger Notes" of libraries/AP_Logger).
 */

/** Two bytes that begin each record; its type follows. */
export const HEADER = [0xa3, 0x95] as const;
/** Those two bytes and the type. */
export const HEADER_BYTES = 3;
export const FORMAT_TYPE = 128;
export const FORMAT_BYTES = 89;

const FORMAT_CHARACTERS = { begin: 9, end: 25 };
const FORMAT_LABELS = { begin: 25, end: 89 };

interface FieldFormat {
  readonly sizeBytes: number;
  /** Undefined for texts and arrays. */
  readonly read?: (view: DataView, at: number) => number;
}

const int16 = (view: DataView, at: number) => view.getInt16(at, true);
const uint16 = (view: DataView, at: number) => view.getUint16(at, true);
const int32 = (view: DataView, at: number) => view.getInt32(at, true);
const uint32 = (view: DataView, at: number) => view.getUint32(at, true);
const uint8 = (view: DataView, at: number) => view.getUint8(at);

const FORMATS: Readonly<Record<string, FieldFormat>> = {
  a: { sizeBytes: 64 },
  b: { sizeBytes: 1, read: (view, at) => view.getInt8(at) },
  B: { sizeBytes: 1, read: uint8 },
  M: { sizeBytes: 1, read: uint8 },
  h: { sizeBytes: 2, read: int16 },
  H: { sizeBytes: 2, read: uint16 },
  c: { sizeBytes: 2, read: (view, at) => int16(view, at) / 100 },
  C: { sizeBytes: 2, read: (view, at) => uint16(view, at) / 100 },
  i: { sizeBytes: 4, read: int32 },
  I: { sizeBytes: 4, read: uint32 },
  e: { sizeBytes: 4, read: (view, at) => int32(view, at) / 100 },
  E: { sizeBytes: 4, read: (view, at) => uint32(view, at) / 100 },
  L: { sizeBytes: 4, read: (view, at) => int32(view, at) / 1e7 },
  f: { sizeBytes: 4, read: (view, at) => view.getFloat32(at, true) },
  d: { sizeBytes: 8, read: (view, at) => view.getFloat64(at, true) },
  q: { sizeBytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  Q: { sizeBytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  n: { sizeBytes: 4 },
  N: { sizeBytes: 16 },
  Z: { sizeBytes: 64 },
};

interface Field extends FieldFormat {
  /** From the first byte of the record. */
  readonly at: number;
}

/** What the records of one type hold. */
export interface Layout {
  readonly type: number;
  readonly name: string;
  /** With the header. */
  readonly sizeBytes: number;
  /** By the name of their column; none where the description contradicts itself: such records can only be passed over. */
  readonly fields: ReadonlyMap<string, Field>;
}

export const FORMAT_LAYOUT: Layout = {
  type: FORMAT_TYPE,
  name: 'FMT',
  sizeBytes: FORMAT_BYTES,
  fields: new Map(),
};

/** @returns what an FMT record describes; undefined when records of that type could not be found in the bytes */
export function readLayout(record: DataView): Layout | undefined {
  const type = record.getUint8(3);
  if (type === FORMAT_TYPE) return FORMAT_LAYOUT;
  const sizeBytes = record.getUint8(4);
  if (sizeBytes <= HEADER_BYTES) return undefined;
  const name = textAt(record, { at: 5, sizeBytes: 4 });
  const characters = textAt(record, rangeOf(FORMAT_CHARACTERS));
  const labels = textAt(record, rangeOf(FORMAT_LABELS)).split(',');
  return { type, name, sizeBytes, fields: fieldsOf(characters, labels, sizeBytes) };
}

/** NaN where there is no such column or it holds no number. */
export function numberIn(record: DataView, { fields }: Layout, column: string): number {
  const field = fields.get(column);
  return field?.read?.(record, field.at) ?? Number.NaN;
}

/** Empty where there is no such column. */
export function textIn(record: DataView, { fields }: Layout, column: string): string {
  const field = fields.get(column);
  return field === undefined ? '' : textAt(record, field);
}

function fieldsOf(
  characters: string,
  labels: readonly string[],
  sizeBytes: number,
): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>();
  let at = HEADER_BYTES;
  for (const [index, character] of [...characters].entries()) {
    const format = FORMATS[character];
    const label = labels[index];
    if (format === undefined || label === undefined) return new Map();
    fields.set(label, { ...format, at });
    at += format.sizeBytes;
  }
  return at === sizeBytes ? fields : new Map();
}

function rangeOf({ begin, end }: { readonly begin: number; readonly end: number }) {
  return { at: begin, sizeBytes: end - begin };
}

function textAt(record: DataView, { at, sizeBytes }: { readonly at: number; readonly sizeBytes: number }) {
  const bytes = Buffer.from(record.buffer, record.byteOffset + at, sizeBytes);
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? sizeBytes : end);
}
