import type { DatabaseSync } from 'node:sqlite';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { Lane } from '../values/lane.ts';
import type { Stamp } from '../values/stamp.ts';
import { LANE_SHARES_MAX } from './budget.ts';
import { type GapRow, gaps } from './gaps.ts';
import { areBooksRight, type LaneTotals, totals } from './ledger.ts';
import { assertCurrentSchema } from './migrations.ts';
import { laneAt, placeOf, seqOf } from './place.ts';
import { SAVED_TABLES, type Table } from './recovery.ts';
import { isSound as isSoundRow, type OutboxRow, type StoredRow } from './row.ts';
import type { Snapshot } from './snapshot.ts';
import { type Row, Sql } from './sql.ts';
import type { SyncPoint } from './sync-points.ts';

/** What a person wants to know about a store. Works on a snapshot of any store of this schema. */

export interface SurveyedLane extends LaneTotals {
  /** More than this its pending reports may not take. */
  readonly sizeBytesMax: number;
  /** Of the report that has waited longest; null when none waits. */
  readonly oldest: Stamp | null;
}

export interface Survey {
  readonly epoch: string;
  readonly boot: number;
  readonly lanes: Readonly<Record<Lane, SurveyedLane>>;
  /** Reports that were put aside and are kept to be looked at. */
  readonly quarantine: readonly Row[];
  readonly gaps: readonly GapRow[];
}

/** @throws FieldnoteError STORE_NEWER, STORE_OLDER or STORE_CORRUPT, or whatever SQLite finds */
export function survey(connection: DatabaseSync, { path, sizeBytesMax }: SurveyOptions): Survey {
  assertCurrentSchema(connection, path);
  const sql = new Sql(connection);
  const { epoch, boot } = sql.get`SELECT epoch, boot FROM ledger` as { epoch: string; boot: number };
  const lanes = Object.entries(totals({ sql }).lanes).map(([name, lane], rank) => {
    const first = seqOf({ lane: laneAt(rank), laneSeq: 0 });
    const oldest =
      lane.pending === 0 ? undefined : sql.get`SELECT stamp FROM outbox WHERE seq > ${first} LIMIT 1`;
    return [
      name,
      {
        ...lane,
        sizeBytesMax: Math.floor(LANE_SHARES_MAX[laneAt(rank)] * sizeBytesMax),
        oldest: oldest === undefined ? null : (JSON.parse(String(oldest['stamp'])) as Stamp),
      },
    ];
  });
  return {
    epoch,
    boot,
    lanes: Object.fromEntries(lanes),
    quarantine: sql.all`SELECT epoch, seq, id, revision, asset, reason FROM quarantine ORDER BY number`,
    gaps: gaps({ sql }),
  };
}

export interface SurveyOptions {
  /** For messages. */
  readonly path: string;
  /** Of the store, as configured. */
  readonly sizeBytesMax: number;
}

/**
 * Everything that is wrong with a store: log, structure, books, and each row against its checksum.
 * @throws FieldnoteError STORE_NEWER or STORE_OLDER
 */
export function faultsIn({ connection, isLogDamaged }: Snapshot, path: string): string[] {
  const log = isLogDamaged ? ['the log is damaged, and there are reports behind the damage'] : [];
  return [...log, ...faultsInFile(connection, path)];
}

function faultsInFile(connection: DatabaseSync, path: string): string[] {
  try {
    assertCurrentSchema(connection, path);
    const lines = connection
      .prepare('PRAGMA integrity_check(20)')
      .all()
      .map((row) => `${Object.values(row)[0]}`);
    const structure = lines.filter((line) => line !== 'ok');
    if (structure.length > 0) return structure;
    const books = areBooksRight(connection) ? [] : ['the books do not agree with the reports that are there'];
    return [...books, ...SAVED_TABLES.flatMap((table) => damagedRows(connection, table))];
  } catch (error) {
    if (error instanceof FieldnoteError && error.code !== 'STORE_CORRUPT') throw error;
    return [messageOf(error)];
  }
}

function damagedRows(connection: DatabaseSync, { name, isSound }: Table): string[] {
  if (isSound === undefined) return [];
  let count = 0;
  for (const row of connection.prepare(`SELECT * FROM ${name}`).iterate()) if (!isSound(row)) count += 1;
  return count === 0 ? [] : [`${name}: ${count} rows do not agree with their checksum`];
}

/** The reports that wait and are sound, the most urgent lane first. */
export function* waitingIn(connection: DatabaseSync): Generator<OutboxRow> {
  for (const row of connection.prepare('SELECT * FROM outbox ORDER BY seq').iterate()) {
    const { crc, stamp, ...entry } = row as unknown as StoredRow;
    if (isSoundRow(row as unknown as StoredRow))
      yield { ...entry, ...placeOf(entry.seq), stamp: JSON.parse(stamp) as Stamp };
  }
}

/** For each boot a moment when its clock was right. */
export function syncPointsIn(connection: DatabaseSync): Map<number, Stamp> {
  const points = connection.prepare('SELECT * FROM syncPoint').all() as unknown as SyncPoint[];
  return new Map(points.map((point) => [point.boot, point]));
}
