import { setImmediate as breathe } from 'node:timers/promises';
import { type SyncPointOf, withWallTimesCorrected } from './publish/envelope.ts';
import type { Happened } from './report/digest.ts';
import type { Recollection } from './store/recall.ts';
import { type Report, reportSchema } from './values/report.ts';

/** An asset of the configuration, whose watching a digest tells about. */
export interface NamedAsset {
  readonly key: string;
  readonly name: string;
}

/** Reports that are read at a time: the thread that does it also reads the ports. */
const READ_AT_ONCE = 32;

/** What the store recalls as facts: reports that still are reports, with the wall times that are known by now. */
export async function happenedBy(
  recollection: Recollection,
  assets: readonly NamedAsset[],
): Promise<Happened> {
  const { reports, unplaced, unreadable, gaps, watchedMs, syncPoints } = recollection;
  const points = new Map(syncPoints.map((point) => [point.boot, point]));
  const syncPointOf: SyncPointOf = (boot) => points.get(boot);
  const known: Report[] = [];
  for (const [at, payload] of reports.entries()) {
    if (at % READ_AT_ONCE === 0) await breathe();
    const report = readReport(payload);
    if (report !== undefined) known.push(withWallTimesCorrected(report, syncPointOf));
  }
  return {
    reports: known,
    gaps,
    coverage: assets.map((asset) => ({ asset, watchedMs: watchedMs[asset.key] ?? 0 })),
    unplaced,
    unreadable: unreadable + reports.length - known.length,
  };
}

/** Undefined for what this version cannot read. */
function readReport(payload: string): Report | undefined {
  return reportSchema.safeParse(JSON.parse(payload)).data;
}
