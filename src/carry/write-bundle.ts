import { createHash, sign } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DigestEvent } from '../publish/digest-envelope.ts';
import type { ReportEvent } from '../publish/envelope.ts';
import { syncFolder, writeDurably } from '../system/durable-file.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { BundleManifest } from './bundle.ts';
import type { NodeKey } from './node-key.ts';

export interface BundleContent {
  readonly site: string;
  readonly node: string;
  readonly epoch: string;
  readonly agent: string;
  readonly exportedAt: string;
  /** As they would have been published, in order within their lanes. */
  readonly events: Iterable<ReportEvent | DigestEvent>;
  /** The document of the topic `gap`. */
  readonly gaps: unknown;
  readonly key: NodeKey;
}

/**
 * Writes a bundle as a new folder under `folder`, which appears as a whole or not at all.
 * @returns where it is and what is in it
 * @throws FieldnoteError BUNDLE_UNWRITABLE when the stick cannot take it
 */
export async function writeBundle(
  folder: string,
  content: BundleContent,
): Promise<{ path: string; manifest: BundleManifest }> {
  const path = freePath(folder, `fieldnote-${content.site}-${content.node}`);
  const partial = `${path}.partial`;
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial);
    const manifest = await writeFiles(partial, content);
    const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
    await writeDurably(join(partial, 'manifest.json'), bytes);
    await writeDurably(
      join(partial, 'manifest.sig'),
      `${sign(null, bytes, content.key.privateKey).toString('base64')}\n`,
    );
    await syncFolder(partial);
    renameSync(partial, path);
    await syncFolder(folder);
    return { path, manifest };
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => {});
    const message = `cannot write a bundle into ${folder}: ${messageOf(error)}`;
    throw new FieldnoteError('BUNDLE_UNWRITABLE', message, { folder }, error);
  }
}

async function writeFiles(folder: string, content: BundleContent): Promise<BundleManifest> {
  const { site, node, epoch, agent, exportedAt, events, gaps, key } = content;
  const lanes: Record<string, { count: number; from: number; to: number }> = {};
  const lines = function* () {
    for (const event of events) {
      const number = Number(event.sequence);
      const { count = 0, from = number } = lanes[event.lane] ?? {};
      lanes[event.lane] = { count: count + 1, from, to: number };
      yield `${JSON.stringify(event)}\n`;
    }
  };
  const files = {
    'reports.jsonl': await writeHashed(join(folder, 'reports.jsonl'), lines()),
    'gaps.json': await writeHashed(join(folder, 'gaps.json'), [`${JSON.stringify(gaps)}\n`]),
  };
  const publicKey = key.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  return { format: 'fieldnote-bundle/1', site, node, epoch, agent, exportedAt, publicKey, files, lanes };
}

async function writeHashed(
  path: string,
  parts: Iterable<string>,
): Promise<{ sha256: string; sizeBytes: number }> {
  await using file: FileHandle = await open(path, 'wx');
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for (const part of parts) {
    const bytes = Buffer.from(part);
    await file.writeFile(bytes);
    hash.update(bytes);
    sizeBytes += bytes.length;
  }
  await file.sync();
  return { sha256: hash.digest('hex'), sizeBytes };
}

/** Counts from 1: the clock of a node without a link may say anything. */
function freePath(folder: string, stem: string): string {
  for (let number = 1; ; number++) {
    const path = join(folder, `${stem}-${number}`);
    if (!existsSync(path)) return path;
  }
}
