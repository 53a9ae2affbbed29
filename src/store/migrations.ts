import { DatabaseSync } from 'node:sqlite';
import { FieldnoteError } from '../system/errors.ts';
import { laneOfPayload, renumber } from './renumber.ts';

/**
 * The schema, step by step: entry n leads from version n to n + 1. Entries that were released never change. Columns
 * are named like the fields that they become. `crc` guards the columns before it (see `checksum`), because SQLite
 * itself does not notice a flipped bit inside a value.
 */
export const MIGRATIONS: readonly Migration[] = [
  `
  CREATE TABLE ledger (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    boot INTEGER NOT NULL,
    bootId TEXT NOT NULL,
    lastSeq INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    expired INTEGER NOT NULL,
    evicted INTEGER NOT NULL,
    quarantined INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    asset TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload TEXT NOT NULL,
    stamp TEXT NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE quarantine (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    asset TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload TEXT NOT NULL,
    stamp TEXT NOT NULL,
    crc INTEGER NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;

  CREATE TABLE incidentState (asset TEXT PRIMARY KEY, state TEXT NOT NULL, crc INTEGER NOT NULL) STRICT;

  CREATE TABLE learning (asset TEXT PRIMARY KEY, channels TEXT NOT NULL, sizeBytes INTEGER NOT NULL) STRICT;
  CREATE TABLE learningChunk (
    id INTEGER PRIMARY KEY,
    asset TEXT NOT NULL,
    data BLOB NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX learningChunkByAsset ON learningChunk (asset);

  CREATE TABLE gap (
    id INTEGER PRIMARY KEY,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    count INTEGER,
    fromSeq INTEGER,
    toSeq INTEGER,
    at TEXT CHECK (json_valid(at))
  ) STRICT;

  CREATE TABLE syncPoint (
    boot INTEGER PRIMARY KEY,
    monoMs REAL NOT NULL,
    wallMs REAL NOT NULL,
    errorMs REAL NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE unwritten (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    payload TEXT NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE lane (
    rank INTEGER PRIMARY KEY,
    lastSeq INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    expired INTEGER NOT NULL DEFAULT 0,
    evicted INTEGER NOT NULL DEFAULT 0,
    quarantined INTEGER NOT NULL DEFAULT 0,
    sizeBytes INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  INSERT INTO lane (rank) VALUES (0), (1), (2), (3), (4);

  CREATE TABLE putAside (
    number INTEGER PRIMARY KEY,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    asset TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload TEXT NOT NULL,
    stamp TEXT NOT NULL,
    crc INTEGER NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;
  INSERT INTO putAside SELECT NULL, (SELECT epoch FROM ledger), * FROM quarantine;
  DROP TABLE quarantine;
  ALTER TABLE putAside RENAME TO quarantine;

  ALTER TABLE gap ADD COLUMN lane TEXT;
  ALTER TABLE gap ADD COLUMN epoch TEXT;
  UPDATE gap SET epoch = (SELECT epoch FROM ledger);

  ALTER TABLE ledger DROP COLUMN lastSeq;
  ALTER TABLE ledger DROP COLUMN accepted;
  ALTER TABLE ledger DROP COLUMN delivered;
  ALTER TABLE ledger DROP COLUMN expired;
  ALTER TABLE ledger DROP COLUMN evicted;
  ALTER TABLE ledger DROP COLUMN quarantined;
  ALTER TABLE ledger ADD COLUMN home TEXT NOT NULL DEFAULT '';
  UPDATE ledger SET epoch = lower(hex(randomblob(8)));
  `,
  // The numbers began anew, so the epoch did.
  (database) => renumber(database, ({ payload }) => laneOfPayload(payload)),
  `
  CREATE TABLE history (
    place INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    payload TEXT NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE historySize (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    rowCount INTEGER NOT NULL,
    sizeBytes INTEGER NOT NULL
  ) STRICT;
  INSERT INTO historySize VALUES (1, 0, 0);
  CREATE TRIGGER historyGrows AFTER INSERT ON history BEGIN
    UPDATE historySize SET rowCount = rowCount + 1, sizeBytes = sizeBytes + octet_length(new.payload);
  END;
  CREATE TRIGGER historyShrinks AFTER DELETE ON history BEGIN
    UPDATE historySize SET rowCount = rowCount - 1, sizeBytes = sizeBytes - octet_length(old.payload);
  END;

  CREATE TABLE watched (
    id INTEGER PRIMARY KEY,
    asset TEXT NOT NULL,
    begin TEXT NOT NULL,
    "end" TEXT NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE moment (name TEXT PRIMARY KEY, stamp TEXT NOT NULL, crc INTEGER NOT NULL) STRICT;
  `,
  // An index and a size that is always known cost a page each with every report, and an unpacked one costs another.
  `
  CREATE TABLE told (
    place INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    payload ANY NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  INSERT INTO told SELECT * FROM history;
  DROP TABLE history;
  DROP TABLE historySize;
  ALTER TABLE told RENAME TO history;
  `,
  // Satellites tell the time too.
  "ALTER TABLE syncPoint ADD COLUMN clock TEXT NOT NULL DEFAULT 'synced'",
];

/** The first version with lanes. */
export const LANES_VERSION = 4;

/** SQL, or what SQL cannot do. */
type Migration = string | ((database: DatabaseSync) => void);

/** Brings the schema up to date, inside the caller's transaction. */
export function migrate(database: DatabaseSync, migrations: readonly Migration[] = MIGRATIONS): void {
  for (const step of migrations.slice(versionOf(database)))
    if (typeof step === 'string') database.exec(step);
    else step(database);

  database.exec(`PRAGMA user_version = ${migrations.length}`);
}

/**
 * Checks that the file has a schema that this program knows, to the letter: SQLite does not notice a flipped bit in
 * the name of a column.
 * @throws FieldnoteError STORE_NEWER when a newer Fieldnote wrote it, STORE_CORRUPT when nobody did
 */
export function assertSchema(database: DatabaseSync, path: string): void {
  const version = versionOf(database);
  if (version > MIGRATIONS.length) {
    const message =
      `${path} has schema ${version}, this program knows up to ${MIGRATIONS.length}: ` +
      'run the newer Fieldnote again, or give this one its own dataDir';
    throw new FieldnoteError('STORE_NEWER', message, { path, version });
  }
  using pattern = new DatabaseSync(':memory:');
  migrate(pattern, MIGRATIONS.slice(0, version));
  if (definitionsOf(database) === definitionsOf(pattern)) return;
  throw new FieldnoteError('STORE_CORRUPT', `${path} does not have the tables of Fieldnote`, {
    path,
    version,
  });
}

/**
 * The same, and that nothing has to be brought up to date first.
 * @throws FieldnoteError STORE_OLDER besides
 */
export function assertCurrentSchema(database: DatabaseSync, path: string): void {
  assertSchema(database, path);
  const version = versionOf(database);
  if (version === MIGRATIONS.length) return;
  const message = `${path} has schema ${version} of an older Fieldnote: start the daemon once, it brings it up to date`;
  throw new FieldnoteError('STORE_OLDER', message, { path, version });
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}

function definitionsOf(database: DatabaseSync): string {
  return JSON.stringify(database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all());
}
