import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { readCbor } from './cbor.ts';
import { FIELD_KINDS, FIELD_TYPES, type FieldKind, type FieldType, LIMITS } from './protocol.ts';

/** Slower streams send each sample by itself, without a rate; faster ones do not fit any link. */
const RATE_HZ_MIN = 0.001;
const RATE_HZ_MAX = 10_000_000;

/** What a device says about itself: what it runs on, and its streams. */
export interface Descriptor {
  readonly board: string;
  readonly streams: readonly StreamDescription[];
}

export interface StreamDescription {
  readonly id: number;
  readonly name: string;
  /** Undefined when samples come at no fixed rate. */
  readonly rateHz: number | undefined;
  /** Samples of one waveform, for streams that come as BURST; such a stream has a rate. */
  readonly burstSamples: number | undefined;
  /** Bytes of one packed sample. */
  readonly sampleSize: number;
  /** `<stream>.<field>` of each field; always the same array object. */
  readonly names: readonly string[];
  readonly fields: readonly FieldDescription[];
}

/** One field: value = raw × scale + offset, in the unit. */
export interface FieldDescription {
  readonly type: FieldType;
  /** Bytes from the beginning of the sample. */
  readonly at: number;
  readonly scale: number;
  readonly offset: number;
  readonly unit: string;
  /** Least and greatest value that can be true. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly kind: FieldKind;
}

const name = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'must be lower-case letters, digits and _, and begin with a letter')
  .max(LIMITS.nameSizeMax);

const unit = z
  .string()
  .min(1)
  .regex(/^\P{C}*$/u, 'has control characters')
  .refine(
    (text) => Buffer.byteLength(text) <= LIMITS.unitSizeMax,
    `has more than ${LIMITS.unitSizeMax} bytes`,
  );

const field = z.object({
  name,
  type: z.enum(keysOf(FIELD_TYPES)),
  unit,
  scale: z.number().default(1),
  offset: z.number().default(0),
  min: z.number().optional(),
  max: z.number().optional(),
  kind: z.enum(keysOf(FIELD_KINDS)).default('value'),
});

const stream = z
  .object({
    id: z.int().min(1).max(255),
    name,
    rate: z.number().min(RATE_HZ_MIN).max(RATE_HZ_MAX).optional(),
    burst: z.int().min(1).max(LIMITS.burstSizeMax).optional(),
    fields: z.array(field).min(1).max(LIMITS.fieldsMax).refine(hasUniqueNames, 'have a name twice'),
  })
  .refine(
    ({ fields }) => sizeOf(fields) <= LIMITS.sampleSizeMax,
    `has samples over ${LIMITS.sampleSizeMax} bytes`,
  )
  .refine(({ burst, rate }) => burst === undefined || rate !== undefined, 'has waveforms but no rate')
  .refine(
    ({ burst = 0, fields }) => burst * sizeOf(fields) <= LIMITS.burstSizeMax,
    `has waveforms over ${LIMITS.burstSizeMax} bytes`,
  );

const descriptor = z.object({
  schema: z.literal(1),
  board: z.string().regex(/^\P{C}*$/u, 'has control characters'),
  streams: z
    .array(stream)
    .min(1)
    .max(LIMITS.streamsMax)
    .refine(hasUniqueNames, 'have a name twice')
    .refine((streams) => new Set(streams.map(({ id }) => id)).size === streams.length, 'have an id twice'),
});

/**
 * Reads a descriptor, at most 8 KiB of CBOR. Keys that it does not know are skipped.
 * @returns the descriptor, or in words what is wrong with it
 */
export function readDescriptor(bytes: Uint8Array): Descriptor | string {
  if (bytes.length > LIMITS.descriptorSizeMax) return `${bytes.length} bytes are too many`;
  const item = readCbor(bytes);
  if (item === undefined) return 'is no CBOR that the protocol allows';
  const { data, error } = descriptor.safeParse(item);
  const issue = error?.issues[0];
  if (data === undefined) return `${issue?.path.join('.')} ${issue?.message}`.trim();
  return { board: data.board, streams: data.streams.map(streamOf) };
}

function streamOf({ id, name, rate, burst, fields }: z.output<typeof stream>): StreamDescription {
  let sampleSize = 0;
  const placed = fields.map(({ type, scale, offset, unit, min, max, kind }) => {
    const at = sampleSize;
    sampleSize += FIELD_TYPES[type].size;
    return { type, at, scale, offset, unit, min, max, kind };
  });
  const names = fields.map((field) => `${name}.${field.name}`);
  return { id, name, rateHz: rate, burstSamples: burst, sampleSize, names, fields: placed };
}

function sizeOf(fields: readonly { readonly type: FieldType }[]): number {
  return fields.reduce((size, { type }) => size + FIELD_TYPES[type].size, 0);
}

function hasUniqueNames(items: readonly { readonly name: string }[]): boolean {
  return new Set(items.map(({ name }) => name)).size === items.length;
}

function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): [Key, ...Key[]] {
  return Object.keys(table) as [Key, ...Key[]];
}
