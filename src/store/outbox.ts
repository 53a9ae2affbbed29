import { FieldnoteError } from '../system/errors.ts';
import { LANES, type Lane } from '../values/lane.ts';
import { assertRoom, makeRoom } from './budget.ts';
import { checksum } from './checksum.ts';
import type { Database } from './database.ts';
import { recordGap } from './gaps.ts';
import { quarantine } from './giving-up.ts';
import { recordHistory } from './history.ts';
import { enterLane, ROW_BYTES } from './ledger.ts';
import { LANE_SPAN, placeOf, seqOf } from './place.ts';
import { checksumOf, isSound, type OutboxEntry, type OutboxRow, type StoredRow, takeRows } from './row.ts';
import { recordWording, type Wording } from './unwritten.ts';
import { recordMoment } from './watched.ts';

/** A report and the state of the incident logic that goes with it: both become durable, or neither. */
export interface Acceptance {
  /** The asset, or what of it the state is about. */
  readonly stateKey: string;
  /** Anything that JSON can hold. */
  readonly state: unknown;
  readonly entry: OutboxEntry;
  readonly wording: Wording;
}

/** Largest payload that common brokers take (AWS IoT Core: 128 KB); incident states share the limit. */
export const PAYLOAD_BYTES_MAX = 128 * 1024;
const NAME_LENGTH_MAX = 1024;
const READ_ROWS_MAX = 1024;
const READ_CHARS_MAX = 4 * 1024 * 1024;

/**
 * Stores a report and the incident state behind it; returns the `seq` of the report.
 * @throws FieldnoteError BAD_ARGUMENT when a part is over its limit, STORE_FULL when the disk has no room for it
 */
export function accept(database: Database, { stateKey, state, entry, wording }: Acceptance): number {
  const { sql } = database;
  const stateText = JSON.stringify(state) ?? 'null';
  assertSize('state', Buffer.byteLength(stateText), PAYLOAD_BYTES_MAX);
  assertSize('names', stateKey.length, NAME_LENGTH_MAX);
  const seq = add(database, entry);
  sql.run`
    INSERT INTO incidentState (asset, state, crc) VALUES (${stateKey}, ${stateText}, ${checksum(stateKey, stateText)})
    ON CONFLICT DO UPDATE SET state = excluded.state, crc = excluded.crc`;
  recordWording(sql, wording, entry);
  recordHistory(database, { id: wording.incident, revision: entry.revision, payload: entry.payload });
  makeRoom(database, entry.lane, entry.stamp);
  return seq;
}

/** A digest, and the moment up to which it tells, which becomes durable with it. */
export interface DigestAcceptance {
  readonly entry: OutboxEntry;
  readonly moment: Parameters<typeof recordMoment>[1] | null;
}

/**
 * Stores a digest, which is a report without an incident; returns its `seq`.
 * @throws FieldnoteError BAD_ARGUMENT when a part is over its limit, STORE_FULL when the disk has no room for it
 */
export function acceptDigest(database: Database, { entry, moment }: DigestAcceptance): number {
  if (moment !== null) recordMoment(database, moment);
  const seq = add(database, entry);
  makeRoom(database, entry.lane, entry.stamp);
  return seq;
}

/** Puts a report at the end of its lane. */
function add(database: Database, entry: OutboxEntry): number {
  const { id, revision, asset, lane, topic, payload } = entry;
  const stamp = JSON.stringify(entry.stamp);
  assertSize('payload', Buffer.byteLength(payload), PAYLOAD_BYTES_MAX);
  assertSize('names', Math.max(...[asset, id, topic].map((name) => name.length)), NAME_LENGTH_MAX);

  const { sql } = database;
  const sizeBytes = Buffer.byteLength(payload) + ROW_BYTES;
  assertRoom(database, lane, sizeBytes);
  const laneSeq = enterLane(sql, { rank: LANES.indexOf(lane), sizeBytes });
  const seq = seqOf({ lane, laneSeq });
  const crc = checksumOf({ seq, id, revision, asset, topic, payload, stamp });
  sql.run`
    INSERT INTO outbox (seq, id, revision, asset, topic, payload, stamp, crc)
    VALUES (${seq}, ${id}, ${revision}, ${asset}, ${topic}, ${payload}, ${stamp}, ${crc})`;
  return seq;
}

