import type { Database } from './database.ts';

/** One wall time of a boot that is known to be right, from which others of that boot can be computed. */
export interface SyncPoint {
  readonly boot: number;
  readonly monoMs: number;
  readonly wallMs: number;
  /** Half-width of the interval that holds the true time. */
  readonly errorMs: number;
  /** Who knew it. */
  readonly clock: 'synced' | 'gnss';
}

const SYNC_POINTS_MAX = 1000;

/** Keeps the most exact sync point of each boot, of the newest boots; among equals the first: one is asked for every minute. */
export function recordSyncPoint(
  { sql }: Database,
  { boot, monoMs, wallMs, errorMs, clock }: SyncPoint,
): void {
  sql.run`
    INSERT INTO syncPoint (boot, monoMs, wallMs, errorMs, clock)
    VALUES (${boot}, ${monoMs}, ${wallMs}, ${errorMs}, ${clock})
    ON CONFLICT DO UPDATE SET
      monoMs = excluded.monoMs, wallMs = excluded.wallMs, errorMs = excluded.errorMs, clock = excluded.clock
    WHERE excluded.errorMs < errorMs`;
  sql.run`DELETE FROM syncPoint WHERE boot <= (SELECT max(boot) FROM syncPoint) - ${SYNC_POINTS_MAX}`;
}

export function syncPoint({ sql }: Pick<Database, 'sql'>, boot: number): SyncPoint | null {
  return (sql.get`SELECT * FROM syncPoint WHERE boot = ${boot}` as SyncPoint | undefined) ?? null;
}
