import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { completenessOf } from '../../src/collect/completeness.ts';
import { PIECES_MAX } from '../../src/collect/coverage.ts';
import type { Batch } from '../../src/collect/sink.ts';
import { SqliteSink } from '../../src/collect/sqlite-sink.ts';
import { collectedReport, collectedGap as gap } from '../support/collected-reports.ts';

function filePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fieldnote-collect-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'collected.db');
}

const batch = (parts: Partial<Batch>): Batch => ({
  reports: [],
  gaps: [],
  putAside: [],
  receivedMs: 0,
  ...parts,
});
const reports = (...sequences: number[]) => batch({ reports: sequences.map((n) => collectedReport(n)) });

describe('an SQLite file', () => {
  test('takes each report once, whoever brings it again', async () => {
    const path = filePath();
    const [one, other] = [new SqliteSink(path), new SqliteSink(path)];
    expect(await one.store(reports(1, 2))).toBe(2);
    expect(await other.store(reports(2, 3, 3))).toBe(1);
    expect(completenessOf(await one.coverage())).toMatchObject([{ received: 3, missing: [] }]);
    await Promise.all([one.close(), other.close()]);
  });

  test('keeps what it has, and the document as it came', async () => {
    const path = filePath();
    const sink = new SqliteSink(path);
    await sink.store(batch({ reports: [collectedReport(1, { document: '{"a": "\\u0000 \\ud800"}' })] }));
    await sink.close();
    using database = new DatabaseSync(path);
    expect(database.prepare('SELECT document, received_at FROM fieldnote_report').all()).toEqual([
      { document: '{"a": "\\u0000 \\ud800"}', received_at: '1970-01-01T00:00:00.000Z' },
    ]);
  });

  test('reads of a node with scattered numbers the beginning, says so, and of the others everything', async () => {
    const sink = new SqliteSink(filePath());
    const hostile = Array.from({ length: PIECES_MAX + 10 }, (_, at) =>
      collectedReport(2 * at + 1, { node: 'hostile' }),
    );
    await sink.store(batch({ reports: [...hostile, collectedReport(1), collectedReport(2)] }));
    expect(completenessOf(await sink.coverage())).toMatchObject([
      { node: 'hostile', received: PIECES_MAX, isScattered: true },
      { node: 'pump7', received: 2, missing: [], isScattered: false },
    ]);
    await sink.close();
  });

  test('shows two reports in one place: a copied store', async () => {
    const sink = new SqliteSink(filePath());
    await sink.store(batch({ reports: [collectedReport(1), collectedReport(1, { id: 'another/1' })] }));
    expect(completenessOf(await sink.coverage())).toMatchObject([{ received: 1, claimedTwice: [1] }]);
    await sink.close();
  });

  test('lets a gap grow and never shrink', async () => {
    const sink = new SqliteSink(filePath());
    await sink.store(batch({ ...reports(1, 9), gaps: [gap({ toSequence: 5, count: 4 })] }));
    await sink.store(batch({ gaps: [gap({ toSequence: 8, count: 7 })] }));
    await sink.store(batch({ gaps: [gap()] }));
    expect(completenessOf(await sink.coverage())).toMatchObject([{ missing: [], explained: { evicted: 7 } }]);
    await sink.close();
  });

  test('keeps the newest thousand of what could not be read', async () => {
    const path = filePath();
    const sink = new SqliteSink(path);
    const aside = (n: number) => ({ topic: 't', reason: `r${n}`, payload: '{' });
    await sink.store(batch({ putAside: Array.from({ length: 1500 }, (_, n) => aside(n)) }));
    await sink.close();
    using database = new DatabaseSync(path);
    const query = 'SELECT count(*) AS count, min(reason) AS first FROM fieldnote_put_aside';
    expect(database.prepare(query).get()).toEqual({ count: 1000, first: 'r1000' });
  });

  test.each([
    ['of something else', (database: DatabaseSync) => database.exec('CREATE TABLE other (a)')],
    [
      'of a newer version',
      (database: DatabaseSync) =>
        database.exec('PRAGMA application_id = 1181631343; PRAGMA user_version = 2; CREATE TABLE a (b)'),
    ],
  ])('%s is left alone', (_name, make) => {
    const path = filePath();
    const database = new DatabaseSync(path);
    make(database);
    database.close();
    expect(() => new SqliteSink(path)).toThrow(/give the collector a file of its own/);
  });

  test('that is no database, or nowhere, is named', () => {
    const path = filePath();
    writeFileSync(path, 'x'.repeat(5000));
    expect(() => new SqliteSink(path)).toThrow(path);
    expect(() => new SqliteSink('/nowhere/collected.db')).toThrow('/nowhere/collected.db');
  });
});
