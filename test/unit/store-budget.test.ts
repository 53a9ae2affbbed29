import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LANE_SHARES_MAX } from '../../src/store/budget.ts';
import { type Database, inTransaction } from '../../src/store/database.ts';
import { Disk } from '../../src/store/disk.ts';
import { accept } from '../../src/store/outbox.ts';
import { LANES, type Lane } from '../../src/values/lane.ts';
import { acceptance } from '../support/store-reports.ts';
import { call, expectBalance, openIn, temporaryFolder } from '../support/store-samples.ts';

const SIZE_MAX_MIB = 0.5;
const PAYLOAD_BYTES = 2000;

/** In one transaction, to save the test a thousand fsyncs. */
function fill(database: Database, lane: Lane, count: number): void {
  inTransaction(database.sql.connection, () => {
    for (let n = 0; n < count; n++) accept(database, acceptance(n, PAYLOAD_BYTES, lane));
  });
}

const lanesOf = (database: Database) => call(database, 'totals', undefined).lanes;
const usedShare = ({ sql, pagesMax }: Database) =>
  Number(
    sql.get`SELECT page_count - freelist_count AS pages FROM pragma_page_count, pragma_freelist_count`?.[
      'pages'
    ],
  ) / pagesMax;

describe('the share of a lane', () => {
  test.for(LANES)('is never exceeded: its own oldest go (%s)', (lane) => {
    const database = openIn(temporaryFolder(), { sizeMaxMiB: SIZE_MAX_MIB });
    fill(database, lane, 250);
    const { sizeBytes, pending, evicted } = lanesOf(database)[lane];
    expect(sizeBytes).toBeLessThanOrEqual(LANE_SHARES_MAX[lane] * SIZE_MAX_MIB * 1024 * 1024);
    expect(pending).toBeGreaterThan(10);
    expect(call(database, 'pendingAfter', { lane, seq: 0, limit: 1 })[0]?.laneSeq).toBe(evicted + 1);
    expect(call(database, 'gaps', undefined)).toMatchObject([
      { reason: 'evicted', lane, fromSeq: 1, toSeq: evicted, count: evicted },
    ]);
    expectBalance(database);
  });

  test('takes nothing from the others', () => {
    const database = openIn(temporaryFolder(), { sizeMaxMiB: SIZE_MAX_MIB });
    fill(database, 'incident', 20);
    fill(database, 'telemetry', 100);
    const { incident, telemetry } = lanesOf(database);
    expect([incident.evicted, telemetry.evicted > 0]).toEqual([0, true]);
    expectBalance(database);
  });
});

describe('a file that is nearly full', () => {
  test('gives up the oldest of the last lane that has some, one lane after the other', () => {
    const database = openIn(temporaryFolder(), { sizeMaxMiB: SIZE_MAX_MIB });
    for (const lane of LANES.toReversed()) fill(database, lane, 15);
    for (let n = 0; n < 150; n++) {
      fill(database, 'critical', 1);
      const { incident, update, evidence, telemetry } = lanesOf(database);
      const isEmptyAbove = [incident, update, evidence, telemetry].map(({ evicted }) => evicted > 0);
      const firstToGive = isEmptyAbove.indexOf(true);
      const behind = [incident, update, evidence, telemetry].slice(firstToGive + 1);
      expect(firstToGive === -1 || behind.every(({ pending }) => pending === 0)).toBe(true);
    }
    expect(lanesOf(database).telemetry.pending).toBe(0);
    expect(lanesOf(database).critical.pending).toBeGreaterThan(50);
    expectBalance(database);
  });

  test('gives up what comes rather than anything more urgent that waits', () => {
    const database = openIn(temporaryFolder(), { sizeMaxMiB: SIZE_MAX_MIB });
    fill(database, 'critical', 400);
    const before = lanesOf(database).critical;
    fill(database, 'update', 3);
    const { critical, update } = lanesOf(database);
    expect(critical).toEqual(before);
    expect(update).toMatchObject({ accepted: 3, evicted: 3, pending: 0 });
    expectBalance(database);
  });

  test('keeps a reserve that only critical reports may fill', () => {
    const database = openIn(temporaryFolder(), { sizeMaxMiB: SIZE_MAX_MIB });
    fill(database, 'incident', 110);
    for (const lane of ['update', 'evidence'] as const) fill(database, lane, 60);
    expect(usedShare(database)).toBeLessThanOrEqual(0.8);
    const { incident, update, evidence } = lanesOf(database);
    fill(database, 'critical', 15);
    expect(usedShare(database)).toBeGreaterThan(0.8);
    expect(lanesOf(database)).toMatchObject({ incident, update, evidence, critical: { pending: 15 } });
    expectBalance(database);
  });
});

