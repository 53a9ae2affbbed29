import { FieldnoteError } from '../system/errors.ts';
import type { Stamp } from '../values/stamp.ts';
import { checksum } from './checksum.ts';
import type { Database } from './database.ts';
import { recordGap } from './gaps.ts';
import { recordHistory } from './history.ts';
import { recordWording, type Wording } from './unwritten.ts';
import { recordMoment } from './watched.ts';

/** One revision of a report, ready to be published. */
export interface OutboxEntry {
  /** UUID of the incident. */
  readonly id: string;
  readonly revision: number;
  readonly asset: string;
  readonly topic: string;
  /** The report as JSON. */
  readonly payload: string;
  readonly stamp: Stamp;
}

export interface OutboxRow extends OutboxEntry {
  /** Counts the accepted reports of this epoch from 1; never used twice. */
  readonly seq: number;
}

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
/** Above this share of the size limit the oldest rows go; the rest is room for what is being written. */
const FILL_SHARE_MAX = 0.9;
const EVICT_ROWS = 8;
const READ_ROWS_MAX = 1024;
const READ_CHARS_MAX = 4 * 1024 * 1024;
const QUARANTINE_ROWS_MAX = 64;
const REASON_LENGTH_MAX = 256;

/**
 * Stores a report and the incident state behind it; returns the sequence number of the report.
 * @throws FieldnoteError BAD_ARGUMENT when a part is over its limit
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
  return seq;
}

/** A digest, and the moment up to which it tells, which becomes durable with it. */
export interface DigestAcceptance {
  readonly entry: OutboxEntry;
  readonly moment: Parameters<typeof recordMoment>[1] | null;
}

/**
 * Stores a digest, which is a report without an incident.
 * @throws FieldnoteError BAD_ARGUMENT when a part is over its limit
 */
export function acceptDigest(database: Database, { entry, moment }: DigestAcceptance): number {
  if (moment !== null) recordMoment(database, moment);
  return add(database, entry);
}

/** Puts a report at the end of the outbox. */
function add(database: Database, entry: OutboxEntry): number {
  const { id, revision, asset, topic, payload } = entry;
  const stamp = JSON.stringify(entry.stamp);
  assertSize('payload', Buffer.byteLength(payload), PAYLOAD_BYTES_MAX);
  assertSize('names', Math.max(...[asset, id, topic].map((name) => name.length)), NAME_LENGTH_MAX);

  makeRoom(database, entry.stamp);
  const { sql } = database;
  const next = sql.get`UPDATE ledger SET lastSeq = lastSeq + 1, accepted = accepted + 1 RETURNING lastSeq`;
  const seq = Number(next?.['lastSeq']);
  const crc = checksum(seq, id, revision, asset, topic, payload, stamp);
  sql.run`
    INSERT INTO outbox (seq, id, revision, asset, topic, payload, stamp, crc)
    VALUES (${seq}, ${id}, ${revision}, ${asset}, ${topic}, ${payload}, ${stamp}, ${crc})`;
  return seq;
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

/**
 * Reports that wait, in the order of their sequence numbers: those after `seq`, at most `limit`, and fewer when they
 * are large. Empty only if there are none. Damaged ones are quarantined on the way.
 */
export function pendingAfter(
  database: Database,
  { seq, limit }: { seq: number; limit: number },
): OutboxRow[] {
  const rows: OutboxRow[] = [];
  const damaged: number[] = [];
  let chars = 0;
  const rowsMax = Math.max(1, Math.min(limit, READ_ROWS_MAX));
  for (const row of database.sql
    .iterate`SELECT * FROM outbox WHERE seq > ${seq} ORDER BY seq LIMIT ${rowsMax}` as Iterable<StoredRow>) {
    const { crc, stamp, ...entry } = row;
    chars += row.payload.length;
    if (rows.length > 0 && chars > READ_CHARS_MAX) break;
    if (isSound(row)) rows.push({ ...entry, stamp: JSON.parse(stamp) });
    else damaged.push(row.seq);
  }
  if (damaged.length === 0) return rows;
  for (const damagedSeq of damaged)
    quarantine(database, { seq: damagedSeq, reason: 'damaged on the disk', at: null });
  return pendingAfter(database, { seq, limit });
}

/** Deletes what was acknowledged. Numbers that are no longer there are ignored. */
export function markDelivered({ sql }: Database, seqs: readonly number[]): void {
  const list = JSON.stringify(seqs);
  const changes = sql.run`DELETE FROM outbox WHERE seq IN (SELECT value FROM json_each(${list}))`;
  sql.run`UPDATE ledger SET delivered = delivered + ${changes}`;
}

/** Puts a report aside that can never be delivered, with its reason; the newest are kept for a person to look at. */
export function quarantine(
  database: Database,
  { seq, reason, at }: { seq: number; reason: string; at: Stamp | null },
): void {
  const { sql } = database;
  const changes = sql.run`INSERT INTO quarantine SELECT *, ${reason.slice(0, REASON_LENGTH_MAX)} FROM outbox WHERE seq = ${seq}`;
  if (changes === 0) return;
  sql.run`DELETE FROM outbox WHERE seq = ${seq}`;
  sql.run`UPDATE ledger SET quarantined = quarantined + 1`;
  sql.run`
    DELETE FROM quarantine
    WHERE seq NOT IN (SELECT seq FROM quarantine ORDER BY seq DESC LIMIT ${QUARANTINE_ROWS_MAX})`;
  recordGap(database, { reason: 'quarantined', detail: reason, count: 1, fromSeq: seq, toSeq: seq, at });
}

/** A row of the outbox as it lies in the file. */
export type StoredRow = Omit<OutboxRow, 'stamp'> & { readonly stamp: string; readonly crc: number };

/** Whether a row is still what was written. */
export function isSound({ seq, id, revision, asset, topic, payload, stamp, crc }: StoredRow): boolean {
  return checksum(seq, id, revision, asset, topic, payload, stamp) === crc;
}

/** Gives up quarantined ones and better texts, then the oldest waiting reports while the file is nearly full. */
function makeRoom(database: Database, at: Stamp): void {
  if (!isNearlyFull(database)) return;
  const { sql } = database;
  sql.run`DELETE FROM quarantine`;
  sql.run`DELETE FROM unwritten`;
  while (isNearlyFull(database)) {
    const oldest = sql.get`
      SELECT min(seq) AS fromSeq, max(seq) AS toSeq, count(*) AS count
      FROM (SELECT seq FROM outbox ORDER BY seq LIMIT ${EVICT_ROWS})`;
    const { fromSeq, toSeq, count } = oldest as { fromSeq: number; toSeq: number; count: number };
    if (count === 0) return;
    sql.run`DELETE FROM outbox WHERE seq BETWEEN ${fromSeq} AND ${toSeq}`;
    sql.run`UPDATE ledger SET evicted = evicted + ${count}`;
    const detail = 'the store reached its size limit';
    recordGap(database, { reason: 'evicted', detail, count, fromSeq, toSeq, at });
  }
}

function isNearlyFull({ sql, pagesMax }: Database): boolean {
  const used = sql.get`
    SELECT page_count - freelist_count AS pages FROM pragma_page_count, pragma_freelist_count`;
  return Number(used?.['pages']) > FILL_SHARE_MAX * pagesMax;
}

function assertSize(what: string, size: number, sizeMax: number): void {
  if (size <= sizeMax) return;
  throw new FieldnoteError('BAD_ARGUMENT', `${what} of ${size} is over the limit of ${sizeMax}`, {
    size,
    sizeMax,
  });
}
