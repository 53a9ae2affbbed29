import { createHash, type KeyObject } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { FieldnoteError } from '../system/errors.ts';
import { type BundledFile, bundlePath, type Manifest, manifestSchema } from './bundle.ts';
import { signedHead } from './head.ts';

export interface BundleContent {
  /** A laid-out program: bin/node, dist/, node_modules/ and what else it needs. */
  readonly agentFolder?: string | undefined;
  readonly modelsFolder?: string | undefined;
  readonly configurationPath?: string | undefined;
}

export type ManifestFacts = Omit<Manifest, 'format' | 'payload' | 'files'>;

/**
 * Writes a signed bundle.
 * @param to its file; overwritten
 * @param onProgress is told the share that is done, 0 to 1
 */
export async function writeBundle(
  to: string,
  { content, facts, privateKey, onProgress }: WriteOptions,
): Promise<Manifest> {
  const sources = await sourcesOf(content);
  const payloadPath = `${to}.payload`;
  try {
    const { files, payload } = await writePayload(payloadPath, sources, onProgress);
    const manifest = checked({ format: 1, ...facts, payload, files });
    await using file = await open(to, 'w');
    await file.writeFile(signedHead(manifest, privateKey));
    for await (const chunk of createReadStream(payloadPath)) await file.writeFile(chunk);
    await file.sync();
    return manifest;
  } finally {
    await rm(payloadPath, { force: true });
  }
}

function checked(manifest: Manifest): Manifest {
  const { data, error } = manifestSchema.safeParse(manifest);
  if (data !== undefined) return data;
  const faults = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new FieldnoteError('BAD_ARGUMENT', `no device would take such an update: ${faults.join('; ')}`);
}

export interface WriteOptions {
  readonly content: BundleContent;
  readonly facts: ManifestFacts;
  readonly privateKey: KeyObject;
  readonly onProgress?: (share: number) => void;
}

interface Source {
  readonly from: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly executable: boolean;
}

async function sourcesOf({ agentFolder, modelsFolder, configurationPath }: BundleContent): Promise<Source[]> {
  const sources: Source[] = [];
  for (const [name, folder] of [
    ['agent', agentFolder],
    ['models', modelsFolder],
  ] as const) {
    if (folder === undefined) continue;
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isFile())) {
      const from = join(entry.parentPath, entry.name);
      sources.push(await sourceOf(from, join(name, relative(folder, from))));
    }
  }
  if (configurationPath !== undefined) sources.push(await sourceOf(configurationPath, 'fieldnote.yaml'));
  return sources.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function sourceOf(from: string, path: string): Promise<Source> {
  if (!bundlePath.safeParse(path).success)
    throw new FieldnoteError(
      'BAD_ARGUMENT',
      `${from} cannot be packed: its name has other than letters, digits and @ + . , = _ -`,
    );
  const { size, mode } = await stat(from);
  return { from, path, sizeBytes: size, executable: (mode & 0o111) !== 0 };
}

async function writePayload(
  to: string,
  sources: readonly Source[],
  onProgress: (share: number) => void = () => undefined,
) {
  const total = sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const files: BundledFile[] = [];
  let done = 0;
  async function* contents() {
    for (const { from, path, executable } of sources) {
      const hash = createHash('sha256');
      let sizeBytes = 0;
      for await (const chunk of createReadStream(from, { highWaterMark: 1024 * 1024 })) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        yield chunk;
      }
      files.push({ path, sizeBytes, sha256: hash.digest('hex'), ...(executable && { executable }) });
      done += sizeBytes;
      onProgress(done / Math.max(1, total));
    }
  }
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const measure = new Transform({
    transform(chunk, _encoding, pass) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      pass(null, chunk);
    },
  });
  await pipeline(contents, createZstdCompress(), measure, createWriteStream(to));
  return { files, payload: { sizeBytes, sha256: hash.digest('hex') } };
}
