import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptance, stamp } from '../support/store-reports.ts';
import { call, openIn, temporaryFolder, waitingSeqs } from '../support/store-samples.ts';

const PAGE_BYTES = 1024;
const REPORTS = 200;

/** A folder with a cleanly closed database: 200 reports waiting, one incident state, learning rows, a sync point. */
function filledFolder(): string {
  const folder = temporaryFolder();
  const database = openIn(folder, { newEpoch: 'epoch-old', bootId: 'boot-a' });
  for (let revision = 1; revision <= REPORTS + 1; revision++) {
    const accepted = acceptance(revision);
    call(database, 'accept', { ...accepted, wording: { ...accepted.wording, isAwaited: true } });
  }
  call(database, 'markDelivered', [1]);
  call(database, 'appendLearning', { asset: 'pump', channels: ['a', 'b'], rows: [Float32Array.of(1, 2)] });
  call(database, 'recordSyncPoint', { boot: 1, monoMs: 1, wallMs: 2, errorMs: 3, clock: 'synced' });
  database.close();
  return folder;
}

/** Root and leaf pages of a table in a closed database. */
function pagesOf(folder: string, table: string): { root: number; leaves: number[] } {
  const database = new DatabaseSync(join(folder, 'fieldnote.db'), { readOnly: true });
  const pages = database
    .prepare('SELECT pageno, pagetype, path FROM dbstat WHERE name = ? ORDER BY path')
    .all(table);
  database.close();
  return {
    root: Number(pages.find(({ path }) => path === '/')?.['pageno']),
    leaves: pages.filter(({ pagetype }) => pagetype === 'leaf').map(({ pageno }) => Number(pageno)),
  };
}

function overwritePage(folder: string, page: number): void {
  const path = join(folder, 'fieldnote.db');
  const bytes = readFileSync(path);
  bytes.fill(0xa5, (page - 1) * PAGE_BYTES, page * PAGE_BYTES);
  writeFileSync(path, bytes);
}

const gapsOf = (database: ReturnType<typeof openIn>) => call(database, 'gaps', undefined);

