import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, renameSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { syncFolderNow } from '../system/durable-file.ts';
import { checksum } from './checksum.ts';
import { PAGE_BYTES } from './database.ts';
import { isConstraint } from './failure.ts';
import { type HistoryRow, isSoundHistory } from './history.ts';
import { LANES_VERSION } from './migrations.ts';
import { scanRows } from './page-scan.ts';
import { placeOf } from './place.ts';
import { laneOfPayload, renumber } from './renumber.ts';
import { isSound, type StoredRow } from './row.ts';
import type { Row, Sql } from './sql.ts';
import { isSoundUnwritten, type UnwrittenRow } from './unwritten.ts';
import { isSoundWatched, type WatchedRow } from './watched.ts';

/**
 * What happens to a damaged database: its files are renamed to `fieldnote.db.corrupt-<n>` (with -wal and -shm) and
 * stay for a person to look at. The new file gets its name once it holds what can be read of the damaged one.
 */

interface Ledger {
  readonly boot: number;
  readonly bootId: string;
}

/** What could be read of the books of a damaged file. */
interface Found {
  /** Of its schema; NaN when that is not known. */
  readonly version: number;
  readonly ledger: Ledger | undefined;
  /** How many reports waited in it. */
  readonly pending: number | undefined;
}

export interface Table {
  readonly name: string;
  /** Whether a row has the checksum that belongs to it; missing where rows have none. */
  readonly isSound?: (row: Row) => boolean;
}

/** In this order; quarantined reports stay in the damaged file. */
export const SAVED_TABLES: readonly Table[] = [
  { name: 'outbox', isSound: (row) => isSound(row as unknown as StoredRow) },
  { name: 'incidentState', isSound: ({ asset, state, crc }) => checksum(`${asset}`, `${state}`) === crc },
  { name: 'unwritten', isSound: (row) => isSoundUnwritten(row as unknown as UnwrittenRow) },
  { name: 'history', isSound: (row) => isSoundHistory(row as unknown as HistoryRow) },
  { name: 'watched', isSound: (row) => isSoundWatched(row as unknown as WatchedRow) },
  { name: 'moment', isSound: ({ name, stamp, crc }) => checksum(`${name}`, `${stamp}`) === crc },
  { name: 'learning' },
  { name: 'learningChunk', isSound: ({ data, crc }) => data instanceof Uint8Array && checksum(data) === crc },
  { name: 'gap' },
  { name: 'syncPoint' },
];

/** Ends the name of a mark beside a file that was put aside: a new one came of it. */
const DONE = '.done';

const READ_ROWS = 64;
/** Bounds the trying: a tree whose root is gone would otherwise be searched number by number. */
const READS_MAX = 2000;
/** More than a log grows to. */
const LOG_BYTES_MAX = 64 * 1024 * 1024;
const ROWID_MAX_GUESS = 2 ** 31;

/**
 * Renames the files of the database out of the way. Each name lasts before the next one changes: a log that goes first
 * would leave its database without what was promised in it.
 */
export function putAside(path: string): void {
  const aside = `${path}.corrupt-${numberPutAside(path) + 1}`;
  for (const suffix of ['', '-wal', '-shm'])
    if (existsSync(path + suffix)) renameDurably(path + suffix, aside + suffix);
}

/** The damaged file that was put aside last, unless a new file came of it already. */
export function newestPutAside(path: string): string | undefined {
  const number = numberPutAside(path);
  const aside = `${path}.corrupt-${number}`;
  return number === 0 || existsSync(aside + DONE) ? undefined : aside;
}

/** Who deletes the database later, to start afresh, must not get the reports of the damaged one again. */
export function markDone(path: string): void {
  const aside = newestPutAside(path);
  // On a full disk the next start does it.
  if (aside !== undefined) attempt(() => closeSync(openSync(aside + DONE, 'w')));
}

/**
 * If the power went between two renames of `putAside`, or a person deleted the database alone, a log without it is left:
 * it must not be taken for that of the new one.
 */
