import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { LANES } from '../values/lane.ts';
import { RECEIPT_RANGES_MAX, receiptSchema } from '../values/receipt.ts';

/**
 * A bundle: reports on a stick, for sites that never have a link. A folder with
 *   reports.jsonl   one CloudEvent a line, as it would have been published
 *   gaps.json       as the topic `gap` would have shown it
 *   manifest.json   which node and store, how many of which lane, sha256 of both files, the public key of the node
 *   manifest.sig    ed25519 signature of manifest.json by that key, base64
 *   receipts.json   written by whoever has imported it: what is stored there
 * Everything in it comes from a stick that went through many hands, so nothing is believed before it is checked.
 */

const MANIFEST_BYTES_MAX = 64 * 1024;
const RECEIPTS_BYTES_MAX = 1024 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const name = z.string().regex(/^[^\p{Cc}/+#]{1,256}$/u);
const file = z.strictObject({ sha256, sizeBytes: z.int().min(0) });
const lane = z.strictObject({ count: z.int().min(1), from: z.int().min(1), to: z.int().min(1) });

const manifestSchema = z.strictObject({
  format: z.literal('fieldnote-bundle/1'),
  site: name,
  node: name,
  epoch: z.string().min(1).max(64),
  agent: z.string().max(64),
  /** As the node's clock said, ISO 8601. */
  exportedAt: z.string().max(64),
  publicKey: z.string().max(256),
  files: z.strictObject({ 'reports.jsonl': file, 'gaps.json': file }),
  lanes: z.partialRecord(z.enum(LANES), lane),
});

export type BundleManifest = z.output<typeof manifestSchema>;

const receiptsSchema = z.strictObject({
  /** Of manifest.json. */
  bundle: sha256,
  receipts: z.array(receiptSchema).max(LANES.length * RECEIPT_RANGES_MAX),
});

export type BundleReceipts = z.output<typeof receiptsSchema>;

/** A bundle whose manifest bears the signature of the key that it names. */
export interface SignedManifest {
  readonly manifest: BundleManifest;
  /** Of manifest.json: names the bundle. */
  readonly sha256: string;
  /** Of the key: to be compared with what the node says. */
  readonly fingerprint: string;
}

/** @throws FieldnoteError BUNDLE_INVALID naming what is wrong */
export function readManifest(folder: string): SignedManifest {
  const bytes = readSmall(join(folder, 'manifest.json'), MANIFEST_BYTES_MAX);
  const manifest = parse(manifestSchema, bytes, join(folder, 'manifest.json'));
  const key = publicKeyOf(manifest.publicKey, folder);
  const signature = Buffer.from(readSmall(join(folder, 'manifest.sig'), 256).toString('ascii'), 'base64');
  if (!verify(null, bytes, key, signature))
    throw invalid(
      folder,
      'manifest.json does not bear the signature of its key: it was changed or is damaged',
    );
  return { manifest, sha256: sha256Of(bytes), fingerprint: fingerprintOf(key) };
}

/** What somebody has confirmed on the stick; undefined when nobody has. @throws FieldnoteError BUNDLE_INVALID */
export function readReceipts(folder: string): BundleReceipts | undefined {
  const path = join(folder, 'receipts.json');
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  return parse(receiptsSchema, readSmall(path, RECEIPTS_BYTES_MAX), path);
}

/** 16 hex digits that people can compare. */
export function fingerprintOf(key: KeyObject): string {
  return sha256Of(key.export({ type: 'spki', format: 'der' })).slice(0, 16);
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function invalid(folder: string, why: string, cause?: unknown): FieldnoteError {
  return new FieldnoteError('BUNDLE_INVALID', `${folder} cannot be used: ${why}`, { folder }, cause);
}

function publicKeyOf(base64: string, folder: string): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(base64, 'base64'), type: 'spki', format: 'der' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (error) {
    throw invalid(folder, `its public key is no key (${messageOf(error)})`, error);
  }
  throw invalid(folder, 'its public key is not of type ed25519');
}

function parse<T>(schema: z.ZodType<T>, bytes: Buffer, path: string): T {
  try {
    return schema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? error.issues[0]?.message : messageOf(error);
    throw invalid(path, `it is not what Fieldnote writes (${why})`, error);
  }
}

function readSmall(path: string, sizeBytesMax: number): Buffer {
  try {
    const { size } = statSync(path);
    if (size > sizeBytesMax) throw invalid(path, `it has ${size} bytes; at most ${sizeBytesMax} are taken`);
    return readFileSync(path);
  } catch (error) {
    throw error instanceof FieldnoteError ? error : invalid(path, messageOf(error), error);
  }
}
