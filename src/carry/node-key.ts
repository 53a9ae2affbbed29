import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceDurably } from '../system/durable-file.ts';

export interface NodeKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The ed25519 key with which this node signs its bundles; made at the first need, and only its owner can read it. */
export async function nodeKey(dataDir: string): Promise<NodeKey> {
  const path = keyPath(dataDir);
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    const umask = process.umask(0o077);
    try {
      await replaceDurably(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
      await chmod(path, 0o600);
    } finally {
      process.umask(umask);
    }
  }
  const privateKey = createPrivateKey(readFileSync(path));
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** The public half; undefined before the first bundle. */
export function nodePublicKey(dataDir: string): KeyObject | undefined {
  const path = keyPath(dataDir);
  return existsSync(path) ? createPublicKey(readFileSync(path)) : undefined;
}

function keyPath(dataDir: string): string {
  return join(dataDir, 'node-key.pem');
}
