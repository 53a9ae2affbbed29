import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { Coverage } from './completeness.ts';
import { coverageOf } from './coverage.ts';
import { type Batch, inOrder, PUT_ASIDE_ROWS_MAX, type Sink } from './sink.ts';

/** "FnCo": tells the file of a collector from every other database. */
const APPLICATION_ID = 0x466e436f;
const SCHEMA_VERSION = 1;
/** How long a writer waits for another collector on the same file. */
const BUSY_TIMEOUT_MS = 10_000;

const SCHEMA = `
  CREATE TABLE fieldnote_report (
    site TEXT NOT NULL, node TEXT NOT NULL, epoch TEXT NOT NULL, lane TEXT NOT NULL, sequence INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL, subject TEXT NOT NULL, time TEXT NOT NULL, received_at TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (site, node, epoch, lane, sequence, id)
  ) STRICT;
  CREATE TABLE fieldnote_gap (
    site TEXT NOT NULL, node TEXT NOT NULL, epoch TEXT NOT NULL, id INTEGER NOT NULL,
    lane TEXT, reason TEXT NOT NULL, detail TEXT NOT NULL,
    count INTEGER, from_sequence INTEGER, to_sequence INTEGER,
    PRIMARY KEY (site, node, epoch, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE fieldnote_put_aside (
    id INTEGER PRIMARY KEY, received_at TEXT NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL, payload TEXT NOT NULL
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

const INSERT_REPORTS = `
  INSERT INTO fieldnote_report (site, node, epoch, lane, sequence, id, type, subject, time, received_at, document)
  SELECT value ->> 'site', value ->> 'node', value ->> 'epoch', value ->> 'lane', value ->> 'sequence', value ->> 'id',
         value ->> 'type', value ->> 'subject', value ->> 'time', ?, value ->> 'document'
  FROM json_each(?) WHERE true
  ON CONFLICT DO NOTHING`;

/** A record of a gap grows while the same thing goes on being lost. */
const INSERT_GAPS = `
  INSERT INTO fieldnote_gap (site, node, epoch, id, lane, reason, detail, count, from_sequence, to_sequence)
  SELECT value ->> 'site', value ->> 'node', value ->> 'epoch', value ->> 'id', value ->> 'lane', value ->> 'reason',
         value ->> 'detail', value ->> 'count', value ->> 'fromSequence', value ->> 'toSequence'
  FROM json_each(?) WHERE true
  ON CONFLICT (site, node, epoch, id) DO UPDATE SET count = excluded.count, to_sequence = excluded.to_sequence
  WHERE excluded.to_sequence > to_sequence`;

const INSERT_PUT_ASIDE = `
  INSERT INTO fieldnote_put_aside (received_at, topic, reason, payload)
  SELECT ?, value ->> 'topic', value ->> 'reason', value ->> 'payload' FROM json_each(?)`;

const TRIM_PUT_ASIDE = `
  DELETE FROM fieldnote_put_aside WHERE id <= (SELECT max(id) FROM fieldnote_put_aside) - ${PUT_ASIDE_ROWS_MAX}`;

/** Result codes of SQLite for content that does not fit (https://www.sqlite.org/rescode.html). */
const CONTENT_AT_FAULT: readonly number[] = [18, 19, 20];

/**
 * Collects into an SQLite file, which is created when it is not there. Each batch is one transaction with one fsync.
 */
export class SqliteSink implements Sink {
  readonly name: string;
  readonly #database: DatabaseSync;
  readonly #insertReports: StatementSync;
  readonly #insertGaps: StatementSync;
  readonly #insertPutAside: StatementSync;

  /** @throws FieldnoteError SINK_UNAVAILABLE when the file cannot be used, BAD_ARGUMENT when it is something else */
  constructor(path: string) {
    this.name = path;
    this.#database = open(path);
    this.#insertReports = this.#database.prepare(INSERT_REPORTS);
    this.#insertGaps = this.#database.prepare(INSERT_GAPS);
    this.#insertPutAside = this.#database.prepare(INSERT_PUT_ASIDE);
  }

  async store({ reports, gaps, putAside, receivedMs }: Batch): Promise<number> {
    const receivedAt = new Date(receivedMs).toISOString();
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const { changes } = this.#insertReports.run(receivedAt, JSON.stringify(inOrder(reports)));
      this.#insertGaps.run(JSON.stringify(gaps));
      this.#insertPutAside.run(receivedAt, JSON.stringify(putAside));
      this.#database.exec(TRIM_PUT_ASIDE);
      this.#database.exec('COMMIT');
      return Number(changes);
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw failure(this.name, error);
    }
  }

  async coverage(): Promise<Coverage> {
    const rowsOf = async (query: string): Promise<Record<string, SQLOutputValue>[]> =>
      this.#database.prepare(query).all();
    return coverageOf(rowsOf);
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}

function open(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    assertOurs(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw failure(path, error);
  }
}

function assertOurs(database: DatabaseSync, path: string): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const isEmpty = database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
    if (isEmpty) database.exec(SCHEMA);
    const id = database.prepare('PRAGMA application_id').get()?.['application_id'];
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (id !== APPLICATION_ID) throw notOurs(path, 'is a database of something else');
    if (version > SCHEMA_VERSION) throw notOurs(path, `was written by a newer Fieldnote (schema ${version})`);
  } finally {
    database.exec('COMMIT');
  }
}

function notOurs(path: string, why: string): FieldnoteError {
  return new FieldnoteError('BAD_ARGUMENT', `${path} ${why}: give the collector a file of its own`, { path });
}

function failure(path: string, error: unknown): FieldnoteError {
  if (error instanceof FieldnoteError) return error;
  const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
  const kind = CONTENT_AT_FAULT.includes(code) ? 'SINK_REFUSED' : 'SINK_UNAVAILABLE';
  return new FieldnoteError(kind, `${path}: ${messageOf(error)}`, { path }, error);
}
