import { createHash } from 'node:crypto';
import { z } from 'zod';
import { MANIFEST_BYTES_MAX, PAYLOAD_BYTES_MAX, PREFIX_BYTES, SIGNATURE_BYTES } from '../update/bundle.ts';

/**
 * How an update bundle travels over MQTT, on three topics below that of its node:
 *
 *     update/offer   to the node    JSON: which bundle, and its size. Asks where the node stands, as often as one likes
 *     update/part    to the node    sha256 of the bundle's head (32 bytes), number of the part (4, big-endian), its bytes
 *     update/state   from the node  JSON: how many parts it has, in order from the first, or why it takes none
 *
 * The node takes parts in their order alone and has each one on its disk before it acknowledges it, so that a number says all
 * about what is missing. The sender keeps a few parts ahead of that number; after silence it offers again and goes back to it.
 */

/** With its topic it is a packet that the node allows, and that every broker takes. */
export const PART_BYTES = 60 * 1024;
/** Parts that may be on their way. */
export const WINDOW_PARTS = 8;
/** So often the node says what it has. */
export const PARTS_PER_ANSWER = WINDOW_PARTS / 2;

const TRANSFER_BYTES = 32;
const HEADER_BYTES = TRANSFER_BYTES + 4;
const BUNDLE_BYTES_MAX = PREFIX_BYTES + MANIFEST_BYTES_MAX + SIGNATURE_BYTES + PAYLOAD_BYTES_MAX;
const REASON_LENGTH_MAX = 1000;

const transfer = z.string().regex(/^[0-9a-f]{64}$/);

const offerSchema = z.strictObject({
  transfer: transfer.describe('SHA-256 of the head of the bundle: its manifest and signature.'),
  sizeBytes: z.int().min(1).max(BUNDLE_BYTES_MAX).describe('Of the whole bundle.'),
});

export type Offer = z.output<typeof offerSchema>;

const reason = z.string().max(REASON_LENGTH_MAX);

const stateSchema = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.literal('receiving'),
    transfer,
    have: z.int().min(0).describe('Parts that are on the disk, counted from the first.'),
    again: z.boolean().describe('Whether to go on with that one, whatever was sent behind it.'),
  }),
  z.strictObject({ state: z.literal('waiting'), transfer, reason }),
  z.strictObject({ state: z.literal('refused'), transfer, reason }),
  z.strictObject({ state: z.literal('complete'), transfer }),
]);

/** What a node says about a bundle that was offered to it. */
export type TransferState = z.output<typeof stateSchema>;

export const updateSchemas = { offer: offerSchema, state: stateSchema } as const;

export interface Part {
  readonly transfer: string;
  readonly index: number;
  readonly bytes: Buffer;
}

/** The name of a transfer: whoever resumes it means the same bundle. */
export function transferOf(head: Uint8Array): string {
  return createHash('sha256').update(head).digest('hex');
}

export function partCountOf({ sizeBytes }: Pick<Offer, 'sizeBytes'>): number {
  return Math.ceil(sizeBytes / PART_BYTES);
}

/** Length of a part of a bundle, 0 when it has no such part. */
export function partLengthOf(index: number, { sizeBytes }: Pick<Offer, 'sizeBytes'>): number {
  return Math.max(0, Math.min(PART_BYTES, sizeBytes - index * PART_BYTES));
}

export function packPart({ transfer, index, bytes }: Part): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(transfer, 'hex');
  header.writeUInt32BE(index, TRANSFER_BYTES);
  return Buffer.concat([header, bytes]);
}

/** Undefined when it is no part of anything. */
export function unpackPart(payload: Buffer): Part | undefined {
  if (payload.length <= HEADER_BYTES || payload.length > HEADER_BYTES + PART_BYTES) return undefined;
  return {
    transfer: payload.toString('hex', 0, TRANSFER_BYTES),
    index: payload.readUInt32BE(TRANSFER_BYTES),
    bytes: payload.subarray(HEADER_BYTES),
  };
}

export function readOffer(payload: Buffer): Offer | undefined {
  return parsed(offerSchema, payload);
}

export function readState(payload: Buffer): TransferState | undefined {
  return parsed(stateSchema, payload);
}

/** A reason that a node may give, however long the message is that it comes from. */
export function shortReason(message: string): string {
  return message.slice(0, REASON_LENGTH_MAX);
}

function parsed<T>(schema: z.ZodType<T>, payload: Buffer): T | undefined {
  try {
    return schema.safeParse(JSON.parse(payload.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
