import type { Lane } from '../values/lane.ts';
import type { Stamp } from '../values/stamp.ts';
import type { Database } from './database.ts';

/** A durable record that something was lost. */
export interface Gap {
  readonly reason:
    | 'evicted' // given up because the store reached its size limit
    | 'expired' // given up because it was too old
    | 'quarantined' // can never be delivered
    | 'damaged' // a bit flipped on the disk
    | 'refused' // the store could not take it
    | 'samples' // samples of a source did not arrive
    | 'store-recovered' // the file was damaged; what could be read went into a new one
    | 'store-moved'; // the file was copied, restored or put into another device
  /** For people. */
  readonly detail: string;
  /** How many reports, or samples; null when nobody knows. */
  readonly count: number | null;
  /** The lost ones lie in this lane between these numbers, both included; null when they had no number. */
  readonly lane?: Lane;
  readonly fromSeq: number | null;
  readonly toSeq: number | null;
  readonly at: Stamp | null;
}

export interface GapRow extends Omit<Gap, 'lane'> {
  readonly id: number;
  readonly lane: Lane | null;
  /** To which the numbers belong; null when that is not known. */
  readonly epoch: string | null;
}

/** The newest of lost reports are kept, and as many of lost samples; the totals go on counting. */
const GAPS_MAX = 1000;
/** A detail may quote a broker. */
const DETAIL_LENGTH_MAX = 256;

/** Adds a gap, or lengthens the latest one of its kind if this continues it: a month of eviction is one row. */
export function recordGap({ sql, epoch }: Database, gap: Gap): void {
  const { reason, count, lane = null, fromSeq, toSeq, at } = gap;
  const detail = gap.detail.slice(0, DETAIL_LENGTH_MAX);
  const changes = sql.run`
    UPDATE gap SET count = count + ${count}, toSeq = ${toSeq}
    WHERE id = (SELECT max(id) FROM gap WHERE reason = ${reason} AND lane IS ${lane})
      AND epoch = ${epoch} AND detail = ${detail} AND toSeq + 1 = ${fromSeq}`;
  if (changes !== 0) return;
  sql.run`
    INSERT INTO gap (reason, detail, count, fromSeq, toSeq, at, lane, epoch)
    VALUES (${reason}, ${detail}, ${count}, ${fromSeq}, ${toSeq}, ${at && JSON.stringify(at)}, ${lane}, ${epoch})`;
  // A bad cable makes one a minute: it must not push out what explains the numbers that a collector misses.
  const isOfSamples = reason === 'samples' ? 1 : 0;
  sql.run`
    DELETE FROM gap WHERE (reason = 'samples') = ${isOfSamples} AND id <= (
      SELECT id FROM gap WHERE (reason = 'samples') = ${isOfSamples} ORDER BY id DESC LIMIT 1 OFFSET ${GAPS_MAX})`;
}

/** All recorded gaps, the oldest first. */
export function gaps({ sql }: Pick<Database, 'sql'>): GapRow[] {
  const rows = sql.all`SELECT * FROM gap ORDER BY id` as unknown as (Omit<GapRow, 'at'> & {
    at: string | null;
  })[];
  return rows.map((row) => ({ ...row, at: row.at === null ? null : JSON.parse(row.at) }));
}
