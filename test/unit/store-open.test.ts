import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrations.ts';
import { acceptance } from '../support/store-reports.ts';
import { call, openIn, temporaryFolder } from '../support/store-samples.ts';

const coded = (code: string) => expect.objectContaining({ name: 'FieldnoteError', code });

describe('opening', () => {
  test('creates the folder and a database that writes durably', () => {
    const folder = join(temporaryFolder(), 'new', 'folder');
    const { sql } = openIn(folder);
    expect(sql.get`PRAGMA journal_mode`).toMatchObject({ journal_mode: 'wal' });
    expect(sql.get`PRAGMA synchronous`).toMatchObject({ synchronous: 2 });
    expect(sql.get`PRAGMA max_page_count`).toMatchObject({ max_page_count: 8192 });
    expect(sql.all`SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%STRICT'`).toEqual(
      [],
    );
    expect(readdirSync(folder).sort()).toEqual(['fieldnote.db', 'fieldnote.db-wal', 'fieldnote.lock']);
  });

  test('keeps the epoch and counts a boot only when the boot id is another one', () => {
    const folder = temporaryFolder();
    const openings = ['boot-a', 'boot-a', 'boot-b', 'boot-c'].map((bootId, index) => {
      const database = openIn(folder, { bootId, newEpoch: `epoch-${index}` });
      database.close();
      return [database.boot, database.epoch];
    });
    expect(openings).toEqual([
      [1, 'epoch-0'],
      [1, 'epoch-0'],
      [2, 'epoch-0'],
      [3, 'epoch-0'],
    ]);
  });

  test('refuses a folder that is in use and names it', () => {
    const folder = temporaryFolder();
    openIn(folder);
    expect(() => openIn(folder)).toThrow(coded('STORE_LOCKED'));
    expect(() => openIn(folder)).toThrow(folder);
  });

  test('opens again after the first one has closed', () => {
    const folder = temporaryFolder();
    openIn(folder).close();
    expect(openIn(folder).boot).toBe(1);
  });

  test('takes a lock file that the disk has damaged', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'fieldnote.lock'), 'no database '.repeat(100));
    expect(openIn(folder).boot).toBe(1);
  });

  test('says that a folder cannot be created', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(() => openIn(join(file, 'data'))).toThrow(coded('STORE_UNWRITABLE'));
  });

  test('says that the file cannot be opened, and can be opened once that is mended', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'fieldnote.db'));
    expect(() => openIn(folder)).toThrow(coded('STORE_UNWRITABLE'));
  });

  test('says that there is no room for the schema, and leaves no lock behind', () => {
    const folder = temporaryFolder();
    expect(() => openIn(folder, { sizeMaxMiB: 0.005 })).toThrow(coded('STORE_FULL'));
    expect(readdirSync(folder)).toEqual(['fieldnote.lock']);
    expect(openIn(folder).boot).toBe(1);
  });
});

describe('the schema', () => {
  test('of a newer Fieldnote is refused and the file stays as it is', () => {
    const folder = temporaryFolder();
    openIn(folder).close();
    const path = join(folder, 'fieldnote.db');
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    const before = readFileSync(path);
    expect(() => openIn(folder)).toThrow(coded('STORE_NEWER'));
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['fieldnote.db', 'fieldnote.lock']);
  });

  test('is brought from an older version to the newest, keeping the rows', () => {
    const database = new DatabaseSync(':memory:');
    const steps = ['CREATE TABLE a (x) ', 'ALTER TABLE a ADD COLUMN y DEFAULT 7', 'CREATE TABLE b (z)'];
    migrate(database, steps.slice(0, 1));
    database.exec('INSERT INTO a VALUES (1)');
    migrate(database, steps);
    migrate(database, steps);
    expect({ ...database.prepare('SELECT * FROM a').get() }).toEqual({ x: 1, y: 7 });
    expect(database.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 3 });
  });

  test('stays at the older version when a step fails in the middle', () => {
    const database = new DatabaseSync(':memory:');
    const steps = ['CREATE TABLE a (x)', 'CREATE TABLE b (x); CREATE TABLE a (x)'];
    expect(() => inTransaction(database, () => migrate(database, steps))).toThrow('already exists');
    expect(database.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 0 });
    expect(database.prepare('SELECT name FROM sqlite_schema').all()).toEqual([]);
  });
});

