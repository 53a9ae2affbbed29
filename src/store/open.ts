import { closeSync, existsSync, openSync, readSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolderDurably, syncFolderNow } from '../system/durable-file.ts';
import { FieldnoteError } from '../system/errors.ts';
import { begin, create, createEmpty } from './begin.ts';
import { type Database, inTransaction, PAGE_BYTES } from './database.ts';
import { Disk } from './disk.ts';
import { isDamage, isDamageAtOpening, isFull, storeError } from './failure.ts';
import { areBooksRight } from './ledger.ts';
import { isLogDamaged } from './log-file.ts';
import { assertSchema, LANES_VERSION } from './migrations.ts';
import { finishPutAside, markDone, newestPutAside, putAside, readLog } from './recovery.ts';
import { Sql } from './sql.ts';

export interface Settings {
  readonly dataDir: string;
  readonly sizeMaxMiB: number;
  /** Content of /proc/sys/kernel/random/boot_id: a different one counts a new boot. */
  readonly bootId: string;
  /** Tells this device from others (`deviceIdOf`); without it a copied or restored store is not noticed. */
  readonly deviceId?: string | undefined;
}

/** Earlier ones can lose committed data (https://www.sqlite.org/wal.html#walresetbug). */
const SQLITE_VERSION_MIN = '3.51.3';

/** A question is answered in less. */
const READER_TIMEOUT_MS = 5000;

/**
 * Opens or creates the database, checks it, and counts the boot.
 * @param newEpoch identity for the file if it has to be created or is a copy: 64 random bits in hex
 * @throws FieldnoteError STORE_LOCKED, STORE_NEWER, STORE_FULL or STORE_UNWRITABLE
 */
export function openDatabase(settings: Settings, newEpoch: string): Database {
  const { dataDir } = settings;
  try {
    assertVersion(process.versions['sqlite']);
    makeFolderDurably(dataDir);
    const sizeBytesMax = settings.sizeMaxMiB * 1024 * 1024;
    const disk = new Disk({ folder: dataDir, sizeBytesMax });
    try {
      return open(settings, newEpoch, disk);
    } catch (error) {
      if (!isFull(error) || !disk.giveUpBallast()) throw error;
      return open(settings, newEpoch, disk);
    }
  } catch (error) {
    throw storeError(error, dataDir);
  }
}

function open(settings: Settings, newEpoch: string, disk: Disk): Database {
  const { dataDir, sizeMaxMiB } = settings;
  using opened = new DisposableStack();
  opened.use(takeLock(join(dataDir, 'fieldnote.lock')));
  const path = join(dataDir, 'fieldnote.db');
  const { connection, notice } = connectOrPutAside({ path, sizeMaxMiB, newEpoch, disk });
  opened.use(connection);
  const limits = limitSize(connection, sizeMaxMiB);
  const sql = new Sql(connection);
  const begun = inTransaction(connection, () => begin(sql, { ...settings, path, newEpoch }));
  markDone(path);
  const owned = opened.move();
  return { sql, disk, ...begun, notice: notice ?? begun.notice, ...limits, close: () => owned.dispose() };
}

function assertVersion(version: string | undefined): void {
  if ((version ?? '').localeCompare(SQLITE_VERSION_MIN, 'en', { numeric: true }) >= 0) return;
  const message = `SQLite ${version} can lose committed data: run Fieldnote on a Node with SQLite ${SQLITE_VERSION_MIN}`;
  throw new FieldnoteError('STORE_UNWRITABLE', message, { version });
}

