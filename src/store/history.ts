import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Period, touches } from '../values/period.ts';
import type { ReportStamp } from '../values/report.ts';
import type { Stamp } from '../values/stamp.ts';
import { checksum } from './checksum.ts';
import type { Database } from './database.ts';
import { syncPoint } from './sync-points.ts';

/**
 * What was reported: of each incident the latest report, long after its delivery, for digests and for people who ask. It
 * is written in the transactions of the outbox and counts in none of its books. It has a budget of its own; what was
 * not reported about for the longest time goes first.
 *
 * Each page that a report touches is written with it, so there is no index and no sum of the sizes, reports are packed
 * (deflate: a half of 1.5 KiB), and room is made for many at once.
 */

export const HISTORY_ROWS_MAX = 4096;
/** Of the size limit. */
const HISTORY_SHARE_MAX = 0.1;
/** Of the size limit: what may be over the budget, or replaced, until room is made. */
const SPARE_SHARE = 0.01;
export const SPARE_ROWS_MAX = 128;
/** A larger one, packed, makes room at once. */
const PACKED_BYTES_LARGE = 4 * 1024;
/** No report is that long; one that is would take the room of many. */
export const HISTORY_PAYLOAD_BYTES_MAX = 64 * 1024;
/** A report that is among so many of the newest is replaced where it is, an older one when room is made. */
const NEWEST_ROWS = 32;

export interface HistoryEntry {
  /** UUID of the incident. */
  readonly id: string;
  readonly revision: number;
  /** The report as JSON. */
  readonly payload: string;
}

/** Keeps a report instead of the one about the same incident before; an older one comes too late. */
export function recordHistory(database: Database, { id, revision, payload }: HistoryEntry): void {
  if (Buffer.byteLength(payload) > HISTORY_PAYLOAD_BYTES_MAX) return;
  const { sql } = database;
  const before = sql.get`
    SELECT place, revision FROM history
    WHERE place > (SELECT max(place) FROM history) - ${NEWEST_ROWS} AND id = ${id}
    ORDER BY place DESC LIMIT 1` as { place: number; revision: number } | undefined;
  if (before !== undefined && before.revision > revision) return;
  const packed = deflateRawSync(payload);
  const crc = checksum(id, revision, packed);
  const row = sql.get`
    INSERT INTO history (place, id, revision, payload, crc)
    VALUES (${before?.place ?? null}, ${id}, ${revision}, ${packed}, ${crc})
    ON CONFLICT DO UPDATE SET revision = excluded.revision, payload = excluded.payload, crc = excluded.crc
    RETURNING place`;
  const isNew = before === undefined && Number(row?.['place']) % spareRows(database) === 0;
  if (isNew || packed.length > PACKED_BYTES_LARGE) trimHistory(database);
}

function spareRows({ sizeBytesMax }: Database): number {
  return Math.min(SPARE_ROWS_MAX, Math.ceil((SPARE_SHARE * sizeBytesMax) / PACKED_BYTES_LARGE));
}

/** Drops what was replaced, and then the oldest that is over the budget. The newest stays. */
function trimHistory({ sql, sizeBytesMax }: Database): void {
  sql.run`
    DELETE FROM history WHERE place IN (
      SELECT place FROM (
        SELECT place, row_number() OVER (PARTITION BY id ORDER BY revision DESC, place DESC) AS age FROM history
      ) WHERE age > 1)`;
  sql.run`
    DELETE FROM history WHERE place IN (
      SELECT place FROM (
        SELECT place, row_number() OVER newer AS rowCount, sum(octet_length(payload)) OVER newer AS sizeBytes
        FROM history WINDOW newer AS (ORDER BY place DESC ROWS UNBOUNDED PRECEDING)
      ) WHERE rowCount > ${HISTORY_ROWS_MAX} OR (rowCount > 1 AND sizeBytes > ${HISTORY_SHARE_MAX * sizeBytesMax}))`;
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
  const found: Told[] = [];
  let [unplaced, unreadable] = [0, 0];
  const timed = timedBy(database);
  for (const row of database.sql.iterate`
    SELECT id, revision, payload, crc
    FROM history JOIN (
      SELECT place, row_number() OVER (PARTITION BY id ORDER BY revision DESC, place DESC) AS age FROM history
    ) USING (place) WHERE age = 1 ORDER BY place DESC`) {
    const told = toldIn(row as unknown as HistoryRow);
    if (told === undefined) {
      unreadable += 1;
      continue;
    }
    const { opened, closed } = told;
    const isPart = period === null || touches({ from: timed(opened), to: closed && timed(closed) }, period);
    if (isPart) found.push(told);
    if (isPart === undefined) unplaced += 1;
  }
  found.sort((a, b) => b.updated.boot - a.updated.boot || b.updated.monoMs - a.updated.monoMs);
  return { reports: found.map(({ payload }) => payload), unplaced, unreadable };
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

/** As it lies in the file; what versions before the packing wrote is text. */
export type HistoryRow = Omit<HistoryEntry, 'payload'> & {
  readonly payload: string | Uint8Array;
  readonly crc: number;
};

/** Whether a row is still what was written. */
export function isSoundHistory({ id, revision, payload, crc }: HistoryRow): boolean {
  return checksum(id, revision, payload) === crc;
}

interface Told {
  readonly payload: string;
  readonly opened: ReportStamp;
  readonly closed: ReportStamp | null;
  readonly updated: ReportStamp;
}

/** A report, and when its incident was open; undefined when the row is damaged or nothing that was ever reported. */
function toldIn(row: HistoryRow): Told | undefined {
  if (!isSoundHistory(row)) return undefined;
  try {
    const payload = typeof row.payload === 'string' ? row.payload : unpacked(row.payload);
    const { opened, closed = null, updated = closed ?? opened } = JSON.parse(payload) as Partial<Told>;
    return opened && updated && { payload, opened, closed, updated };
  } catch {
    return undefined;
  }
}

function unpacked(packed: Uint8Array): string {
  return inflateRawSync(packed, { maxOutputLength: HISTORY_PAYLOAD_BYTES_MAX }).toString();
}
