import { offsetMs, overlapMs, type Period } from '../values/period.ts';
import type { Stamp } from '../values/stamp.ts';
import { checksum } from './checksum.ts';
import type { Database } from './database.ts';
import { timedBy } from './history.ts';

/**
 * When each asset was watched, as stretches of time in which verdict followed verdict, and moments that must survive a
 * restart. Bounded: the newest stretches stay. One that was never stored, or is damaged, was not watched as far as
 * anybody can tell.
 */

export const WATCHED_ROWS_MAX = 4096;

export interface WatchedStretch extends Period {
  readonly asset: string;
}

/** `link`: when the link was last known to be up; `digest`: until when digests by the time of the day have told. */
export type MomentName = 'link' | 'digest';

/** Adds stretches, each within one boot; one that begins where a stored one of its asset did takes its place. */
export function recordWatched({ sql }: Database, stretches: readonly WatchedStretch[]): void {
  for (const { asset, from, to } of stretches) {
    const [begin, end] = [JSON.stringify(from), JSON.stringify(to)];
    const crc = checksum(asset, begin, end);
    const changes = sql.run`
      UPDATE watched SET "end" = ${end}, crc = ${crc}
      WHERE id = (SELECT max(id) FROM watched WHERE asset = ${asset}) AND begin = ${begin}`;
    if (changes === 0)
      sql.run`INSERT INTO watched (asset, begin, "end", crc) VALUES (${asset}, ${begin}, ${end}, ${crc})`;
  }
  sql.run`DELETE FROM watched WHERE id <= (SELECT max(id) FROM watched) - ${WATCHED_ROWS_MAX}`;
}

/** For how many milliseconds of a stretch of time each asset was watched; those that never were are absent. */
export function watchedMs(database: Pick<Database, 'sql'>, period: Period): Record<string, number> {
  const timed = timedBy(database);
  const sums: Record<string, number> = {};
  for (const row of database.sql.iterate`SELECT * FROM watched` as Iterable<unknown>) {
    const { asset, begin, end, crc } = row as WatchedRow;
    if (checksum(asset, begin, end) !== crc) continue;
    const [from, to] = [timed(JSON.parse(begin)), timed(JSON.parse(end))];
    const ms = Math.min(overlapMs({ from, to }, period) ?? 0, offsetMs(from, to) ?? 0);
    sums[asset] = (sums[asset] ?? 0) + ms;
  }
  return sums;
}

export interface WatchedRow {
  readonly asset: string;
  readonly begin: string;
  readonly end: string;
  readonly crc: number;
}

export function isSoundWatched({ asset, begin, end, crc }: WatchedRow): boolean {
  return checksum(asset, begin, end) === crc;
}

export function recordMoment({ sql }: Database, { name, stamp }: { name: MomentName; stamp: Stamp }): void {
  const text = JSON.stringify(stamp);
  sql.run`
    INSERT INTO moment (name, stamp, crc) VALUES (${name}, ${text}, ${checksum(name, text)})
    ON CONFLICT DO UPDATE SET stamp = excluded.stamp, crc = excluded.crc`;
}

/** With the best wall time that is known by now; null when there is none. */
export function moment(database: Database, name: MomentName): Stamp | null {
  const row = database.sql.get`SELECT stamp, crc FROM moment WHERE name = ${name}`;
  const text = String(row?.['stamp']);
  if (row === undefined || checksum(name, text) !== row['crc']) return null;
  return timedBy(database)(JSON.parse(text) as Stamp);
}
