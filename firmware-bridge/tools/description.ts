import { definition } from '../protocol/definition.ts';
import type { CborValue } from './cbor.ts';

/** What the author of a sketch writes: descriptor.json. */
export interface Description {
  readonly board: string;
  readonly streams: readonly StreamDescription[];
}

export interface StreamDescription {
  readonly id: number;
  readonly name: string;
  readonly rate?: number;
  readonly burst?: number;
  readonly fields: readonly FieldDescription[];
}

export interface FieldDescription {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly scale?: number;
  readonly offset?: number;
  readonly min?: number;
  readonly max?: number;
  readonly kind?: string;
}

const NAME = /^[a-z][a-z0-9_]*$/;

/**
 * Reads a description and names every fault in it.
 *
 * @throws Error with one line per fault
 */
export function readDescription(json: unknown): Description {
  const faults = [...faultsOfMap(json, 'map', ''), ...faultsOfParts(json as Description)];
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return json as Description;
}

/** The map that is sent. */
export function descriptorOf(description: Description): CborValue {
  return { schema: 1, ...description } as unknown as CborValue;
}

export function sampleSizeOf({ fields }: StreamDescription): number {
  return fields.reduce((size, { type }) => size + (definition.fieldTypes[type]?.size ?? 0), 0);
}

type Level = keyof typeof definition.descriptor;

/** Missing, unknown and mistyped keys of one map. */
function faultsOfMap(value: unknown, level: Level, where: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [`${where || 'the file'}: must be a map`];
  const keys = definition.descriptor[level].filter(({ key }) => key !== 'schema');
  const map = value as Record<string, unknown>;
  const unknown = Object.keys(map).filter((name) => !keys.some(({ key }) => key === name));
  return [
    ...unknown.map(
      (name) => `${where}${name}: unknown key; known are ${keys.map(({ key }) => key).join(', ')}`,
    ),
    ...keys.flatMap(({ key, type, required }) => {
      const item = map[key];
      if (item === undefined) return required ? [`${where}${key}: missing`] : [];
      return isOfType(item, type)
        ? []
        : [`${where}${key}: must be of type ${type}, is ${JSON.stringify(item)}`];
    }),
  ];
}

function isOfType(item: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(item);
  if (type === 'text') return typeof item === 'string' && item !== '';
  return type === 'integer' ? Number.isSafeInteger(item) : Number.isFinite(item);
}

function faultsOfParts({ streams }: Partial<Description>): string[] {
  if (!Array.isArray(streams)) return [];
  return [
    ...faultsOfCount('streams', streams.length, limit('streams_max')),
    ...repeated(streams.map(({ id }) => `id ${id}`)).map((id) => `streams: ${id} is there twice`),
    ...repeated(streams.map(({ name }) => name)).map((name) => `streams: ${name} is there twice`),
    ...streams.flatMap((stream, at) => faultsOfStream(stream, `streams[${at}].`)),
  ];
}

function faultsOfStream(stream: StreamDescription, where: string): string[] {
  const shape = faultsOfMap(stream, 'stream', where);
  if (shape.length > 0) return shape;
  const { id, name, rate, burst, fields } = stream;
  const size = sampleSizeOf(stream);
  return [
    ...(id >= 1 && id <= 255 ? [] : [`${where}id: must be 1 to 255, is ${id}`]),
    ...faultsOfName(name, where),
    ...(rate === undefined || rate > 0
      ? []
      : [`${where}rate: must be above 0, is ${rate}; leave it out for no fixed rate`]),
    ...(burst === undefined || rate !== undefined ? [] : [`${where}rate: a burst needs one`]),
    ...(burst === undefined || burst * size <= limit('burst_size_max')
      ? []
      : [`${where}burst: over 65535 bytes`]),
    ...(size <= limit('sample_size_max') ? [] : [`${where}fields: a sample has ${size} bytes, over 245`]),
    ...faultsOfCount(`${where}fields`, fields.length, limit('fields_max')),
    ...repeated(fields.map((field) => field.name)).map((field) => `${where}fields: ${field} is there twice`),
    ...fields.flatMap((field, at) => faultsOfField(field, `${where}fields[${at}].`)),
  ];
}

function faultsOfField(field: FieldDescription, where: string): string[] {
  const shape = faultsOfMap(field, 'field', where);
  if (shape.length > 0) return shape;
  const { name, type, unit, scale, kind } = field;
  const types = Object.keys(definition.fieldTypes);
  const kinds = Object.keys(definition.fieldKinds);
  return [
    ...faultsOfName(name, where),
    ...(types.includes(type) ? [] : [`${where}type: must be one of ${types.join(', ')}, is ${type}`]),
    ...(kind === undefined || kinds.includes(kind)
      ? []
      : [`${where}kind: must be one of ${kinds.join(', ')}, is ${kind}`]),
    ...(Buffer.byteLength(unit) <= limit('unit_size_max') ? [] : [`${where}unit: over 16 bytes`]),
    ...(scale === 0 ? [`${where}scale: 0 would make every value the same`] : []),
  ];
}

function faultsOfName(name: string, where: string): string[] {
  const isName = NAME.test(name) && name.length <= limit('name_size_max');
  return isName
    ? []
    : [`${where}name: must be a-z, 0-9 and _, begin with a letter and have at most 32, is ${name}`];
}

function faultsOfCount(what: string, count: number, countMax: number): string[] {
  return count >= 1 && count <= countMax ? [] : [`${what}: must be 1 to ${countMax}, are ${count}`];
}

const repeated = (names: readonly string[]) => names.filter((name, at) => names.indexOf(name) < at);

const limit = (name: string) => definition.limits[name]?.value ?? 0;
