import type { Stamp } from '../values/stamp.ts';
import { checksum } from './checksum.ts';
import { type Leaving, leaveLane, type Outcome, ROW_BYTES } from './ledger.ts';
import type { Place } from './place.ts';
import type { Sql } from './sql.ts';

/** One revision of a report, ready to be published. */
export interface OutboxEntry {
  /** UUID of the incident. */
  readonly id: string;
  readonly revision: number;
  readonly asset: string;
  readonly lane: Place['lane'];
  readonly topic: string;
  /** The report as JSON. */
  readonly payload: string;
  readonly stamp: Stamp;
}

export interface OutboxRow extends OutboxEntry {
  /** Names the row in this file; grows within its lane and is never used twice in this epoch. */
  readonly seq: number;
  /** Counts the accepted reports of the lane in this epoch from 1. */
  readonly laneSeq: number;
}

/** A row of the outbox as it lies in the file: the place is in `seq`. */
export type StoredRow = Omit<OutboxRow, 'stamp' | 'lane' | 'laneSeq'> & {
  readonly stamp: string;
  readonly crc: number;
};

export function checksumOf({
  seq,
  id,
  revision,
  asset,
  topic,
  payload,
  stamp,
}: Omit<StoredRow, 'crc'>): number {
  return checksum(seq, id, revision, asset, topic, payload, stamp);
}

/** Whether a row is still what was written. */
export function isSound(row: StoredRow): boolean {
  return checksumOf(row) === row.crc;
}

export interface Taken extends Leaving {
  /** Lowest and highest of those that were there. */
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** Takes reports out of the outbox and books them, by lane. Numbers that are no longer there are ignored. */
export function takeRows(sql: Sql, seqs: readonly number[], outcome: Outcome): Taken[] {
  const list = JSON.stringify(seqs);
  const taken = sql.all`
    SELECT seq / 1000000000000 AS rank, count(*) AS count, sum(octet_length(payload) + ${ROW_BYTES}) AS sizeBytes,
           min(seq) AS fromSeq, max(seq) AS toSeq
    FROM outbox WHERE seq IN (SELECT value FROM json_each(${list})) GROUP BY rank` as unknown as Taken[];
  sql.run`DELETE FROM outbox WHERE seq IN (SELECT value FROM json_each(${list}))`;
  for (const leaving of taken) leaveLane(sql, leaving, outcome);
  return taken;
}
