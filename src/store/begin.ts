import { statSync } from 'node:fs';
import { migrate } from './migrations.ts';
import { placeOf } from './place.ts';
import { newestPutAside, salvage, saveNothing } from './recovery.ts';
import { renumber } from './renumber.ts';
import type { Sql } from './sql.ts';

export interface Beginning {
  readonly path: string;
  readonly bootId: string;
  readonly deviceId?: string | undefined;
  /** 64 random bits in hex, for a file that has to be created or turns out to be a copy. */
  readonly newEpoch: string;
}

export interface Begun {
  readonly boot: number;
  readonly epoch: string;
  /** What a person should know about the file, if anything. */
  readonly notice: string | undefined;
}

/** Everything that has to be true before the first request: schema, epoch, boot number; in the caller's transaction. */
export function begin(sql: Sql, { path, bootId, deviceId, newEpoch }: Beginning): Begun {
  migrate(sql.connection);
  const home = homeOf(path, deviceId);
  // Without books it is a file whose making was cut off, by a version that did not make it aside.
  const isBegun = sql.get`SELECT 1 FROM ledger` !== undefined;
  const notice = isBegun ? noticeMove(sql, home, newEpoch) : create(sql, path, newEpoch);
  const { boot, epoch } = sql.get`
    UPDATE ledger SET boot = boot + (bootId <> ${bootId}), bootId = ${bootId}, home = ${home}
    RETURNING boot, epoch` as { boot: number; epoch: string };
  return { boot, epoch, notice };
}

/**
 * Where the file lives: the device, and which file of it. A copy or a restored one has another inode or time of birth; a
 * whole card that was copied is in another device, or is itself another one. Empty where the device has no identity.
 */
function homeOf(path: string, deviceId: string | undefined): string {
  if (deviceId === undefined) return '';
  const { ino, birthtimeNs } = statSync(path, { bigint: true });
  return `${deviceId} ${ino} ${birthtimeNs}`;
}

/**
 * What a new file begins with, in the caller's transaction: the tables, the first row of the books, and what can be saved
 * of the damaged file that lay at `path` before.
 * @returns what a person should know about it, if anything
 */
export function create(sql: Sql, path: string, newEpoch: string): string | undefined {
  createTables(sql, newEpoch);
  const damagedPath = newestPutAside(path);
  return damagedPath === undefined ? undefined : salvage(sql, damagedPath);
}

/** The same where there is no room for what the damaged file holds. */
export function createEmpty(sql: Sql, path: string, newEpoch: string): string | undefined {
  createTables(sql, newEpoch);
  const damagedPath = newestPutAside(path);
  return damagedPath === undefined ? undefined : saveNothing(sql, damagedPath);
}

function createTables(sql: Sql, newEpoch: string): void {
  migrate(sql.connection);
  sql.run`INSERT INTO ledger (id, epoch, boot, bootId) VALUES (1, ${newEpoch}, 0, '')`;
}

/**
 * Two stores that went the same way up to the copy would give the same numbers to different reports. The copy begins a
 * new epoch instead.
 */
function noticeMove(sql: Sql, home: string, newEpoch: string): string | undefined {
  const before = sql.get`SELECT home, epoch FROM ledger` as { home: string; epoch: string };
  if (home === '' || before.home === '' || home === before.home) return undefined;
  sql.run`UPDATE ledger SET epoch = ${newEpoch}`;
  renumber(sql.connection, ({ seq }) => placeOf(seq).lane);
  const what = home.split(' ')[0] === before.home.split(' ')[0] ? 'file' : 'device';
  const detail = `the store was copied or restored (another ${what}); it was epoch ${before.epoch} before`;
  sql.run`INSERT INTO gap (reason, detail, count, epoch) VALUES ('store-moved', ${detail}, NULL, ${newEpoch})`;
  return `${detail}, and goes on as epoch ${newEpoch}: numbers begin anew, reports that wait are published once more`;
}
