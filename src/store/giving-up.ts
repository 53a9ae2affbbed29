import type { Stamp } from '../values/stamp.ts';
import type { Database } from './database.ts';
import { type Gap, recordGap } from './gaps.ts';
import { placeOf } from './place.ts';
import { type Taken, takeRows } from './row.ts';

/** Ways in which a report leaves the outbox without having been delivered. Each is booked and leaves a gap. */

const QUARANTINE_ROWS_MAX = 64;
const REASON_LENGTH_MAX = 256;

/** Puts a report aside that can never be delivered, with its reason; the newest are kept for a person to look at. */
export function quarantine(
  database: Database,
  { seq, reason, at }: { seq: number; reason: string; at: Stamp | null },
): void {
  const { sql, epoch } = database;
  sql.run`
    INSERT INTO quarantine (epoch, seq, id, revision, asset, topic, payload, stamp, crc, reason)
    SELECT ${epoch}, seq, id, revision, asset, topic, payload, stamp, crc, ${reason.slice(0, REASON_LENGTH_MAX)}
    FROM outbox WHERE seq = ${seq}`;
  const taken = takeRows(sql, [seq], 'quarantined');
  if (taken.length === 0) return;
  sql.run`DELETE FROM quarantine WHERE number <= (SELECT max(number) FROM quarantine) - ${QUARANTINE_ROWS_MAX}`;
  recordGaps(database, taken, { reason: 'quarantined', detail: reason, at });
}

/** Gives up reports that are too old to be of use to anybody. */
export function expire(
  database: Database,
  { seqs, at }: { seqs: readonly number[]; at: Stamp | null },
): void {
  const taken = takeRows(database.sql, seqs, 'expired');
  recordGaps(database, taken, { reason: 'expired', detail: 'older than its lane allows', at });
}

/** One gap for each lane in which something was taken out. */
export function recordGaps(
  database: Database,
  taken: readonly Taken[],
  why: Pick<Gap, 'reason' | 'detail' | 'at'>,
): void {
  for (const { count, fromSeq, toSeq } of taken) {
    const { lane, laneSeq } = placeOf(fromSeq);
    recordGap(database, { ...why, count, lane, fromSeq: laneSeq, toSeq: placeOf(toSeq).laneSeq });
  }
}