export function finishPutAside(path: string): void {
  if (existsSync(path) || !existsSync(`${path}-wal`)) return;
  renameDurably(`${path}-wal`, `${newestPutAside(path) ?? `${path}.orphan`}-wal`);
}

function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolderNow(dirname(to));
}

/**
 * Copies what can be read of a damaged file into the new one, inside the caller's transaction. Numbers and books start
 * anew with the reports that were saved; a gap says how many were not.
 * @returns the same for a person
 */
export function salvage(sql: Sql, damagedPath: string): string {
  const { ledger, pending } = copyTables(damagedPath, sql.connection);

  const saved = sql.get`SELECT count(*) AS count, ifnull(max(stamp ->> 'boot'), 0) AS boot FROM outbox`;
  const { count, boot } = saved as { count: number; boot: number };
  sql.run`UPDATE ledger SET boot = ${Math.max(boot, ledger?.boot ?? 0)}, bootId = ${ledger?.bootId ?? ''}`;
  const missing = pending === undefined ? null : Math.max(0, pending - count);
  const detail = `${basename(damagedPath)} was damaged; ${count} waiting reports were saved from it`;
  sql.run`
    INSERT INTO gap (reason, detail, count, epoch)
    SELECT 'store-recovered', ${detail}, ${missing}, epoch FROM ledger`;
  return `${detail}, ${missing ?? 'nobody knows how many'} were lost; the damaged file stays for you to look at`;
}

/**
 * Takes over only the number of the boot, for want of room; a gap says so. The damaged file has the rest.
 * @returns the same for a person
 */
export function saveNothing(sql: Sql, damagedPath: string): string {
  const { ledger, pending } = copyByTrees(damagedPath, []);
  sql.run`UPDATE ledger SET boot = ${ledger?.boot ?? 0}, bootId = ${ledger?.bootId ?? ''}`;
  const name = basename(damagedPath);
  const detail = `${name} was damaged and there was no room to save its reports: run fieldnote store salvage`;
  sql.run`
    INSERT INTO gap (reason, detail, count, epoch)
    SELECT 'store-recovered', ${detail}, ${pending ?? null}, epoch FROM ledger`;
  return `${detail} ${damagedPath} with a folder on another disk; ${pending ?? 'nobody knows how many'} reports wait there`;
}

/** Copies all tables but the books, of which comes back what can be read. */
function copyTables(damagedPath: string, to: DatabaseSync): Found {
  const targets = SAVED_TABLES.map((table) => new Target(to, table));
  const found = copyByTrees(damagedPath, targets);
  copyByPages(damagedPath, targets);
  renumber(to, ({ seq, payload }) =>
    found.version < LANES_VERSION ? laneOfPayload(payload) : placeOf(seq).lane,
  );
  return found;
}

/** What SQLite itself finds: the rows as they were last. */
function copyByTrees(damagedPath: string, targets: readonly Target[]): Found {
  const damaged = openDamaged(damagedPath);
  if (damaged === undefined) return { version: Number.NaN, ledger: undefined, pending: undefined };
  try {
    const version = Number(attempt(() => damaged.prepare('PRAGMA user_version').get())?.['user_version']);
    for (const target of targets)
      for (const values of readableRows(damaged, target.name)) target.take(values);
    return { version, ledger: ledgerOf(damaged), pending: pendingOf(damaged, version) };
  } finally {
    damaged.close();
  }
}

/** What SQLite does not find, because the pages that lead to it are gone: each row that its own checksum vouches for. */
function copyByPages(damagedPath: string, targets: readonly Target[]): void {
  const file = openSync(damagedPath, 'r');
  try {
    const withChecksum = targets.filter(({ hasChecksum }) => hasChecksum);
    for (const values of scanRows({ file, log: readLog(damagedPath), pageBytes: PAGE_BYTES }))
      withChecksum.find((target) => target.take(values));
  } finally {
    closeSync(file);
  }
}

/** The log of a database as bytes; empty when there is none. */
export function readLog(path: string): Buffer {
  const logPath = `${path}-wal`;
  if (!existsSync(logPath)) return Buffer.of();
  const file = openSync(logPath, 'r');
  try {
    const log = Buffer.alloc(Math.min(fstatSync(file).size, LOG_BYTES_MAX));
    return log.subarray(0, readSync(file, log));
  } finally {
    closeSync(file);
  }
}