describe('a damaged database', () => {
  test('that is no database at all is put aside as it was, and the store starts empty with a gap', () => {
    const folder = temporaryFolder();
    const garbage = 'this is not a database '.repeat(300);
    writeFileSync(join(folder, 'fieldnote.db'), garbage);
    const database = openIn(folder, { newEpoch: 'epoch-new' });
    expect(database.epoch).toBe('epoch-new');
    expect(readFileSync(join(folder, 'fieldnote.db.corrupt-1'), 'utf8')).toBe(garbage);
    expect(gapsOf(database)).toMatchObject([{ reason: 'store-recovered', count: null }]);
    expect(call(database, 'accept', acceptance(1))).toBe(1);
  });

  test('with one unreadable page keeps all other reports, counts the missing ones, and keeps everything else', () => {
    const folder = filledFolder();
    const { leaves } = pagesOf(folder, 'outbox');
    overwritePage(folder, leaves[Math.floor(leaves.length / 2)] ?? 0);
    const database = openIn(folder, { newEpoch: 'epoch-new', bootId: 'boot-b' });

    const saved = waitingSeqs(database);
    expect(saved.length).toBeGreaterThan(REPORTS - 10);
    expect(saved.length).toBeLessThan(REPORTS);
    expect(gapsOf(database)).toMatchObject([{ reason: 'store-recovered', count: REPORTS - saved.length }]);
    expect(call(database, 'totals', undefined)).toMatchObject({
      accepted: saved.length,
      pending: saved.length,
    });
    expect(call(database, 'incidentStates', undefined)).toEqual(new Map([['pump', { open: REPORTS + 1 }]]));
    expect(call(database, 'learningRows', { asset: 'pump', channels: ['a', 'b'] })).toEqual([
      Float32Array.of(1, 2),
    ]);
    expect(call(database, 'syncPoint', 1)).toMatchObject({ wallMs: 2 });
    expect(call(database, 'unwritten', undefined)).toEqual([acceptance(REPORTS + 1).entry.payload]);
    expect([database.epoch, database.boot]).toEqual(['epoch-new', 2]);
    expect(call(database, 'accept', acceptance(1))).toBe(saved.length + 1);
  });

  test.each([
    ['outbox', 1],
    ['sqlite_schema', 0],
  ])(
    'whose table %s is unreadable from its root keeps all reports: each vouches for itself',
    (table, gap) => {
      const folder = filledFolder();
      overwritePage(folder, table === 'outbox' ? pagesOf(folder, 'outbox').root : 1);
      const database = openIn(folder, { newEpoch: 'epoch-new' });
      expect(waitingSeqs(database).length).toBe(REPORTS);
      expect(gapsOf(database)).toMatchObject([{ reason: 'store-recovered', count: gap === 1 ? 0 : null }]);
      expect(call(database, 'incidentStates', undefined)).toEqual(new Map([['pump', { open: REPORTS + 1 }]]));
      expect(call(database, 'pendingAfter', { lane: 'critical', seq: 0, limit: 1 })).toMatchObject([
        acceptance(2).entry,
      ]);
    },
  );

  test('without readable books goes on counting boots from the newest report', () => {
    const folder = filledFolder();
    for (const table of ['ledger', 'lane']) overwritePage(folder, pagesOf(folder, table).root);
    const database = openIn(folder, { newEpoch: 'epoch-new' });
    expect(waitingSeqs(database).length).toBe(REPORTS);
    expect(database.boot).toBe(stamp.boot + 1);
    expect(gapsOf(database)).toMatchObject([{ reason: 'store-recovered', count: null }]);
  });

  test('is not salvaged a second time by a later start', () => {
    const folder = filledFolder();
    overwritePage(folder, pagesOf(folder, 'outbox').leaves[3] ?? 0);
    openIn(folder).close();
    const database = openIn(folder);
    expect(gapsOf(database).length).toBe(1);
    expect(readdirSync(folder).filter((name) => name.includes('corrupt'))).toContain(
      'fieldnote.db.corrupt-1',
    );
  });

  test.each([0, 1, 1023])('that was cut to %i bytes is not taken for a new one', (sizeBytes) => {
    const folder = filledFolder();
    truncateSync(join(folder, 'fieldnote.db'), sizeBytes);
    const database = openIn(folder, { newEpoch: 'epoch-new' });
    expect(gapsOf(database)).toMatchObject([{ reason: 'store-recovered', count: null }]);
    expect(readFileSync(join(folder, 'fieldnote.db.corrupt-1')).length).toBe(sizeBytes);
  });

  test('with a flipped bit in the name of a column keeps all reports', () => {
    const folder = filledFolder();
    const path = join(folder, 'fieldnote.db');
    writeFileSync(path, readFileSync(path, 'latin1').replaceAll('payload TEXT', 'peyload TEXT'), 'latin1');
    const database = openIn(folder, { newEpoch: 'epoch-new' });
    expect([database.epoch, waitingSeqs(database).length]).toEqual(['epoch-new', REPORTS]);
  });

  test.each(['lastSeq', 'delivered', 'sizeBytes'])(
    'with a wrong %s in its books is replaced before it does harm',
    (column) => {
      const folder = filledFolder();
      const file = new DatabaseSync(join(folder, 'fieldnote.db'));
      file.exec(`UPDATE lane SET ${column} = 0`);
      file.close();
      const database = openIn(folder, { newEpoch: 'epoch-new' });
      expect([database.epoch, waitingSeqs(database).length]).toEqual(['epoch-new', REPORTS]);
      expect(call(database, 'accept', acceptance(1))).toBe(REPORTS + 1);
    },
  );

  test('is put aside under the next free number', () => {
    const folder = temporaryFolder();
    for (const number of [1, 2]) {
      writeFileSync(join(folder, 'fieldnote.db'), `garbage ${number} `.repeat(300));
      openIn(folder).close();
    }
    expect(readFileSync(join(folder, 'fieldnote.db.corrupt-2'), 'utf8')).toContain('garbage 2');
  });

  test('that was not written by Fieldnote is put aside and its tables are left alone', () => {
    const folder = temporaryFolder();
    const foreign = new DatabaseSync(join(folder, 'fieldnote.db'));
    foreign.exec(
      'CREATE TABLE outbox (seq INTEGER PRIMARY KEY, recipe TEXT); INSERT INTO outbox VALUES (1, 1)',
    );
    foreign.close();
    const database = openIn(folder);
    expect(waitingSeqs(database)).toEqual([]);
    expect(existsSync(join(folder, 'fieldnote.db.corrupt-1'))).toBe(true);
  });
});

