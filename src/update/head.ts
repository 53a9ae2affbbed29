import { type KeyObject, sign, verify } from 'node:crypto';
import { FieldnoteError } from '../system/errors.ts';
import {
  MAGIC,
  MANIFEST_BYTES_MAX,
  type Manifest,
  manifestSchema,
  PREFIX_BYTES,
  SIGNATURE_BYTES,
} from './bundle.ts';

/** What stands before the payload. */
export interface Head {
  readonly manifest: Manifest;
  /** Where the payload begins. */
  readonly sizeBytes: number;
}

/** @param privateKey ed25519 */
export function signedHead(manifest: Manifest, privateKey: KeyObject): Buffer {
  const text = Buffer.from(JSON.stringify(manifest));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([MAGIC, length, text, sign(null, signedBytes(text), privateKey)]);
}

/**
 * How many bytes the head has, from its first PREFIX_BYTES.
 * @throws FieldnoteError UPDATE_INVALID when it is no update bundle
 */
export function headSizeOf(prefix: Uint8Array): number {
  const bytes = Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  if (bytes.length < PREFIX_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new FieldnoteError('UPDATE_INVALID', 'this is no update bundle, or only the beginning of one');
  const manifestBytes = bytes.readUInt32BE(MAGIC.length);
  if (manifestBytes > MANIFEST_BYTES_MAX)
    throw new FieldnoteError('UPDATE_INVALID', `its manifest of ${manifestBytes} bytes is too long`);
  return PREFIX_BYTES + manifestBytes + SIGNATURE_BYTES;
}

/**
 * The manifest, after its signature was found right: before that nothing in it is read.
 * @param bytes begin with the whole head; what follows it is not looked at
 * @throws FieldnoteError UPDATE_INVALID when it is cut off or no manifest, UPDATE_UNTRUSTED when none of the keys has signed it
 */
export function readHead(bytes: Uint8Array, trustedKeys: readonly KeyObject[]): Head {
  const sizeBytes = headSizeOf(bytes);
  if (bytes.length < sizeBytes)
    throw new FieldnoteError('UPDATE_INVALID', 'the bundle is cut off in its manifest');
  const text = bytes.subarray(PREFIX_BYTES, sizeBytes - SIGNATURE_BYTES);
  const signature = bytes.subarray(sizeBytes - SIGNATURE_BYTES, sizeBytes);
  if (!trustedKeys.some((key) => verify(null, signedBytes(text), key, signature)))
    throw new FieldnoteError(
      'UPDATE_UNTRUSTED',
      trustedKeys.length === 0
        ? 'this device trusts no key for updates: put the public key into /etc/fieldnote/update-keys first'
        : `none of the ${trustedKeys.length} keys that this device trusts has signed it, or it was changed on the way`,
      { keys: trustedKeys.length },
    );
  return { manifest: parseManifest(Buffer.from(text).toString()), sizeBytes };
}

function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FieldnoteError('UPDATE_INVALID', 'its manifest is no JSON', {}, error);
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new FieldnoteError(
    'UPDATE_INVALID',
    `its manifest is wrong: ${issue?.path.join('.')} ${issue?.message}`,
  );
}

/** With the magic, so that the key never signs what could pass for another kind of document. */
function signedBytes(manifest: Uint8Array): Buffer {
  return Buffer.concat([MAGIC, manifest]);
}
