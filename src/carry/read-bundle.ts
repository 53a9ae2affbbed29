import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type CollectedGap,
  type CollectedReport,
  DOCUMENT_BYTES_MAX,
  readMessage,
} from '../collect/message.ts';
import { type BundleManifest, invalid } from './bundle.ts';

const NEWLINE = 0x0a;

/** The bundles at a place: the folder itself, or those in it, in their order. */
export function bundlesAt(folder: string): string[] {
  if (existsSync(join(folder, 'manifest.json'))) return [folder];
  const number = (path: string) => Number(/-(\d+)$/.exec(path)?.[1] ?? 0);
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => !basename(path).endsWith('.partial') && existsSync(join(path, 'manifest.json')))
    .sort((a, b) => number(a) - number(b) || (a < b ? -1 : 1));
}

/** @throws FieldnoteError BUNDLE_INVALID when a file is not the one that was signed */
export async function assertFiles(folder: string, { files }: BundleManifest): Promise<void> {
  for (const [name, { sha256, sizeBytes }] of Object.entries(files)) {
    const path = join(folder, name);
    const found = statSync(path, { throwIfNoEntry: false })?.size;
    if (found !== sizeBytes)
      throw invalid(folder, `${name} has ${found ?? 'no'} bytes instead of ${sizeBytes}`);
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    if (hash.digest('hex') !== sha256) throw invalid(folder, `${name} has another sha256 than was signed`);
  }
}

/** The reports of a bundle that passed `assertFiles`. @throws FieldnoteError BUNDLE_INVALID for one that is none */
export async function* reportsIn(folder: string, manifest: BundleManifest): AsyncGenerator<CollectedReport> {
  const { site, node, epoch } = manifest;
  for await (const line of linesOf(folder, 'reports.jsonl')) {
    const content = readMessage({ topic: `fieldnote/${site}/${node}/incident`, payload: line });
    if (content.kind !== 'report' || content.report.epoch !== epoch)
      throw invalid(folder, `reports.jsonl holds what is no report of ${site}/${node}`);
    yield content.report;
  }
}

/** Lines of a file without their ends, none longer than a document may be. */
async function* linesOf(folder: string, name: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(join(folder, name))) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      yield rest.subarray(0, end);
      rest = rest.subarray(end + 1);
    }
    if (rest.length > DOCUMENT_BYTES_MAX)
      throw invalid(folder, `${name} has a line over ${DOCUMENT_BYTES_MAX} bytes`);
  }
  if (rest.length > 0) throw invalid(folder, `${name} ends within a line`);
}

/** The records of what the node has lost. @throws FieldnoteError BUNDLE_INVALID when they cannot be read */
export async function gapsIn(
  folder: string,
  { site, node }: BundleManifest,
): Promise<readonly CollectedGap[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(join(folder, 'gaps.json'), { end: DOCUMENT_BYTES_MAX }))
    chunks.push(chunk as Buffer);
  const content = readMessage({ topic: `fieldnote/${site}/${node}/gap`, payload: Buffer.concat(chunks) });
  if (content.kind === 'gaps') return content.gaps;
  const why = content.kind === 'unreadable' ? content.reason : 'it is a report';
  throw invalid(folder, `gaps.json does not hold records of losses (${why})`);
}
