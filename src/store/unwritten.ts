import { checksum } from './checksum.ts';
import type { Database } from './database.ts';
import type { Sql } from './sql.ts';

/**
 * Reports that wait for the words of the language model: of each incident the latest revision, whether it was delivered
 * or not. They come and go in the transactions of the outbox, so that a power cut leaves no report without its turn.
 */

/** What becomes of the words about an incident with a report that is accepted. */
export interface Wording {
  /** UUID of the incident. */
  readonly incident: string;
  /** It waits for them; otherwise it has them, or none will come. */
  readonly isAwaited: boolean;
}

export interface RevisionKey {
  readonly id: string;
  readonly revision: number;
}

/** More wait in no queue, so the oldest is one that was forgotten. */
export const UNWRITTEN_ROWS_MAX = 64;

export function recordWording(
  sql: Sql,
  { incident: id, isAwaited }: Wording,
  { revision, payload }: { revision: number; payload: string },
): void {
  if (!isAwaited) {
    sql.run`DELETE FROM unwritten WHERE id = ${id} AND revision <= ${revision}`;
    return;
  }
  const crc = checksum(id, revision, payload);
  sql.run`
    INSERT INTO unwritten (id, revision, payload, crc) VALUES (${id}, ${revision}, ${payload}, ${crc})
    ON CONFLICT DO UPDATE SET revision = excluded.revision, payload = excluded.payload, crc = excluded.crc
    WHERE excluded.revision >= unwritten.revision`;
  sql.run`
    DELETE FROM unwritten
    WHERE rowid NOT IN (SELECT rowid FROM unwritten ORDER BY rowid DESC LIMIT ${UNWRITTEN_ROWS_MAX})`;
}

/** Their payloads, the oldest incident first. What the disk has damaged keeps its template. */
export function unwritten({ sql }: Database): string[] {
  const rows = sql.all`SELECT id, revision, payload, crc FROM unwritten ORDER BY rowid`;
  return (rows as unknown as UnwrittenRow[]).filter(isSoundUnwritten).map(({ payload }) => payload);
}

/** The report keeps its template. A later revision of the incident stays. */
export function dropUnwritten({ sql }: Database, { id, revision }: RevisionKey): void {
  sql.run`DELETE FROM unwritten WHERE id = ${id} AND revision = ${revision}`;
}

export interface UnwrittenRow extends RevisionKey {
  readonly payload: string;
  readonly crc: number;
}

/** Whether a row is still what was written. */
export function isSoundUnwritten({ id, revision, payload, crc }: UnwrittenRow): boolean {
  return checksum(id, revision, payload) === crc;
}
