import { FieldnoteError } from '../../system/errors.ts';

/**
 * The Sparkplug B payload: the part of sparkplug_b.proto that an edge node writes and the part of a command that it
 * reads, as protobuf bytes. The numbers in the calls are the field numbers of that file. Integers are whole numbers up
 * to 2^53 (timestamps in milliseconds, sequences, aliases), written as varints.
 */

/** Numbers of the data types that are used here (specification, "Sparkplug B data types"). */
export const DATA_TYPES = { Int64: 4, Double: 10, Boolean: 11, String: 12 } as const;

export type DataType = keyof typeof DATA_TYPES;

export type MetricValue = number | boolean | string | null;

export interface Metric {
  /** Without a name it is known by its alias, and its type from its birth. */
  readonly name?: string | undefined;
  readonly alias?: number | undefined;
  /** Unix milliseconds. */
  readonly timestamp?: number | undefined;
  readonly type: DataType;
  readonly value: MetricValue;
  /** Shown by hosts beside the value, such as the unit. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

export interface Payload {
  /** Unix milliseconds. */
  readonly timestamp?: number | undefined;
  readonly metrics: readonly Metric[];
  /** 0 to 255. */
  readonly seq?: number | undefined;
}

/** What a command says about one metric; a value of a type that no command here has is left out. */
export interface CommandMetric {
  readonly name: string | undefined;
  readonly alias: number | undefined;
  readonly value: boolean | undefined;
}

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH = 2;
const FIXED_32 = 5;

export function encodePayload({ timestamp, metrics, seq }: Payload): Buffer {
  const fields = metrics.map((metric) => bytes(2, metricBytes(metric)));
  return Buffer.concat([optional(1, timestamp), ...fields, optional(3, seq)]);
}

function metricBytes({ name, alias, timestamp, type, value, properties }: Metric): Buffer {
  return Buffer.concat([
    name === undefined ? EMPTY : bytes(1, Buffer.from(name)),
    optional(2, alias),
    optional(3, timestamp),
    name === undefined ? EMPTY : int(4, DATA_TYPES[type]),
    value === null ? int(7, 1) : EMPTY,
    properties === undefined ? EMPTY : bytes(9, propertyBytes(properties)),
    value === null ? EMPTY : valueBytes(value, type),
  ]);
}

function valueBytes(value: number | boolean | string, type: DataType): Buffer {
  if (typeof value === 'boolean') return int(14, value ? 1 : 0);
  if (typeof value === 'string') return bytes(15, Buffer.from(value));
  if (type === 'Int64') return int(11, value);
  const double = Buffer.alloc(9);
  double.writeUInt8((13 << 3) | FIXED_64);
  double.writeDoubleLE(value, 1);
  return double;
}

function propertyBytes(properties: Readonly<Record<string, string>>): Buffer {
  const keys = Object.keys(properties).map((key) => bytes(1, Buffer.from(key)));
  const values = Object.values(properties).map((text) =>
    bytes(2, Buffer.concat([int(1, DATA_TYPES.String), bytes(8, Buffer.from(text))])),
  );
  return Buffer.concat([...keys, ...values]);
}

const EMPTY = Buffer.alloc(0);

function optional(field: number, value: number | undefined): Buffer {
  return value === undefined ? EMPTY : int(field, value);
}

function int(field: number, value: number): Buffer {
  return Buffer.from([...varint(field << 3), ...varint(value)]);
}

function bytes(field: number, content: Uint8Array): Buffer {
  return Buffer.concat([
    Uint8Array.from([...varint((field << 3) | LENGTH), ...varint(content.length)]),
    content,
  ]);
}

/** Seven bits a byte, the lowest first. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/**
 * The metrics of a command.
 * @throws FieldnoteError BAD_ARGUMENT when the bytes are no payload
 */
export function decodeCommand(payload: Uint8Array): CommandMetric[] {
  return [...fieldsOf(payload)].flatMap(({ field, content }) =>
    field === 2 && content !== undefined ? [commandMetric(content)] : [],
  );
}

function commandMetric(content: Uint8Array): CommandMetric {
  let metric: CommandMetric = { name: undefined, alias: undefined, value: undefined };
  for (const { field, value, content: inner } of fieldsOf(content)) {
    if (field === 1 && inner !== undefined) metric = { ...metric, name: Buffer.from(inner).toString('utf8') };
    if (field === 2 && value !== undefined) metric = { ...metric, alias: value };
    if (field === 14 && value !== undefined) metric = { ...metric, value: value !== 0 };
  }
  return metric;
}

interface Field {
  readonly field: number;
  /** Of a varint, as far as a number holds it. */
  readonly value?: number;
  /** Of everything with a length. */
  readonly content?: Uint8Array;
}

function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  while (at < message.length) {
    const key = readVarint(message, at);
    const field = Math.floor(key.value / 8);
    const wireType = key.value % 8;
    at = key.end;
    if (wireType === FIXED_64) at = within(message, at + 8);
    else if (wireType === FIXED_32) at = within(message, at + 4);
    else if (wireType === VARINT) {
      const { value, end } = readVarint(message, at);
      at = end;
      yield { field, value };
    } else if (wireType === LENGTH) {
      const { value: sizeBytes, end } = readVarint(message, at);
      at = within(message, end + sizeBytes);
      yield { field, content: message.subarray(end, at) };
    } else throw notAPayload(`wire type ${wireType} at byte ${at}`);
  }
}

/** At most ten bytes, which 64 bits need. */
function readVarint(message: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let index = 0; index < 10; index += 1) {
    const byte = message[start + index];
    if (byte === undefined) throw notAPayload('it ends within a number');
    value += (byte % 128) * 2 ** (7 * index);
    if (byte < 128) return { value, end: start + index + 1 };
  }
  throw notAPayload(`a number of more than ten bytes at byte ${start}`);
}

function within(message: Uint8Array, end: number): number {
  if (end <= message.length) return end;
  throw notAPayload(`a field ends at byte ${end} of ${message.length}`);
}

function notAPayload(why: string): FieldnoteError {
  return new FieldnoteError('BAD_ARGUMENT', `these bytes are no Sparkplug payload: ${why}`);
}
