import { join } from 'node:path';
import { leaveReceipts } from '../carried-receipts.ts';
import { type BundleManifest, fingerprintOf, readManifest, readReceipts } from '../carry/bundle.ts';
import { gapsToCarry } from '../carry/carried-gaps.ts';
import { type NodeKey, nodeKey } from '../carry/node-key.ts';
import { bundlesAt } from '../carry/read-bundle.ts';
import { writeBundle } from '../carry/write-bundle.ts';
import { loadConfig } from '../config/load.ts';
import { type ReportEvent, reportEventOf } from '../publish/envelope.ts';
import { type Snapshot, takeSnapshot } from '../store/snapshot.ts';
import { survey, syncPointsIn, waitingIn } from '../store/survey.ts';
import { messageOf } from '../system/errors.ts';
import { agentVersion } from '../system/version.ts';
import type { Receipt } from '../values/receipt.ts';
import { asDataOwner } from './data-owner.ts';

interface Exported {
  /** Reports that receipts on the stick confirm. */
  readonly confirmed: number;
  /** Where the new bundle is; null when nothing waits. */
  readonly bundle: string | null;
  readonly lanes: BundleManifest['lanes'];
  readonly key: string;
}

/** `fieldnote store export`: takes the receipts that the stick brings, and gives it what waits. */
export async function storeExport(
  folder: string,
  options: { config: string; json?: boolean },
): Promise<void> {
  const { config } = loadConfig(options.config);
  const { dataDir, site, node } = config;
  const path = join(dataDir, 'fieldnote.db');
  using snapshot = await takeSnapshot(path);
  const { epoch, gaps } = survey(snapshot.connection, { path, sizeBytesMax: 0 });
  const key = await asDataOwner(dataDir, () => nodeKey(dataDir));
  const receipts = await takeFromStick(folder, dataDir, key);
  const events = () => unconfirmed(snapshot, epoch, receipts);
  const content = { site, node, epoch, agent: agentVersion, exportedAt: new Date().toISOString() };
  const written = events().next().done
    ? undefined
    : await writeBundle(folder, {
        ...content,
        events: events(),
        gaps: { epoch, gaps: gapsToCarry(gaps) },
        key,
      });
  tell(options, {
    confirmed: receipts.reduce((sum, { ranges }) => sum + countOf(ranges), 0),
    bundle: written?.path ?? null,
    lanes: written?.manifest.lanes ?? {},
    key: fingerprintOf(key.publicKey),
  });
}

/** What was confirmed of bundles that this node has signed; the daemon gets it. */
async function takeFromStick(
  folder: string,
  dataDir: string,
  { publicKey }: NodeKey,
): Promise<readonly Receipt[]> {
  const taken: Receipt[] = [];
  for (const bundle of bundlesAt(folder)) {
    try {
      const { manifest, sha256, fingerprint } = readManifest(bundle);
      const confirmed = fingerprint === fingerprintOf(publicKey) ? readReceipts(bundle) : undefined;
      if (confirmed?.bundle !== sha256) continue;
      const receipts = confirmed.receipts.filter((receipt) => isWithin(receipt, manifest));
      await asDataOwner(dataDir, () => leaveReceipts(dataDir, sha256, receipts));
      taken.push(...receipts);
    } catch (error) {
      process.stderr.write(`${messageOf(error)}; its receipts are not taken\n`);
    }
  }
  return taken;
}

/** Nobody can confirm what was not in the bundle. */
function isWithin({ epoch, lane, ranges }: Receipt, manifest: BundleManifest): boolean {
  const there = Object.entries(manifest.lanes).find(([name]) => name === lane)?.[1];
  if (there === undefined || epoch !== manifest.epoch) return false;
  return ranges.every(([from, to]) => there.from <= from && from <= to && to <= there.to);
}

function* unconfirmed(
  { connection }: Snapshot,
  epoch: string,
  receipts: readonly Receipt[],
): Generator<ReportEvent> {
  const syncPoints = syncPointsIn(connection);
  for (const { lane, laneSeq, payload } of waitingIn(connection)) {
    const isConfirmed = receipts.some(
      (receipt) =>
        receipt.epoch === epoch &&
        receipt.lane === lane &&
        receipt.ranges.some(([from, to]) => from <= laneSeq && laneSeq <= to),
    );
    const place = { epoch, lane, sequence: laneSeq, syncPointOf: (boot: number) => syncPoints.get(boot) };
    if (!isConfirmed) yield reportEventOf(JSON.parse(payload), place);
  }
}

function countOf(ranges: Receipt['ranges']): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

function tell({ json }: { json?: boolean }, exported: Exported): void {
  const { confirmed, bundle, lanes, key } = exported;
  const count = Object.values(lanes).reduce((sum, lane) => sum + lane.count, 0);
  const lines = [
    ...(confirmed > 0
      ? [`${confirmed} reports of earlier bundles have arrived; the daemon deletes them`]
      : []),
    bundle === null
      ? 'nothing waits that is not on its way'
      : `${count} reports in ${bundle}, signed by key ${key}; they stay in the store until their receipt comes back`,
  ];
  process.stdout.write(`${json ? JSON.stringify(exported, null, 2) : lines.join('\n')}\n`);
}
