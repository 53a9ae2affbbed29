import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../demo/noise.ts';
import { checksum } from '../../src/store/checksum.ts';
import type { Database } from '../../src/store/database.ts';
import { recordGap } from '../../src/store/gaps.ts';
import {
  HISTORY_PAYLOAD_BYTES_MAX,
  HISTORY_ROWS_MAX,
  history,
  recordHistory,
  SPARE_ROWS_MAX,
} from '../../src/store/history.ts';
import { MIGRATIONS, migrate } from '../../src/store/migrations.ts';
import type { Acceptance } from '../../src/store/outbox.ts';
import { WATCHED_ROWS_MAX, watchedMs } from '../../src/store/watched.ts';
import type { Period } from '../../src/values/period.ts';
import type { Stamp } from '../../src/values/stamp.ts';
import { acceptance } from '../support/store-reports.ts';
import { call, openIn, temporaryFolder } from '../support/store-samples.ts';

const NOON_MS = Date.UTC(2026, 10, 23, 12);

/** So many minutes after boot, which was at noon. */
function at(minutes: number, changes: Partial<Stamp> = {}): Stamp {
  const ms = minutes * 60_000;
  return { boot: 1, monoMs: ms, wallMs: NOON_MS + ms, clock: 'synced', errorMs: 1000, ...changes };
}

const between = (from: number, to: number): Period => ({ from: at(from), to: at(to) });

function reportStamp({ wallMs, ...stamp }: Stamp) {
  return { ...stamp, time: new Date(wallMs).toISOString() };
}

interface Told {
  readonly revision?: number;
  readonly from: Stamp;
  readonly to?: Stamp;
  readonly size?: number;
}

/** A report about an incident that was open for some time. */
function told(incident: string, { revision = 1, from, to, size = 10 }: Told): Acceptance {
  const made = acceptance(revision, 1);
  const closed = to === undefined ? null : reportStamp(to);
  const text = 'x'.repeat(size);
  const payload = JSON.stringify({ incident, revision, opened: reportStamp(from), closed, text });
  return {
    ...made,
    entry: { ...made.entry, id: incident, payload },
    wording: { incident, isAwaited: false },
  };
}

function idsOf(database: Database, period: Period | null = null): string[] {
  const { reports } = history(database, period);
  return reports.map((report) => JSON.parse(report).incident);
}

/** Text that can hardly be packed. */
function noise(length: number, seed: number): string {
  const random = seededRandom(seed);
  return Array.from({ length }, () => String.fromCharCode(33 + Math.floor(90 * random()))).join('');
}