/** A table of the new file that takes rows of the damaged one. */
class Target {
  readonly name: string;
  readonly hasChecksum: boolean;
  readonly #columns: readonly string[];
  readonly #isSound: (row: Row) => boolean;
  readonly #insert: StatementSync;

  constructor(to: DatabaseSync, { name, isSound }: Table) {
    const columns = to.prepare('SELECT name FROM pragma_table_info(?)').all(name) as { name: string }[];
    this.name = name;
    this.hasChecksum = isSound !== undefined;
    this.#columns = columns.map((column) => column.name);
    this.#isSound = isSound ?? (() => true);
    this.#insert = to.prepare(`INSERT OR IGNORE INTO ${name} VALUES (${columns.map(() => '?')})`);
  }

  /**
   * Takes a row if it is sound and fits; one that is there already stays. Columns are taken by position, because their
   * names may be damaged.
   * @returns whether it is one of this table
   */
  take(values: readonly SQLOutputValue[]): boolean {
    const entries = this.#columns.map((column, index) => [column, values[index] ?? null] as const);
    const row = Object.fromEntries(entries);
    if (values.length > entries.length || !this.#isSound(row)) return false;
    try {
      this.#insert.run(...Object.values(row));
      return true;
    } catch (error) {
      if (!isConstraint(error)) throw error;
      return false;
    }
  }
}

function ledgerOf(damaged: DatabaseSync): Ledger | undefined {
  const row = attempt(() => damaged.prepare('SELECT boot, bootId FROM ledger').get());
  const isWhole = Number.isSafeInteger(row?.['boot']) && typeof row?.['bootId'] === 'string';
  return isWhole ? (row as unknown as Ledger) : undefined;
}

function pendingOf(damaged: DatabaseSync, version: number): number | undefined {
  const books = version < LANES_VERSION ? 'ledger' : 'lane';
  const query = `SELECT sum(accepted - delivered - expired - evicted - quarantined) AS pending FROM ${books}`;
  const pending = attempt(() => damaged.prepare(query).get())?.['pending'];
  return Number.isSafeInteger(pending) ? Number(pending) : undefined;
}

function numberPutAside(path: string): number {
  const prefix = `${basename(path)}.corrupt-`;
  const numbers = readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .filter(Number.isSafeInteger);
  return Math.max(0, ...numbers);
}

/** Read only, so that what was put aside stays as it was found. */
function openDamaged(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { readOnly: true });
  if (attempt(() => database.prepare('SELECT 1 FROM sqlite_schema').all()) !== undefined) return database;
  database.close();
  return undefined;
}

/** A range of row numbers that cannot be read is halved until only the unreadable rows are left out. */
function* readableRows(damaged: DatabaseSync, table: string): Generator<SQLOutputValue[]> {
  const query = `SELECT rowid, * FROM ${table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid LIMIT ${READ_ROWS}`;
  const read = attempt(() => damaged.prepare(query));
  read?.setReturnArrays(true);
  const highest = attempt(() => damaged.prepare(`SELECT max(rowid) AS number FROM ${table}`).get());

  const ranges = [{ first: 1, last: Number(highest?.['number'] ?? ROWID_MAX_GUESS) }];
  for (let reads = 0; read !== undefined && reads < READS_MAX; reads++) {
    const range = ranges.pop();
    if (range === undefined) return;
    const { first, last } = range;
    const rows = attempt(() => read.all(first, last) as unknown as SQLOutputValue[][]);
    if (rows === undefined) {
      const middle = Math.floor((first + last) / 2);
      if (first < last) ranges.push({ first: middle + 1, last }, { first, last: middle });
      continue;
    }
    for (const [, ...values] of rows) yield values;
    if (rows.length === READ_ROWS) ranges.push({ first: Number(rows.at(-1)?.[0]) + 1, last });
  }
}

/** Result of what may fail: every failure means the same, such as that a damaged file cannot be read. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
