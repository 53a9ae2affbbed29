import { FieldnoteError } from '../system/errors.ts';
import { LANES, type Lane } from '../values/lane.ts';
import type { Stamp } from '../values/stamp.ts';
import type { Database } from './database.ts';
import { recordGaps } from './giving-up.ts';
import { LANE_SPAN } from './place.ts';
import { takeRows } from './row.ts';

/**
 * Who gives way when room runs out. A lane over its own share gives up its oldest. A file that is nearly full gives up
 * the oldest of the last lane that has some; its last tenth but one only critical reports may fill, and the last tenth
 * is room for what is being written. A disk that is nearly full takes only critical reports, and what fits into pages
 * of the file that are free already.
 */

/** Of the size limit. They add up to more than there is: what one lane does not need another may use. */
export const LANE_SHARES_MAX: Readonly<Record<Lane, number>> = {
  critical: 0.9,
  incident: 0.5,
  update: 0.25,
  evidence: 0.15,
  telemetry: 0.1,
};
const FILL_SHARE_MAX = 0.9;
const CRITICAL_RESERVE_SHARE = 0.1;
const EVICT_ROWS = 8;

/** @throws FieldnoteError STORE_FULL when the disk is nearly full and the report is not critical */
export function assertRoom({ sql, disk }: Database, lane: Lane, sizeBytes: number): void {
  if (lane === 'critical' || !disk.isLow()) return;
  const { bytes } = sql.get`
    SELECT freelist_count * page_size AS bytes FROM pragma_freelist_count, pragma_page_size` as {
    bytes: number;
  };
  // Twice: its incident state takes about as much.
  if (bytes >= 2 * sizeBytes) return;
  const freeMiB = (disk.freeBytes() / 1024 / 1024).toFixed(1);
  const message =
    `the disk of ${disk.folder} has only ${freeMiB} MiB free: the store takes only critical reports now; ` +
    'free space on the disk';
  throw new FieldnoteError('STORE_FULL', message, { folder: disk.folder, lane });
}

/** Makes the store fit its limits again after a report was added to a lane, which may have to go itself. */
export function makeRoom(database: Database, lane: Lane, at: Stamp): void {
  const isLaneOver = () => laneBytes(database, lane) > LANE_SHARES_MAX[lane] * database.sizeBytesMax;
  while (isLaneOver()) evictOldest(database, lane, 'its lane reached its share of the size limit', at);

  const isCritical = lane === 'critical';
  const shareMax = isCritical ? FILL_SHARE_MAX : FILL_SHARE_MAX - CRITICAL_RESERVE_SHARE;
  if (!isOver(database, shareMax)) return;
  // What can be done without.
  database.sql.run`DELETE FROM quarantine`;
  database.sql.run`DELETE FROM unwritten`;
  while (isOver(database, shareMax)) {
    const victim = LANES.findLast((other) => laneBytes(database, other) > 0);
    if (victim === undefined || (victim === 'critical' && !isCritical)) return;
    evictOldest(database, victim, 'the store reached its size limit', at);
  }
}

function evictOldest(database: Database, lane: Lane, detail: string, at: Stamp): void {
  const { sql } = database;
  const first = LANES.indexOf(lane) * LANE_SPAN;
  const oldest = sql.all`SELECT seq FROM outbox WHERE seq > ${first} ORDER BY seq LIMIT ${EVICT_ROWS}`;
  const seqs = oldest.map(({ seq }) => Number(seq)).filter((seq) => seq < first + LANE_SPAN);
  recordGaps(database, takeRows(sql, seqs, 'evicted'), { reason: 'evicted', detail, at });
}

function laneBytes({ sql }: Database, lane: Lane): number {
  return Number(sql.get`SELECT sizeBytes FROM lane WHERE rank = ${LANES.indexOf(lane)}`?.['sizeBytes']);
}

function isOver({ sql, pagesMax }: Database, share: number): boolean {
  const used = sql.get`
    SELECT page_count - freelist_count AS pages FROM pragma_page_count, pragma_freelist_count`;
  return Number(used?.['pages']) > share * pagesMax;
}