describe('what is kept beside the reports', () => {
  test('gaps: the newest thousand', () => {
    const database = openIn(temporaryFolder());
    const gap = { reason: 'refused', count: null, fromSeq: null, toSeq: null, at: null } as const;
    for (let index = 0; index < 1010; index++)
      call(database, 'recordGap', { ...gap, detail: `gap ${index}` });
    const details = call(database, 'gaps', undefined).map(({ detail }) => detail);
    expect([details.length, details[0], details.at(-1)]).toEqual([1000, 'gap 10', 'gap 1009']);
  });

  test('gaps: those of a bad cable push out none of lost reports', () => {
    const database = openIn(temporaryFolder());
    const gap = { detail: '', count: 1, fromSeq: null, toSeq: null, at: null } as const;
    call(database, 'recordGap', { ...gap, reason: 'evicted' });
    for (let minute = 0; minute < 1010; minute++) call(database, 'recordGap', { ...gap, reason: 'samples' });
    const reasons = call(database, 'gaps', undefined).map(({ reason }) => reason);
    expect([reasons.length, reasons[0]]).toEqual([1001, 'evicted']);
  });

  test('gaps: a detail from outside is cut to its limit', () => {
    const database = openIn(temporaryFolder());
    const gap = { reason: 'refused', count: null, fromSeq: null, toSeq: null, at: null } as const;
    call(database, 'recordGap', { ...gap, detail: 'x'.repeat(10_000) });
    expect(call(database, 'gaps', undefined)[0]?.detail.length).toBe(256);
  });

  test('sync points: the most exact one of each boot, of the newest thousand boots', () => {
    const database = openIn(temporaryFolder());
    const points = ([50, 10, 20] as const).map((errorMs) => {
      const clock = errorMs === 10 ? ('gnss' as const) : ('synced' as const);
      return { boot: 1, monoMs: 1.5, wallMs: 1000 + errorMs, errorMs, clock };
    });
    for (const point of points) call(database, 'recordSyncPoint', point);
    expect(call(database, 'syncPoint', 1)).toEqual(points[1]);
    call(database, 'recordSyncPoint', { boot: 1001, monoMs: 1, wallMs: 1, errorMs: 1, clock: 'synced' });
    expect(call(database, 'syncPoint', 1)).toBeNull();
  });

  test('sync points: one that is no better changes nothing on the disk, for one comes every minute', () => {
    const folder = temporaryFolder();
    const database = openIn(folder);
    call(database, 'recordSyncPoint', { boot: 1, monoMs: 1, wallMs: 1001, errorMs: 10, clock: 'synced' });
    const log = readFileSync(join(folder, 'fieldnote.db-wal'));
    call(database, 'recordSyncPoint', {
      boot: 1,
      monoMs: 60_001,
      wallMs: 61_001,
      errorMs: 10,
      clock: 'synced',
    });
    expect(readFileSync(join(folder, 'fieldnote.db-wal')).equals(log)).toBe(true);
  });

  test('an unknown boot has no sync point', () => {
    expect(call(openIn(temporaryFolder()), 'syncPoint', 7)).toBeNull();
  });
});

describe('a group of requests', () => {
  test('is in the file as a whole after one commit, also for another connection', () => {
    const folder = temporaryFolder();
    const database = openIn(folder);
    call(database, 'accept', acceptance(1));
    database.close();
    const other = new DatabaseSync(join(folder, 'fieldnote.db'), { readOnly: true });
    expect(other.prepare('SELECT count(*) AS count FROM outbox').get()).toMatchObject({ count: 1 });
    other.close();
  });
});
