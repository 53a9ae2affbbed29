import { type Period, touches } from '../values/period.ts';
import type { ReportStamp } from '../values/report.ts';
import type { Stamp } from '../values/stamp.ts';
import { checksum } from './checksum.ts';
import type { Database } from './database.ts';
import type { Sql } from './sql.ts';
import { syncPoint } from './sync-points.ts';

/**
 * What was reported: of each incident the latest report, long after its delivery, for digests and for people who ask. It
 * is written in the transactions of the outbox and counts in none of its books. It has a budget of its own; what was
 * not reported about for the longest time goes first.
 */

export const HISTORY_ROWS_MAX = 4096;
/** Of the size limit of the store. */
const HISTORY_SHARE_MAX = 0.1;
const TRIM_ROWS = 8;
/** No report is that long; one that is would take the room of many. */
export const HISTORY_PAYLOAD_BYTES_MAX = 64 * 1024;

export interface HistoryEntry {
  /** UUID of the incident. */
  readonly id: string;
  readonly revision: number;
  /** The report as JSON. */
  readonly payload: string;
}

/** Keeps a report instead of the one about the same incident before; an older one comes too late. */
export function recordHistory(
  { sql, sizeBytesMax }: Database,
  { id, revision, payload }: HistoryEntry,
): void {
  if (Buffer.byteLength(payload) > HISTORY_PAYLOAD_BYTES_MAX) return;
  if (sql.get`SELECT 1 FROM history WHERE id = ${id} AND revision > ${revision}`) return;
  sql.run`DELETE FROM history WHERE id = ${id}`;
  sql.run`
    INSERT INTO history (id, revision, payload, crc)
    VALUES (${id}, ${revision}, ${payload}, ${checksum(id, revision, payload)})`;
  while (isOverBudget(sql, HISTORY_SHARE_MAX * sizeBytesMax))
    sql.run`
      DELETE FROM history WHERE place IN (SELECT place FROM history ORDER BY place LIMIT ${TRIM_ROWS})
        AND place < (SELECT max(place) FROM history)`;
}

/** What the history knows of a stretch of time. */
export interface HistoryPart {
  /** The latest report as JSON about each incident that was open at some time of it, the latest first. */
  readonly reports: readonly string[];
  /** Reports of which nobody knows whether they belong to it. */
  readonly unplaced: number;
  /** Reports that the disk has damaged. */
  readonly unreadable: number;
}

/** Everything about a stretch of time, or everything there is. */
export function history(database: Pick<Database, 'sql'>, period: Period | null): HistoryPart {
  const reports: string[] = [];
  let [unplaced, unreadable] = [0, 0];
  const timed = timedBy(database);
  for (const row of database.sql
    .iterate`SELECT id, revision, payload, crc FROM history ORDER BY place DESC`) {
    const span = spanOf(row as unknown as HistoryRow);
    if (span === undefined) {
      unreadable += 1;
      continue;
    }
    const { opened, closed } = span;
    const isPart = period === null || touches({ from: timed(opened), to: closed && timed(closed) }, period);
    if (isPart) reports.push(String(row['payload']));
    if (isPart === undefined) unplaced += 1;
  }
  return { reports, unplaced, unreadable };
}

/** Stamps with the best wall time that is known: that of a boot without a clock follows from a sync point of it. */
export function timedBy({ sql }: Pick<Database, 'sql'>): (stamp: Stamp | ReportStamp) => Stamp {
  const points = new Map<number, ReturnType<typeof syncPoint>>();
  return (stamp) => {
    const { boot, monoMs, clock, errorMs } = stamp;
    const point = points.get(boot) ?? syncPoint({ sql }, boot);
    points.set(boot, point);
    if (point !== null && clock !== 'synced' && clock !== 'gnss')
      return { boot, monoMs, wallMs: point.wallMs + (monoMs - point.monoMs), clock: point.clock, errorMs };
    return 'wallMs' in stamp ? stamp : { boot, monoMs, wallMs: Date.parse(stamp.time), clock, errorMs };
  };
}

export type HistoryRow = HistoryEntry & { readonly crc: number };

/** Whether a row is still what was written. */
export function isSoundHistory({ id, revision, payload, crc }: HistoryRow): boolean {
  return checksum(id, revision, payload) === crc;
}

interface Span {
  readonly opened: ReportStamp;
  readonly closed: ReportStamp | null;
}

/** When the incident was open; undefined when the row is damaged or nothing that was ever reported. */
function spanOf(row: HistoryRow): Span | undefined {
  if (!isSoundHistory(row)) return undefined;
  try {
    const { opened, closed = null } = JSON.parse(row.payload) as Partial<Span>;
    return opened === undefined ? undefined : { opened, closed };
  } catch {
    return undefined;
  }
}

function isOverBudget(sql: Sql, sizeBytesMax: number): boolean {
  const { rowCount, sizeBytes } = sql.get`SELECT rowCount, sizeBytes FROM historySize` as unknown as {
    rowCount: number;
    sizeBytes: number;
  };
  return rowCount > HISTORY_ROWS_MAX || (rowCount > 1 && sizeBytes > sizeBytesMax);
}