test('a damaged store that does not fit into its limit is kept, and an empty one begins with a gap', () => {
  const folder = filledFolder();
  overwritePage(folder, pagesOf(folder, 'outbox').root);
  const database = openIn(folder, { sizeMaxMiB: 0.06, newEpoch: 'epoch-new', bootId: 'boot-b' });
  expect([waitingSeqs(database), database.epoch, database.boot]).toEqual([[], 'epoch-new', 2]);
  expect(gapsOf(database)).toMatchObject([
    {
      reason: 'store-recovered',
      count: REPORTS,
      detail: expect.stringContaining('run fieldnote store salvage'),
    },
  ]);
  expect(database.notice).toContain(join(folder, 'fieldnote.db.corrupt-1'));
  expect(readdirSync(folder).filter((name) => name.includes('.new'))).toEqual([]);
});

test('who deletes the database later, to start afresh, gets nothing of the damaged one again', () => {
  const folder = filledFolder();
  renameSync(join(folder, 'fieldnote.db'), join(folder, 'fieldnote.db.corrupt-1'));
  openIn(folder).close();
  rmSync(join(folder, 'fieldnote.db'));
  const database = openIn(folder);
  expect([waitingSeqs(database), gapsOf(database)]).toEqual([[], []]);
});

describe('power that goes in the middle of a recovery', () => {
  test('after the file was put aside: the next start salvages it', () => {
    const folder = filledFolder();
    renameSync(join(folder, 'fieldnote.db'), join(folder, 'fieldnote.db.corrupt-1'));
    const database = openIn(folder, { newEpoch: 'epoch-new' });
    expect(waitingSeqs(database).length).toBe(REPORTS);
  });

  test('between the renames of the file and of its log: the next start brings them together again', () => {
    const folder = temporaryFolder();
    const database = openIn(folder);
    call(database, 'accept', acceptance(1));
    const copy = temporaryFolder();
    copyFileSync(join(folder, 'fieldnote.db'), join(copy, 'fieldnote.db.corrupt-1'));
    copyFileSync(join(folder, 'fieldnote.db-wal'), join(copy, 'fieldnote.db-wal'));
    expect(waitingSeqs(openIn(copy))).toEqual([1]);
  });
});

test('a log whose database was deleted is kept, and never taken for that of the new one', () => {
  const folder = temporaryFolder();
  const database = openIn(folder);
  call(database, 'accept', acceptance(1));
  const copy = temporaryFolder();
  copyFileSync(join(folder, 'fieldnote.db-wal'), join(copy, 'fieldnote.db-wal'));
  expect(waitingSeqs(openIn(copy))).toEqual([]);
  expect(existsSync(join(copy, 'fieldnote.db.orphan-wal'))).toBe(true);
});

test('a log that a crash has left behind is read, and its reports are there', () => {
  const folder = temporaryFolder();
  const database = openIn(folder);
  call(database, 'accept', acceptance(1));
  const copy = temporaryFolder();
  for (const name of ['fieldnote.db', 'fieldnote.db-wal']) copyFileSync(join(folder, name), join(copy, name));
  const copied = openIn(copy, { newEpoch: 'epoch-new' });
  expect([waitingSeqs(copied), copied.epoch]).toEqual([[1], 'epoch-1']);
});

