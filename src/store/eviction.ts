import type { Stamp } from '../values/stamp.ts';
import type { Database } from './database.ts';
import { recordGaps } from './giving-up.ts';
import { LANE_SPAN } from './place.ts';
import { takeRows } from './row.ts';

/** Above this share of the size limit the oldest rows go; the rest is room for what is being written. */
const FILL_SHARE_MAX = 0.9;
const EVICT_ROWS = 8;

/**
 * Gives up quarantined reports and better texts, then the oldest waiting reports of the last lane that has some, while
 * the file is nearly full.
 */
export function makeRoom(database: Database, at: Stamp): void {
  if (!isNearlyFull(database)) return;
  const { sql } = database;
  sql.run`DELETE FROM quarantine`;
  sql.run`DELETE FROM unwritten`;
  while (isNearlyFull(database)) {
    const oldest = sql.all`
      SELECT seq FROM outbox
      WHERE seq >= (SELECT ifnull(max(seq), 0) / 1000000000000 * ${LANE_SPAN} FROM outbox) ORDER BY seq LIMIT ${EVICT_ROWS}`;
    if (oldest.length === 0) return;
    const taken = takeRows(
      sql,
      oldest.map(({ seq }) => Number(seq)),
      'evicted',
    );
    recordGaps(database, taken, { reason: 'evicted', detail: 'the store reached its size limit', at });
  }
}

function isNearlyFull({ sql, pagesMax }: Database): boolean {
  const used = sql.get`
    SELECT page_count - freelist_count AS pages FROM pragma_page_count, pragma_freelist_count`;
  return Number(used?.['pages']) > FILL_SHARE_MAX * pagesMax;
}
