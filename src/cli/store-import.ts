import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleReceipts, readManifest } from '../carry/bundle.ts';
import { assertFiles, bundlesAt, gapsIn, reportsIn } from '../carry/read-bundle.ts';
import type { CollectedReport } from '../collect/message.ts';
import type { Sink } from '../collect/sink.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { RECEIPT_RANGES_MAX, type Receipt, rangesOf } from '../values/receipt.ts';
import { sinkAt } from './sink-choice.ts';

const BATCH_LENGTH = 256;

interface ImportOptions {
  readonly to: string;
  readonly key?: string;
  readonly json?: boolean;
}

interface Imported {
  readonly bundle: string;
  readonly node: string;
  readonly key: string;
  readonly reports: number;
  /** How many of them were not there before. */
  readonly added: number;
  /** Why no receipts could be left on the stick; null when they are there. */
  readonly withoutReceipts: string | null;
}

/**
 * `fieldnote store import`: every bundle of a stick. A second time adds nothing.
 * @throws FieldnoteError BUNDLE_INVALID before anything of that bundle is stored
 */
export async function storeImport(folder: string, options: ImportOptions): Promise<void> {
  const bundles = bundlesAt(folder);
  if (bundles.length === 0) throw new FieldnoteError('BAD_ARGUMENT', `${folder} holds no bundle`, { folder });
  const sink = sinkAt(options.to);
  const imported: Imported[] = [];
  try {
    for (const bundle of bundles) imported.push(await importBundle(bundle, sink, options.key));
  } finally {
    await sink.close();
  }
  const text = options.json ? JSON.stringify(imported, null, 2) : imported.map(lineOf).join('\n');
  process.stdout.write(`${text}\n`);
}

async function importBundle(bundle: string, sink: Sink, key: string | undefined): Promise<Imported> {
  const { manifest, sha256, fingerprint } = readManifest(bundle);
  if (key !== undefined && key !== fingerprint)
    throw new FieldnoteError('BUNDLE_INVALID', `${bundle} is signed by key ${fingerprint}, not by ${key}`);
  await assertFiles(bundle, manifest);
  const gaps = await gapsIn(bundle, manifest);
  const stored = new Map<string, number[]>();
  let added = 0;
  const store = async (reports: readonly CollectedReport[]) => {
    added += await sink.store({ reports, gaps, putAside: [], receivedMs: Date.now() });
    for (const { lane, sequence } of reports) {
      const numbers = stored.get(lane) ?? [];
      numbers.push(sequence);
      stored.set(lane, numbers);
    }
  };
  const batch: CollectedReport[] = [];
  for await (const report of reportsIn(bundle, manifest)) {
    batch.push(report);
    if (batch.length === BATCH_LENGTH) await store(batch.splice(0));
  }
  await store(batch);
  const receipts = [...stored].flatMap(([lane, numbers]) => receiptsOf(manifest.epoch, lane, numbers));
  return {
    bundle,
    node: `${manifest.site}/${manifest.node}`,
    key: fingerprint,
    reports: [...stored.values()].flat().length,
    added,
    withoutReceipts: await leave(bundle, { bundle: sha256, receipts }),
  };
}

function receiptsOf(epoch: string, lane: string, numbers: readonly number[]): Receipt[] {
  const ranges = rangesOf(numbers).map(([from, to]): [number, number] => [from, to]);
  const count = Math.ceil(ranges.length / RECEIPT_RANGES_MAX);
  return Array.from({ length: count }, (_, part) => ({
    epoch,
    lane,
    ranges: ranges.slice(part * RECEIPT_RANGES_MAX, (part + 1) * RECEIPT_RANGES_MAX),
  }));
}

async function leave(bundle: string, receipts: BundleReceipts): Promise<string | null> {
  try {
    await writeFile(join(bundle, 'receipts.json'), JSON.stringify(receipts), { flush: true });
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function lineOf({ bundle, node, key, reports, added, withoutReceipts }: Imported): string {
  const receipts =
    withoutReceipts === null
      ? 'receipts are on the stick'
      : `no receipts could be written (${withoutReceipts}): the node will keep its reports`;
  return `${bundle}: ${reports} reports of ${node}, ${added} of them new, signed by key ${key}; ${receipts}`;
}
