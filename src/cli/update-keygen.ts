import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FieldnoteError } from '../system/errors.ts';

/** `fieldnote update keygen`. */
export function updateKeygen(folder: string): void {
  const [secret, open] = [join(folder, 'update-key.pem'), join(folder, 'update-key.pub')];
  if (existsSync(secret))
    throw new FieldnoteError(
      'BAD_ARGUMENT',
      `${secret} is there already; devices may trust it, so it is not replaced`,
    );
  mkdirSync(folder, { recursive: true });
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(secret, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  writeFileSync(open, publicKey.export({ type: 'spki', format: 'pem' }));
  process.stdout.write(
    `${secret} signs updates: keep it where no device is\n${open} goes to every device, into /etc/fieldnote/update-keys\n`,
  );
}
