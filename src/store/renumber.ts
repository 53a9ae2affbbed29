import type { DatabaseSync } from 'node:sqlite';
import { LANES, type Lane, laneOf } from '../values/lane.ts';
import { ROW_BYTES } from './ledger.ts';
import { seqOf } from './place.ts';
import { checksumOf, isSound, type StoredRow } from './row.ts';

const READ_ROWS = 256;

/**
 * Numbers the waiting reports of each lane from 1, in their order, and begins the books with them: what a new epoch
 * needs, so that a consumer who sees it from its beginning misses nothing. Inside the caller's transaction.
 * @param laneOfRow what it has now says where it belongs
 */
export function renumber(database: DatabaseSync, laneOfRow: (row: StoredRow) => Lane): void {
  const books = LANES.map((lane) => ({ lane, count: 0, sizeBytes: 0 }));
  const move = database.prepare('UPDATE outbox SET seq = ?, crc = ? WHERE seq = ?');
  // Numbers only get smaller or go to a range that was empty: no two rows ever want the same one.
  for (const row of rowsOf(database)) {
    const lane = laneOfRow(row);
    const book = books[LANES.indexOf(lane)] as (typeof books)[number];
    book.count += 1;
    book.sizeBytes += Buffer.byteLength(row.payload) + ROW_BYTES;
    const seq = seqOf({ lane, laneSeq: book.count });
    // What the disk has damaged must not become sound by it.
    if (seq !== row.seq) move.run(seq, isSound(row) ? checksumOf({ ...row, seq }) : row.crc, row.seq);
  }
  const begin = database.prepare(`
    UPDATE lane SET lastSeq = ?1, accepted = ?1, delivered = 0, expired = 0, evicted = 0, quarantined = 0, sizeBytes = ?2
    WHERE rank = ?3`);
  for (const [rank, { count, sizeBytes }] of books.entries()) begin.run(count, sizeBytes, rank);
}

/** The lane of a report that was stored before there were lanes. */
export function laneOfPayload(payload: string): Lane {
  try {
    return laneOf(JSON.parse(payload));
  } catch {
    return 'incident';
  }
}

/** All rows that there are now, in pages: the table is changed on the way. */
function* rowsOf(database: DatabaseSync): Generator<StoredRow> {
  const last = Number(database.prepare('SELECT max(seq) AS seq FROM outbox').get()?.['seq'] ?? 0);
  const page = database.prepare(
    `SELECT * FROM outbox WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ${READ_ROWS}`,
  );
  for (let seq = -1, rows: StoredRow[] = []; ; seq = rows.at(-1)?.seq ?? last) {
    rows = page.all(seq, last) as unknown as StoredRow[];
    if (rows.length === 0) return;
    yield* rows;
  }
}