/** A database on a disk whose free space the test says. */
function onDisk(free: { bytes: number }) {
  const folder = temporaryFolder();
  const database = openIn(folder, { sizeMaxMiB: 8 });
  const disk = new Disk({ folder, sizeBytesMax: database.sizeBytesMax, freeBytesOf: () => free.bytes });
  return { folder, database: { ...database, disk }, disk };
}

const BALLAST_BYTES = 256 * 1024;
const PLENTY = 100 * 1024 * 1024;

describe('a disk that is nearly full', () => {
  test('takes only critical reports, and all again when there is room', () => {
    const free = { bytes: PLENTY };
    const { database, folder } = onDisk(free);
    fill(database, 'incident', 1);
    free.bytes = 2 * BALLAST_BYTES - 1;
    fill(database, 'critical', 5);
    expect(() => fill(database, 'incident', 1)).toThrow(
      expect.objectContaining({
        code: 'STORE_FULL',
        message: `the disk of ${folder} has only 0.5 MiB free: the store takes only critical reports now; free space on the disk`,
      }),
    );
    free.bytes = PLENTY;
    fill(database, 'incident', 1);
    expect(lanesOf(database)).toMatchObject({ critical: { accepted: 5 }, incident: { accepted: 2 } });
    expectBalance(database);
  });

  test('takes what fits into pages of the file that are free already', () => {
    const free = { bytes: PLENTY };
    const { database } = onDisk(free);
    const seqs = Array.from({ length: 20 }, () => call(database, 'accept', acceptance(1, 4000, 'incident')));
    call(database, 'markDelivered', seqs);
    free.bytes = 0;
    fill(database, 'incident', 5);
    expect(lanesOf(database).incident.pending).toBe(5);
    expectBalance(database);
  });
});

describe('the ballast', () => {
  const ballastOf = (folder: string) => join(folder, 'fieldnote.ballast');

  test('is made when there is plenty of room, and is really on the disk', () => {
    const { disk, folder } = onDisk({ bytes: PLENTY });
    disk.restoreBallast();
    expect(statSync(ballastOf(folder)).size).toBe(BALLAST_BYTES);
    expect(statSync(ballastOf(folder)).blocks * 512).toBeGreaterThanOrEqual(BALLAST_BYTES);
  });

  test('is not made where it would leave little, and one that was cut off is made anew', () => {
    const free = { bytes: 4 * BALLAST_BYTES - 1 };
    const { disk, folder } = onDisk(free);
    disk.restoreBallast();
    expect(existsSync(ballastOf(folder))).toBe(false);
    writeFileSync(ballastOf(folder), 'cut off');
    free.bytes = PLENTY;
    const later = new Disk({ folder, sizeBytesMax: 8 * 1024 * 1024, freeBytesOf: () => free.bytes });
    later.restoreBallast();
    expect(readFileSync(ballastOf(folder)).length).toBe(BALLAST_BYTES);
  });

  test('that cannot be made is tried again after an hour, and stops nothing', () => {
    const folder = temporaryFolder();
    mkdirSync(ballastOf(folder));
    let [tries, nowMs] = [0, 0];
    const freeBytesOf = () => {
      tries += 1;
      return PLENTY;
    };
    const disk = new Disk({ folder, sizeBytesMax: 8 * 1024 * 1024, freeBytesOf, monoMs: () => nowMs });
    for (let minute = 0; minute <= 120; minute++) {
      nowMs = minute * 60_000;
      disk.restoreBallast();
    }
    expect(tries).toBe(3);
    rmdirSync(ballastOf(folder));
    nowMs += 3_600_000;
    disk.restoreBallast();
    expect(statSync(ballastOf(folder)).size).toBe(BALLAST_BYTES);
  });

  test('is given up once, on a disk that is nearly full and on no other', () => {
    const free = { bytes: PLENTY };
    const { disk, folder } = onDisk(free);
    disk.restoreBallast();
    expect(disk.giveUpBallast()).toBe(false);
    free.bytes = 0;
    expect([disk.giveUpBallast(), disk.giveUpBallast()]).toEqual([true, false]);
    expect(existsSync(ballastOf(folder))).toBe(false);
  });
});