/** Held until the process ends, also while a damaged database is being exchanged. Nothing is ever written to it. */
function takeLock(path: string): DatabaseSync {
  const lock = new DatabaseSync(path);
  const take = () => lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  try {
    try {
      take();
    } catch (error) {
      if (!isDamage(error)) throw error;
      truncateSync(path);
      take();
    }
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Of the database, which perhaps has to be created. */
interface Creation {
  readonly path: string;
  readonly sizeMaxMiB: number;
  readonly newEpoch: string;
  readonly disk: Disk;
}

interface Connected {
  readonly connection: DatabaseSync;
  readonly notice: string | undefined;
}

function connectOrPutAside(place: Creation): Connected {
  const { path } = place;
  finishPutAside(path);
  try {
    return createAndConnect(place);
  } catch (error) {
    if (!isDamageAtOpening(error)) throw error;
    putAside(path);
    return createAndConnect(place);
  }
}

function createAndConnect(place: Creation): Connected {
  const notice = existsSync(place.path) ? undefined : createFile(place);
  return { connection: connect(place.path), notice };
}

/**
 * A new file gets its name when it is complete, with all that could be saved of a damaged one: when the power goes before
 * that, nothing is there, and the next start does it again. Without room for that it begins empty, and a gap says so.
 */
function createFile(place: Creation): string | undefined {
  const { path, newEpoch, disk } = place;
  try {
    return draftAndName(place, (sql) => create(sql, path, newEpoch));
  } catch (error) {
    if (!isFull(error) || newestPutAside(path) === undefined) throw error;
    if (disk.giveUpBallast()) return createFile(place);
    return draftAndName(place, (sql) => createEmpty(sql, path, newEpoch));
  }
}

function draftAndName({ path, sizeMaxMiB }: Creation, fill: (sql: Sql) => string | undefined) {
  const draft = `${path}.new`;
  const remove = () => {
    for (const suffix of ['', '-wal', '-journal']) rmSync(draft + suffix, { force: true });
  };
  remove();
  try {
    const notice = writeDraft(draft, sizeMaxMiB, fill);
    renameSync(draft, path);
    syncFolderNow(dirname(path));
    return notice;
  } catch (error) {
    remove();
    throw error;
  }
}

/** A log would take as much room again; what is cut off here has no name yet, so that nobody needs one. */
function writeDraft(draft: string, sizeMaxMiB: number, fill: (sql: Sql) => string | undefined) {
  using connection = new DatabaseSync(draft);
  connection.exec(
    `PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = FULL`,
  );
  limitSize(connection, sizeMaxMiB);
  return inTransaction(connection, () => fill(new Sql(connection)));
}

function connect(path: string): DatabaseSync {
  assertHeader(path);
  const log = readLog(path);
  if (isLogDamaged(log, PAGE_BYTES))
    throw new FieldnoteError('STORE_CORRUPT', `the log of ${path} is damaged`, { path });
  // Somebody may be reading it for a question.
  const connection = new DatabaseSync(path, { timeout: READER_TIMEOUT_MS });
  try {
    // Exclusive: no shared-memory file, and no sqlite3 shell with an older SQLite can write beside us.
    connection.exec(
      `PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = ${PAGE_BYTES}; PRAGMA cell_size_check = ON`,
    );
    assertSchema(connection, path);
    assertSound(connection, path);
    connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    assertDurable(connection, path);
    if (log.length > 0) emptyLog(connection);
    connection.exec(
      'PRAGMA wal_autocheckpoint = 1024; PRAGMA journal_size_limit = 4194304; PRAGMA trusted_schema = OFF',
    );
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * What a power cut left behind the last commit must not be taken for damage after the next one. On a full disk it stays.
 * SQLite refuses until something was read.
 */
function emptyLog(connection: DatabaseSync): void {
  try {
    connection.exec('SELECT 1 FROM sqlite_schema; PRAGMA wal_checkpoint = TRUNCATE');
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

/**
 * SQLite takes a file shorter than a page for a new one and would throw away its log, and it takes unknown format
 * versions, bytes 18 and 19, for a read-only file (https://www.sqlite.org/fileformat.html#the_database_header).
 */
function assertHeader(path: string): void {
  if (!existsSync(path)) return;
  const header = Buffer.alloc(PAGE_BYTES);
  const file = openSync(path, 'r');
  const sizeBytes = readSync(file, header);
  closeSync(file);
  const isKnown = [1, 2].includes(header.readUInt8(18)) && [1, 2].includes(header.readUInt8(19));
  if (sizeBytes === PAGE_BYTES && isKnown) return;
  throw new FieldnoteError('STORE_CORRUPT', `${path} does not begin like a database`, { path, sizeBytes });
}

/**
 * The full check costs about the same as the quick one, because the large tables have no index. It does not see a
 * flipped bit in a number; where that would stop the store, in its books, they are compared with what is there.
 */
function assertSound(connection: DatabaseSync, path: string): void {
  const verdict = pragma(connection, 'integrity_check', '(1)');
  if (verdict !== 'ok') throw new FieldnoteError('STORE_CORRUPT', `${path} is damaged: ${verdict}`, { path });
  // Older schemas get new books when they are brought up to date.
  if (Number(pragma(connection, 'user_version')) < LANES_VERSION) return;
  if (!areBooksRight(connection))
    throw new FieldnoteError('STORE_CORRUPT', `${path} is damaged: its books are wrong`, { path });
}

function assertDurable(connection: DatabaseSync, path: string): void {
  const mode = pragma(connection, 'journal_mode');
  const synchronous = pragma(connection, 'synchronous');
  if (mode === 'wal' && synchronous === 2) return;
  const message = `${path}: SQLite refuses to write durably (journal ${mode}, synchronous ${synchronous})`;
  throw new FieldnoteError('STORE_UNWRITABLE', message, { path, mode, synchronous });
}

function limitSize(
  connection: DatabaseSync,
  sizeMaxMiB: number,
): Pick<Database, 'sizeBytesMax' | 'pagesMax'> {
  const sizeBytesMax = sizeMaxMiB * 1024 * 1024;
  const pagesMax = Math.floor(sizeBytesMax / Number(pragma(connection, 'page_size')));
  connection.exec(`PRAGMA max_page_count = ${pagesMax}`);
  return { sizeBytesMax, pagesMax };
}

function pragma(connection: DatabaseSync, name: string, argument = ''): unknown {
  return Object.values(connection.prepare(`PRAGMA ${name}${argument}`).get() ?? {})[0];
}
