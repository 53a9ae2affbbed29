import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { type Manifest, manifestSchema } from '../../src/update/bundle.ts';
import { signedHead } from '../../src/update/head.ts';

/** Update bundles for tests: right ones, and those that only their maker's key makes different from right ones. */

export const makerKeys = generateKeyPairSync('ed25519');
export const strangerKeys = generateKeyPairSync('ed25519');

export interface MadeFile {
  readonly path: string;
  readonly content: string | Buffer;
  readonly executable?: true;
}

/** What the manifest says of itself; the rest follows from the files. */
export type Facts = Partial<Omit<Manifest, 'format' | 'files' | 'payload'>>;

export const SMALL_AGENT: readonly MadeFile[] = [
  { path: 'agent/bin/node', content: '#!/bin/sh\nexit 0\n', executable: true },
  { path: 'agent/dist/cli/main.js', content: 'console.log("new")\n' },
  { path: 'agent/empty.txt', content: '' },
  { path: 'fieldnote.yaml', content: 'site: plant\nnode: pump7\n' },
  { path: 'models/bearing/model.json', content: '{}' },
];

export const FACTS = {
  sequence: 5,
  name: 'better bearings',
  createdAt: '2026-11-20T10:00:00Z',
  notAfter: '2027-11-20T10:00:00Z',
  for: { architecture: 'arm64' },
  healthWindowS: 10,
  storeSchema: 9,
} as const satisfies Facts;

interface Made {
  readonly facts?: Facts;
  readonly files?: readonly MadeFile[];
  /** The decompressed payload, when it is not what the files say. */
  readonly content?: Buffer;
  /** Said of a file in the manifest instead of what is true. */
  readonly lies?: Readonly<Record<string, Partial<Manifest['files'][number]>>>;
  readonly privateKey?: KeyObject;
}

/** A manifest that fits the files, and their payload; nothing is checked. */
export function madeParts({ facts = {}, files = SMALL_AGENT, content, lies = {} }: Made = {}) {
  const payload = zstdCompressSync(
    content ?? Buffer.concat(files.map(({ content }) => Buffer.from(content))),
  );
  const manifest = {
    format: 1,
    ...FACTS,
    ...facts,
    payload: { sizeBytes: payload.length, sha256: sha256Of(payload) },
    files: files.map(({ path, content, executable }) => ({
      ...{ path, sizeBytes: Buffer.byteLength(content), sha256: sha256Of(content) },
      ...(executable && { executable }),
      ...lies[path],
    })),
  } as Manifest;
  return { manifest, payload };
}

/** A signed bundle as bytes. Its signature is right, whatever it says. */
export function madeBundle(made: Made = {}): Buffer {
  const { manifest, payload } = madeParts(made);
  return Buffer.concat([signedHead(manifest, made.privateKey ?? makerKeys.privateKey), payload]);
}

/** Whether a device would read such a manifest at all. */
export function isManifest(manifest: unknown): boolean {
  return manifestSchema.safeParse(manifest).success;
}

export function writeFiles(folder: string, files: readonly MadeFile[]): void {
  for (const { path, content, executable } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    if (executable) chmodSync(join(folder, path), 0o755);
  }
}

/** All files below a folder, as they were made. */
export function filesIn(folder: string): MadeFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => ({
      path: relative(folder, path),
      content: readFileSync(path, 'utf8'),
      ...((statSync(path).mode & 0o111) !== 0 && { executable: true as const }),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function sha256Of(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
