import { type SyncPointOf, withWallTimesCorrected } from './publish/envelope.ts';
import type { Happened } from './report/digest.ts';
import type { Recollection } from './store/recall.ts';
import { type Report, reportSchema } from './values/report.ts';

/** An asset of the configuration, whose watching a digest tells about. */
export interface NamedAsset {
  readonly key: string;
  readonly name: string;
}

/** What the store recalls as facts: reports that still are reports, with the wall times that are known by now. */
export function happenedBy(recollection: Recollection, assets: readonly NamedAsset[]): Happened {
  const { reports, unplaced, unreadable, gaps, watchedMs, syncPoints } = recollection;
  const points = new Map(syncPoints.map((point) => [point.boot, { ...point, clock: 'synced' } as const]));
  const syncPointOf: SyncPointOf = (boot) => points.get(boot);
  const read = reports.map(readReport);
  const known = read.filter((report) => report !== undefined);
  return {
    reports: known.map((report) => withWallTimesCorrected(report, syncPointOf)),
    gaps,
    coverage: assets.map((asset) => ({ asset, watchedMs: watchedMs[asset.key] ?? 0 })),
    unplaced,
    unreadable: unreadable + read.length - known.length,
  };
}

/** Undefined for what this version cannot read. */
function readReport(payload: string): Report | undefined {
  return reportSchema.safeParse(JSON.parse(payload)).data;
}
