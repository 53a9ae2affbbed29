import type { Database } from './database.ts';

/**
 * What became of every report of this epoch. Each change of the outbox changes these in the same transaction, so
 * that accepted = delivered + pending + expired + evicted + quarantined, always.
 */
export interface Totals {
  readonly accepted: number;
  readonly delivered: number;
  readonly pending: number;
  readonly expired: number;
  readonly evicted: number;
  readonly quarantined: number;
}

/** One wall time of a boot that is known to be right, from which others of that boot can be computed. */
export interface SyncPoint {
  readonly boot: number;
  readonly monoMs: number;
  readonly wallMs: number;
  /** Half-width of the interval that holds the true time. */
  readonly errorMs: number;
}

const SYNC_POINTS_MAX = 1000;

/** Reads no report, so it costs the same however many wait. */
export function totals({ sql }: Database): Totals {
  return sql.get`
    SELECT accepted, delivered, accepted - delivered - expired - evicted - quarantined AS pending,
           expired, evicted, quarantined
    FROM ledger` as unknown as Totals;
}

/** Keeps the most exact sync point of each boot, of the newest boots. */
export function recordSyncPoint({ sql }: Database, { boot, monoMs, wallMs, errorMs }: SyncPoint): void {
  sql.run`
    INSERT INTO syncPoint (boot, monoMs, wallMs, errorMs) VALUES (${boot}, ${monoMs}, ${wallMs}, ${errorMs})
    ON CONFLICT DO UPDATE SET monoMs = excluded.monoMs, wallMs = excluded.wallMs, errorMs = excluded.errorMs
    WHERE excluded.errorMs <= errorMs`;
  sql.run`DELETE FROM syncPoint WHERE boot <= (SELECT max(boot) FROM syncPoint) - ${SYNC_POINTS_MAX}`;
}

export function syncPoint({ sql }: Pick<Database, 'sql'>, boot: number): SyncPoint | null {
  return (sql.get`SELECT * FROM syncPoint WHERE boot = ${boot}` as SyncPoint | undefined) ?? null;
}