describe('a log of which a piece is damaged', () => {
  /** A copy of a store as a kill leaves it: 20 commits in the log. */
  function killedFolder(): string {
    const folder = temporaryFolder();
    const database = openIn(folder);
    for (let revision = 1; revision <= 20; revision++) call(database, 'accept', acceptance(revision));
    const copy = temporaryFolder();
    for (const name of ['fieldnote.db', 'fieldnote.db-wal'])
      copyFileSync(join(folder, name), join(copy, name));
    return copy;
  }

  test.each([
    ['header', 3],
    ['first frames', 2000],
  ])('in its %s gives back the promised reports behind it, which SQLite would forget', (_, position) => {
    const folder = killedFolder();
    const path = join(folder, 'fieldnote.db-wal');
    const log = readFileSync(path);
    log[position] = (log[position] ?? 0) ^ 1;
    writeFileSync(path, log);
    const database = openIn(folder, { newEpoch: 'epoch-new' });
    expect(waitingSeqs(database).length).toBeGreaterThanOrEqual(19);
    expect(database.epoch).toBe('epoch-new');
    expect(readFileSync(join(folder, 'fieldnote.db.corrupt-1-wal')).equals(log)).toBe(true);
  });

  test('in its last transaction is what a power cut leaves: the store goes on as the same one', () => {
    const folder = killedFolder();
    const path = join(folder, 'fieldnote.db-wal');
    const log = readFileSync(path);
    log.fill(0x5a, log.length - 3000, log.length - 1000);
    writeFileSync(path, log);
    const database = openIn(folder, { newEpoch: 'epoch-new' });
    expect(database.epoch).toBe('epoch-1');
    expect(waitingSeqs(database).length).toBe(19);
    // Emptied, so that what the next power cut leaves does not add up with it.
    expect(readFileSync(path).length).toBeLessThan(log.length / 4);
  });
});

test('whatever happens to the bytes, it starts, never deletes, and gives back only what was accepted', () => {
  const original = filledFolder();
  const sizeBytes = readFileSync(join(original, 'fieldnote.db')).length;
  const flips = fc.record({
    // Not the schema version in the header: a file with another one may well be a newer Fieldnote's.
    at: fc.array(
      fc.nat(sizeBytes - 1).filter((position) => position < 60 || position > 63),
      { minLength: 1, maxLength: 8 },
    ),
    cutTo: fc.option(fc.nat(sizeBytes), { freq: 4 }),
  });
  fc.assert(
    fc.property(flips, ({ at, cutTo }) => {
      const folder = temporaryFolder();
      const path = join(folder, 'fieldnote.db');
      const bytes = readFileSync(join(original, 'fieldnote.db'));
      for (const position of at) bytes[position] = (bytes[position] ?? 0) ^ (1 << (position % 8));
      writeFileSync(path, bytes);
      if (cutTo !== null) truncateSync(path, cutTo);
      const damaged = readFileSync(path);

      const database = openIn(folder, { newEpoch: 'epoch-new' });
      for (const { seq, laneSeq, ...entry } of call(database, 'pendingAfter', {
        lane: 'critical',
        seq: 0,
        limit: 1024,
      }))
        expect(entry).toEqual(acceptance(entry.revision).entry);
      const { accepted, pending, ...lost } = call(database, 'totals', undefined);
      expect(pending).toBe(waitingSeqs(database).length);
      expect(accepted).toBe(pending + lost.delivered + lost.quarantined);
      if (database.epoch === 'epoch-new')
        expect(readFileSync(`${path}.corrupt-1`).equals(damaged)).toBe(true);
      const seq = call(database, 'accept', acceptance(REPORTS + 9));
      expect(call(database, 'pendingAfter', { lane: 'critical', seq: seq - 1, limit: 1 })[0]?.revision).toBe(
        REPORTS + 9,
      );
      database.close();
    }),
    { numRuns: 60 },
  );
});
