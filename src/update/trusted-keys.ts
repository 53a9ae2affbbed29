import { createPublicKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FieldnoteError } from '../system/errors.ts';

/** Whose updates this device takes: one ed25519 key (PEM, SPKI) in each file NAME.pub. */
export const UPDATE_KEYS_FOLDER = '/etc/fieldnote/update-keys';
const KEYS_MAX = 16;

/**
 * The keys of a folder; none when it is not there.
 * @throws FieldnoteError KEY_INVALID when a file holds none
 */
export function trustedKeys(folder: string): KeyObject[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.pub'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .sort()
    .slice(0, KEYS_MAX)
    .map((name) => readKey(join(folder, name)));
}

function readKey(path: string): KeyObject {
  try {
    const text = readFileSync(path, 'utf8');
    // Of a private key Node would make the public one; it must not lie on a device.
    const key = text.includes('PRIVATE KEY') ? undefined : createPublicKey(text);
    if (key?.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Says the same: it is none.
  }
  throw new FieldnoteError(
    'KEY_INVALID',
    `${path} holds no public ed25519 key (PEM); fieldnote update keygen makes one`,
    {
      path,
    },
  );
}
