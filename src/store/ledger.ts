import type { DatabaseSync } from 'node:sqlite';
import { LANES, type Lane } from '../values/lane.ts';
import type { Database } from './database.ts';
import { LANE_SPAN, laneAt } from './place.ts';
import type { Sql } from './sql.ts';

/**
 * What became of every report of this epoch. Each change of the outbox changes these in the same transaction, so
 * that accepted = delivered + pending + expired + evicted + quarantined, always, in each lane.
 */
export interface Books {
  readonly accepted: number;
  readonly delivered: number;
  readonly pending: number;
  readonly expired: number;
  readonly evicted: number;
  readonly quarantined: number;
}

export interface LaneTotals extends Books {
  /** What its pending reports take, about. */
  readonly sizeBytes: number;
}

/** The sums over the lanes, and each lane. */
export interface Totals extends Books {
  readonly lanes: Readonly<Record<Lane, LaneTotals>>;
}

/** What a report takes beside its payload: names, stamp, and its share of half-filled pages. */
export const ROW_BYTES = 320;

/** How a report leaves the outbox. */
export type Outcome = 'delivered' | 'expired' | 'evicted' | 'quarantined';

/** Reports of one lane that leave the outbox together. */
export interface Leaving {
  readonly rank: number;
  readonly count: number;
  readonly sizeBytes: number;
}

/** Reads no report, so it costs the same however many wait. */
export function totals({ sql }: Pick<Database, 'sql'>): Totals {
  const rows = sql.all`
    SELECT rank, accepted, delivered, accepted - delivered - expired - evicted - quarantined AS pending,
           expired, evicted, quarantined, sizeBytes
    FROM lane ORDER BY rank` as unknown as (LaneTotals & { readonly rank: number })[];
  const sum = (key: keyof Books) => rows.reduce((total, row) => total + row[key], 0);
  const lanes = rows.map(({ rank, ...books }) => [laneAt(rank), books]);
  return {
    accepted: sum('accepted'),
    delivered: sum('delivered'),
    pending: sum('pending'),
    expired: sum('expired'),
    evicted: sum('evicted'),
    quarantined: sum('quarantined'),
    lanes: Object.fromEntries(lanes),
  };
}

/** Books one more accepted report; returns its number within the lane. */
export function enterLane(sql: Sql, { rank, sizeBytes }: { rank: number; sizeBytes: number }): number {
  const next = sql.get`
    UPDATE lane SET lastSeq = lastSeq + 1, accepted = accepted + 1, sizeBytes = sizeBytes + ${sizeBytes}
    WHERE rank = ${rank} RETURNING lastSeq`;
  return Number(next?.['lastSeq']);
}

export function leaveLane(sql: Sql, { rank, count, sizeBytes }: Leaving, outcome: Outcome): void {
  const countIf = (other: Outcome) => (outcome === other ? count : 0);
  sql.run`
    UPDATE lane SET sizeBytes = sizeBytes - ${sizeBytes}, delivered = delivered + ${countIf('delivered')},
      expired = expired + ${countIf('expired')}, evicted = evicted + ${countIf('evicted')},
      quarantined = quarantined + ${countIf('quarantined')}
    WHERE rank = ${rank}`;
}

/** Whether the books agree with the reports that are there: SQLite does not notice a flipped bit in a number. */
export function areBooksRight(connection: DatabaseSync): boolean {
  const books = connection.prepare(`
    SELECT count(*) = ${LANES.length} AND min(isRight) AND sum(waiting) = (SELECT count(*) FROM outbox) AS areRight
    FROM (
      SELECT count(seq) AS waiting,
             accepted - delivered - expired - evicted - quarantined = count(seq)
               AND lastSeq >= ifnull(max(seq) % ${LANE_SPAN}, 0)
               AND sizeBytes = ifnull(sum(octet_length(payload) + ${ROW_BYTES}), 0) AS isRight
      FROM lane LEFT JOIN outbox ON seq BETWEEN rank * ${LANE_SPAN} AND (rank + 1) * ${LANE_SPAN} - 1
      GROUP BY rank
    )`);
  return books.get()?.['areRight'] === 1;
}
