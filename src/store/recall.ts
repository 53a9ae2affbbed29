import { offsetMs, type Period, touches } from '../values/period.ts';
import type { Stamp } from '../values/stamp.ts';
import type { Database } from './database.ts';
import { type Gap, gaps } from './gaps.ts';
import { type HistoryPart, history, timedBy } from './history.ts';
import { type SyncPoint, syncPoint } from './sync-points.ts';
import { watchedMs } from './watched.ts';

/** What the store knows of a stretch of time. */
export interface Recollection extends HistoryPart {
  readonly gaps: readonly Pick<Gap, 'reason' | 'count'>[];
  /** For how many milliseconds of it each asset was watched. */
  readonly watchedMs: Readonly<Record<string, number>>;
  /** When the clocks of the boots that the reports name were right. */
  readonly syncPoints: readonly SyncPoint[];
}

/** Everything about a stretch of time, or everything there is. */
export function recall(database: Pick<Database, 'sql'>, period: Period | null): Recollection {
  const part = history(database, period);
  const boots = new Set(part.reports.flatMap(bootsIn));
  const points = [...boots].map((boot) => syncPoint(database, boot));
  return {
    ...part,
    gaps: gapsIn(database, period),
    watchedMs: period === null ? {} : watchedMs(database, period),
    syncPoints: points.filter((point) => point !== null),
  };
}

/**
 * A record without a time is as old as the one before it. Where older ones have made room for newer ones and the oldest
 * of a kind that is left is younger than the beginning, there is one more of nobody knows how many.
 */
function gapsIn(database: Pick<Database, 'sql'>, period: Period | null): Recollection['gaps'] {
  const timed = timedBy(database);
  let at: Stamp | null = null;
  const found: Pick<Gap, 'reason' | 'count'>[] = [];
  const rows = gaps(database);
  const isTrimmed = (rows.at(-1)?.id ?? 0) > rows.length;
  const seen = new Set<Gap['reason']>();
  for (const gap of rows) {
    at = gap.at === null ? at : timed(gap.at);
    const isPart = period === null || (at !== null && touches({ from: at, to: at }, period));
    if (isPart) found.push({ reason: gap.reason, count: gap.count });
    const hasOlder = period !== null && at !== null && (offsetMs(period.from, at) ?? 0) <= 0;
    if (isPart && isTrimmed && !hasOlder && !seen.has(gap.reason))
      found.push({ reason: gap.reason, count: null });
    seen.add(gap.reason);
  }
  return found;
}

function bootsIn(report: string): number[] {
  return [...report.matchAll(/"boot":(\d{1,15})/g)].map(([, boot]) => Number(boot));
}