describe('the history of what was reported', () => {
  test('is still there after delivery and a restart, and in no book', () => {
    const folder = temporaryFolder();
    const database = openIn(folder);
    const seq = call(database, 'accept', told('a', { from: at(0), to: at(5) }));
    call(database, 'markDelivered', [seq]);
    database.close();
    const again = openIn(folder);
    expect(idsOf(again)).toEqual(['a']);
    expect(call(again, 'totals', undefined)).toMatchObject({ accepted: 1, delivered: 1, pending: 0 });
  });

  test('has of each incident the latest report, whatever comes late', () => {
    const database = openIn(temporaryFolder());
    for (const revision of [1, 3, 2]) call(database, 'accept', told('a', { revision, from: at(0) }));
    const { reports } = history(database, null);
    expect(reports.map((report) => JSON.parse(report).revision)).toEqual([3]);
  });

  test('takes another text of the same revision', () => {
    const database = openIn(temporaryFolder());
    call(database, 'accept', told('a', { from: at(0), size: 1 }));
    call(database, 'accept', told('a', { from: at(0), size: 2 }));
    const { reports } = history(database, null);
    expect(reports.map((report) => JSON.parse(report).text)).toEqual(['xx']);
  });

  test('gives those that were open at some time of a period', () => {
    const database = openIn(temporaryFolder());
    call(database, 'accept', told('before', { from: at(0), to: at(9) }));
    call(database, 'accept', told('into', { from: at(5), to: at(11) }));
    call(database, 'accept', told('within', { from: at(12), to: at(13) }));
    call(database, 'accept', told('over', { from: at(1), to: at(99) }));
    call(database, 'accept', told('open', { from: at(2) }));
    call(database, 'accept', told('after', { from: at(21), to: at(22) }));
    expect(idsOf(database, between(10, 20)).sort()).toEqual(['into', 'open', 'over', 'within']);
  });

  test('says of how many nobody knows when they were', () => {
    const database = openIn(temporaryFolder());
    const unknown = { boot: 0, clock: 'unknown' } as const;
    call(database, 'accept', told('a', { from: at(1, unknown), to: at(2, unknown) }));
    expect(history(database, between(0, 10))).toEqual({ reports: [], unplaced: 1, unreadable: 0 });
    expect(idsOf(database)).toEqual(['a']);
  });

  test('places a boot without a clock by the moment at which it was set later', () => {
    const database = openIn(temporaryFolder());
    const lost = { boot: 1, wallMs: 0, clock: 'unknown' } as const;
    call(database, 'accept', told('a', { from: at(60, lost), to: at(61, lost) }));
    const elsewhere = (minutes: number) => at(0, { boot: 2, wallMs: NOON_MS + minutes * 60_000 });
    const hour = { from: elsewhere(55), to: elsewhere(65) };
    expect(idsOf(database, hour)).toEqual([]);
    call(database, 'recordSyncPoint', {
      boot: 1,
      monoMs: 0,
      wallMs: NOON_MS,
      errorMs: 1000,
      clock: 'synced',
    });
    expect(idsOf(database, hour)).toEqual(['a']);
  });

  test('counts what the disk has damaged instead of telling it', () => {
    const database = openIn(temporaryFolder());
    for (const incident of ['a', 'b']) call(database, 'accept', told(incident, { from: at(0) }));
    database.sql.run`UPDATE history SET payload = substr(payload, 1, 40) || x'00' WHERE id = 'a'`;
    expect(history(database, null)).toMatchObject({ unreadable: 1 });
    expect(idsOf(database)).toEqual(['b']);
  });

  test('of an incident that many others follow has one report, whether it was replaced at once or later', () => {
    const database = openIn(temporaryFolder());
    call(database, 'accept', told('a', { from: at(0) }));
    for (let number = 0; number < 40; number++)
      call(database, 'accept', told(`${number}`, { from: at(1), to: at(2) }));
    call(database, 'accept', told('a', { revision: 2, from: at(0), to: at(3) }));
    const { reports } = history(database, null);
    expect(reports).toHaveLength(41);
    expect(JSON.parse(reports[0] ?? '')).toMatchObject({ incident: 'a', revision: 2 });
  });

  test('gives the one that was reported about last first', () => {
    const database = openIn(temporaryFolder());
    for (const incident of ['a', 'b']) call(database, 'accept', told(incident, { from: at(0) }));
    call(database, 'accept', told('a', { revision: 2, from: at(0), to: at(3) }));
    expect(idsOf(database)).toEqual(['a', 'b']);
  });

  test('comes along from a store of the version before', () => {
    const folder = temporaryFolder();
    openIn(folder).close();
    const path = join(folder, 'fieldnote.db');
    rmSync(path);
    const old = new DatabaseSync(path);
    migrate(old, MIGRATIONS.slice(0, 5));
    const { payload } = told('old', { from: at(0) }).entry;
    old.exec("INSERT INTO ledger (id, epoch, boot, bootId) VALUES (1, 'e', 1, 'boot-a')");
    old
      .prepare('INSERT INTO history (id, revision, payload, crc) VALUES (?, 1, ?, ?)')
      .run('old', payload, checksum('old', 1, payload));
    old.exec('PRAGMA user_version = 5');
    old.close();
    const database = openIn(folder);
    call(database, 'accept', told('new', { from: at(1) }));
    expect(idsOf(database)).toEqual(['new', 'old']);
  });

  test('reads what was written before it was packed', () => {
    const database = openIn(temporaryFolder());
    const { payload } = told('old', { from: at(0) }).entry;
    database.sql.run`
      INSERT INTO history (id, revision, payload, crc) VALUES ('old', 1, ${payload}, ${checksum('old', 1, payload)})`;
    expect(idsOf(database)).toEqual(['old']);
  });

  test('stays within its rows, the newest stay', () => {
    const database = openIn(temporaryFolder(), { sizeMaxMiB: 64 });
    const count = HISTORY_ROWS_MAX + 3 * SPARE_ROWS_MAX - 1;
    database.sql.connection.exec('BEGIN');
    for (let number = 0; number < count; number++)
      recordHistory(database, { id: `${number}`, revision: 1, payload: '{"opened":{}}' });
    database.sql.connection.exec('COMMIT');
    const { reports } = history(database, null);
    expect(reports.length).toBeGreaterThan(HISTORY_ROWS_MAX - 10);
    expect(reports.length).toBeLessThan(HISTORY_ROWS_MAX + SPARE_ROWS_MAX);
    const kept = database.sql.all`SELECT id FROM history ORDER BY place DESC LIMIT 1`;
    expect(kept).toEqual([{ id: `${count - 1}` }]);
  });

  test('stays within a tenth of the store, but for a hundredth, through every change', () => {
    const sizeMaxMiB = 4;
    const step = fc.record({ id: fc.nat(30).map(String), revision: fc.nat(3), size: fc.nat(40_000) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 80 }), (steps) => {
        const database = openIn(temporaryFolder(), { sizeMaxMiB });
        for (const [number, { id, revision, size }] of steps.entries()) {
          const payload = noise(size, number);
          recordHistory(database, { id, revision, payload });
          const counted = database.sql.get`SELECT sum(octet_length(payload)) AS sizeBytes FROM history`;
          expect(Number(counted?.['sizeBytes'])).toBeLessThanOrEqual(0.115 * sizeMaxMiB * 1024 * 1024);
        }
        database.close();
      }),
      { numRuns: 3 },
    );
  });

  test('does not take what would need the room of many', () => {
    const database = openIn(temporaryFolder());
    call(database, 'accept', told('large', { from: at(0), size: HISTORY_PAYLOAD_BYTES_MAX }));
    expect(idsOf(database)).toEqual([]);
  });
});

