import type { SourceConfig } from './config/schema.ts';
import { SIGNING_KEY_SIZE } from './decode/mavlink/signing.ts';
import { readSecret } from './publish/secrets.ts';
import { FieldnoteError } from './system/errors.ts';

/** A key in hexadecimal digits, with the end of its line. */
const FILE_SIZE_MAX = 2 * SIGNING_KEY_SIZE + 2;

/**
 * The key that the packets of a source are signed by; undefined when there is none.
 * @param credentialsDir value of $CREDENTIALS_DIRECTORY
 * @throws FieldnoteError SECRET_UNREADABLE naming the key of the configuration and the path, never the content
 */
export async function readSigningKey(
  source: string,
  { mavlink: { signingKeyFile } }: Pick<SourceConfig, 'mavlink'>,
  credentialsDir: string | undefined,
): Promise<Uint8Array | undefined> {
  if (signingKeyFile === undefined) return undefined;
  const key = `sources.${source}.mavlink.signingKeyFile`;
  const bytes = await readSecret(key, signingKeyFile, credentialsDir, FILE_SIZE_MAX);
  if (bytes.length === SIGNING_KEY_SIZE) return bytes;
  const text = bytes.toString('latin1').trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  const message = `${key} ${signingKeyFile} holds no key: give ${SIGNING_KEY_SIZE} bytes, or ${2 * SIGNING_KEY_SIZE} hexadecimal digits`;
  throw new FieldnoteError('SECRET_UNREADABLE', message, { key, path: signingKeyFile });
}