export interface DeliveredRange {
  /** Receipts of another epoch are about other reports. */
  readonly epoch: string;
  readonly lane: Lane;
  /** Numbers within the lane, both included. */
  readonly from: number;
  readonly to: number;
}

/**
 * Deletes what somebody has confirmed to have, at most 1024 reports.
 * @returns how many; call it again until there are none
 */
export function markDeliveredRange(database: Database, { epoch, lane, from, to }: DeliveredRange): number {
  if (epoch !== database.epoch) return 0;
  const rows = database.sql.all`
    SELECT seq FROM outbox
    WHERE seq BETWEEN ${seqOf({ lane, laneSeq: from })} AND ${seqOf({ lane, laneSeq: Math.min(to, LANE_SPAN - 1) })}
    ORDER BY seq LIMIT ${READ_ROWS_MAX}`;
  const seqs = rows.map(({ seq }) => Number(seq));
  takeRows(database.sql, seqs, 'delivered');
  return seqs.length;
}

/** The latest state of each key. One that the disk has damaged is dropped, with a gap. */
export function incidentStates(database: Database): Map<string, unknown> {
  const states = new Map<string, unknown>();
  for (const row of database.sql.all`SELECT * FROM incidentState`) {
    const { asset, state, crc } = row as { asset: string; state: string; crc: number };
    if (checksum(asset, state) === crc) states.set(asset, JSON.parse(state));
    else {
      database.sql.run`DELETE FROM incidentState WHERE asset = ${asset}`;
      const detail = `the incident state of ${asset} was damaged on the disk`;
      recordGap(database, { reason: 'damaged', detail, count: null, fromSeq: null, toSeq: null, at: null });
    }
  }
  return states;
}

export interface Reading {
  readonly lane: Lane;
  /** The last one that was read before; 0 for the beginning of the lane. */
  readonly seq: number;
  readonly limit: number;
}

/**
 * Reports of a lane that wait, in their order: those after `seq`, at most `limit`, and fewer when they are large. Empty
 * only if there are none. Damaged ones are quarantined on the way.
 */
export function pendingAfter(database: Database, reading: Reading): OutboxRow[] {
  const { sql } = database;
  const [rows, damaged]: [OutboxRow[], number[]] = [[], []];
  const first = seqOf({ lane: reading.lane, laneSeq: 0 });
  const rowsMax = Math.max(1, Math.min(reading.limit, READ_ROWS_MAX));
  let chars = 0;
  for (const row of sql.iterate`
    SELECT * FROM outbox WHERE seq > ${Math.max(reading.seq, first)} AND seq < ${first + LANE_SPAN}
    ORDER BY seq LIMIT ${rowsMax}` as Iterable<StoredRow>) {
    const { crc, stamp, ...entry } = row;
    chars += row.payload.length;
    if (rows.length > 0 && chars > READ_CHARS_MAX) break;
    if (isSound(row)) rows.push({ ...entry, ...placeOf(row.seq), stamp: JSON.parse(stamp) });
    else damaged.push(row.seq);
  }
  if (damaged.length === 0) return rows;
  for (const seq of damaged) quarantine(database, { seq, reason: 'damaged on the disk', at: null });
  return pendingAfter(database, reading);
}

/** Deletes what was acknowledged. Numbers that are no longer there are ignored. @returns how many there were */
export function markDelivered({ sql }: Database, seqs: readonly number[]): number {
  const taken = takeRows(sql, seqs, 'delivered');
  return taken.reduce((sum, { count }) => sum + count, 0);
}

function assertSize(what: string, size: number, sizeMax: number): void {
  if (size <= sizeMax) return;
  throw new FieldnoteError('BAD_ARGUMENT', `${what} of ${size} is over the limit of ${sizeMax}`, {
    size,
    sizeMax,
  });
}
