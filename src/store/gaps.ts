import type { Stamp } from '../values/stamp.ts';
import type { Database } from './database.ts';

/** A durable record that something was lost. */
export interface Gap {
  readonly reason:
    | 'evicted' // given up because the store reached its size limit
    | 'quarantined' // can never be delivered
    | 'damaged' // a bit flipped on the disk
    | 'refused' // the store could not take it
    | 'samples' // samples of a source did not arrive
    | 'store-recovered'; // the file was damaged; what could be read went into a new one
  /** For people. */
  readonly detail: string;
  /** How many reports, or samples; null when nobody knows. */
  readonly count: number | null;
  /** The lost ones lie between these, both included; null when they had no sequence number. */
  readonly fromSeq: number | null;
  readonly toSeq: number | null;
  readonly at: Stamp | null;
}

export interface GapRow extends Gap {
  readonly id: number;
}

/** The newest are kept; the totals go on counting. */
const GAPS_MAX = 1000;
/** A detail may quote a broker. */
const DETAIL_LENGTH_MAX = 256;

/** Adds a gap, or lengthens the latest one if this continues it: a month of eviction is one row. */
export function recordGap({ sql }: Database, gap: Gap): void {
  const { reason, count, fromSeq, toSeq, at } = gap;
  const detail = gap.detail.slice(0, DETAIL_LENGTH_MAX);
  const changes = sql.run`
    UPDATE gap SET count = count + ${count}, toSeq = ${toSeq}
    WHERE id = (SELECT max(id) FROM gap) AND reason = ${reason} AND detail = ${detail} AND toSeq + 1 = ${fromSeq}`;
  if (changes !== 0) return;
  sql.run`
    INSERT INTO gap (reason, detail, count, fromSeq, toSeq, at)
    VALUES (${reason}, ${detail}, ${count}, ${fromSeq}, ${toSeq}, ${at && JSON.stringify(at)})`;
  sql.run`DELETE FROM gap WHERE id <= (SELECT max(id) FROM gap) - ${GAPS_MAX}`;
}

/** All recorded gaps, the oldest first. */
export function gaps({ sql }: Database): GapRow[] {
  const rows = sql.all`SELECT * FROM gap ORDER BY id` as unknown as (Omit<GapRow, 'at'> & {
    at: string | null;
  })[];
  return rows.map((row) => ({ ...row, at: row.at === null ? null : JSON.parse(row.at) }));
}