describe('when assets were watched', () => {
  const stretch = (from: number, to: number, asset = 'pump') => ({ asset, from: at(from), to: at(to) });
  const minutesOf = (database: Database, period: Period) =>
    Object.fromEntries(
      Object.entries(watchedMs(database, period)).map(([asset, ms]) => [asset, ms / 60_000]),
    );

  test('is the time of their stretches that lies in the period', () => {
    const database = openIn(temporaryFolder());
    call(database, 'recordWatched', [stretch(0, 12), stretch(15, 16), stretch(18, 90), stretch(1, 2, 'fan')]);
    expect(minutesOf(database, between(10, 20))).toEqual({ pump: 2 + 1 + 2, fan: 0 });
  });

  test('grows with a stretch that goes on', () => {
    const database = openIn(temporaryFolder());
    call(database, 'recordWatched', [stretch(0, 5)]);
    call(database, 'recordWatched', [stretch(0, 7), stretch(8, 9)]);
    expect(minutesOf(database, between(0, 10))).toEqual({ pump: 8 });
    expect(database.sql.all`SELECT 1 FROM watched`).toHaveLength(2);
  });

  test('is no time that the disk has damaged', () => {
    const database = openIn(temporaryFolder());
    call(database, 'recordWatched', [stretch(0, 5)]);
    database.sql.run`UPDATE watched SET "end" = replace("end", '300000', '900000')`;
    expect(minutesOf(database, between(0, 10))).toEqual({});
  });

  test('keeps the newest stretches', () => {
    const database = openIn(temporaryFolder());
    const many = Array.from({ length: WATCHED_ROWS_MAX + 5 }, (_, number) =>
      stretch(2 * number, 2 * number + 1),
    );
    call(database, 'recordWatched', many);
    expect(database.sql.all`SELECT 1 FROM watched`).toHaveLength(WATCHED_ROWS_MAX);
  });
});

describe('moments', () => {
  test('survive a restart, the latest of each', () => {
    const folder = temporaryFolder();
    const database = openIn(folder);
    call(database, 'recordMoment', { name: 'link', stamp: at(1) });
    call(database, 'recordMoment', { name: 'link', stamp: at(2) });
    database.close();
    const again = openIn(folder);
    expect(call(again, 'moment', 'link')).toEqual(at(2));
    expect(call(again, 'moment', 'digest')).toBeNull();
  });

  test('become durable with the digest that they belong to', () => {
    const database = openIn(temporaryFolder());
    const { entry } = acceptance(1);
    call(database, 'acceptDigest', { entry, moment: { name: 'digest', stamp: at(3) } });
    expect(call(database, 'moment', 'digest')).toEqual(at(3));
    expect(call(database, 'totals', undefined)).toMatchObject({ accepted: 1, pending: 1 });
    expect(idsOf(database)).toEqual([]);
  });
});

describe('what the store recalls as missing', () => {
  /** Samples that were lost once a minute. */
  function loseSamples(database: Database, minutes: number): void {
    const gap = { reason: 'samples', detail: 'd', count: 1, fromSeq: null, toSeq: null } as const;
    database.sql.run`BEGIN`;
    for (let minute = 1; minute <= minutes; minute += 1) recordGap(database, { ...gap, at: at(minute) });
    database.sql.run`COMMIT`;
  }

  test('is counted as long as nothing of it was given up', () => {
    const database = openIn(temporaryFolder());
    loseSamples(database, 10);
    const { gaps } = call(database, 'recall', between(0, 20));
    expect(gaps).toEqual(Array.from({ length: 10 }, () => ({ reason: 'samples', count: 1 })));
  });

  test('is of nobody knows how many more where older records have made room', () => {
    const database = openIn(temporaryFolder());
    loseSamples(database, 1100);
    const unknown = { reason: 'samples', count: null };
    expect(call(database, 'recall', between(0, 1200)).gaps).toContainEqual(unknown);
    expect(call(database, 'recall', null).gaps).toContainEqual(unknown);
    expect(call(database, 'recall', between(1095, 1200)).gaps).not.toContainEqual(unknown);
  });
});
