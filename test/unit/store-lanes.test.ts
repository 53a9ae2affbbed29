import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checksum } from '../../src/store/checksum.ts';
import type { Database } from '../../src/store/database.ts';
import { LANES_VERSION, MIGRATIONS, migrate } from '../../src/store/migrations.ts';
import { LANE_SPAN, placeOf, seqOf } from '../../src/store/place.ts';
import { LANES, type Lane } from '../../src/values/lane.ts';
import { acceptance, stamp } from '../support/store-reports.ts';
import { call, openIn, temporaryFolder, waitingSeqs } from '../support/store-samples.ts';

const acceptIn = (database: Database, lane: Lane, revision = 1, payloadBytes = 300) =>
  call(database, 'accept', acceptance(revision, payloadBytes, lane));
const read = (database: Database, lane: Lane, seq = 0, limit = 100) =>
  call(database, 'pendingAfter', { lane, seq, limit });

describe('the place of a report', () => {
  test('is in its number, and a more urgent lane has the smaller numbers', () => {
    const place = fc.record({
      lane: fc.constantFrom(...LANES),
      laneSeq: fc.integer({ min: 1, max: LANE_SPAN - 1 }),
    });
    fc.assert(
      fc.property(place, place, (a, b) => {
        expect(placeOf(seqOf(a))).toEqual(a);
        const isBefore = LANES.indexOf(a.lane) - LANES.indexOf(b.lane) || a.laneSeq - b.laneSeq;
        expect(Math.sign(seqOf(a) - seqOf(b))).toBe(Math.sign(isBefore));
      }),
    );
  });
});

describe('the lanes', () => {
  test('count from 1 each and are read one by one', () => {
    const database = openIn(temporaryFolder());
    for (const lane of LANES) for (const revision of [1, 2, 3]) acceptIn(database, lane, revision);
    for (const lane of LANES) {
      const rows = read(database, lane);
      expect(rows.map(({ laneSeq, revision }) => [laneSeq, revision])).toEqual([
        [1, 1],
        [2, 2],
        [3, 3],
      ]);
      expect(rows.every((row) => row.lane === lane)).toBe(true);
      expect(read(database, lane, rows[0]?.seq, 1).map(({ laneSeq }) => laneSeq)).toEqual([2]);
      expect(read(database, lane, rows[2]?.seq)).toEqual([]);
    }
  });

  test('go on counting after everything was delivered and the file was opened anew', () => {
    const folder = temporaryFolder();
    const database = openIn(folder);
    call(database, 'markDelivered', [acceptIn(database, 'update'), acceptIn(database, 'update')]);
    database.close();
    expect(acceptIn(openIn(folder), 'update')).toBe(seqOf({ lane: 'update', laneSeq: 3 }));
  });

  test('have books of their own, which add up to those of the store', () => {
    const database = openIn(temporaryFolder());
    const [first = 0, second = 0, third = 0] = [1, 2, 3, 4].map(() => acceptIn(database, 'incident'));
    const other = acceptIn(database, 'telemetry');
    call(database, 'markDelivered', [first, other]);
    call(database, 'quarantine', { seq: second, reason: 'bad', at: stamp });
    call(database, 'expire', { seqs: [third], at: stamp });
    const { lanes, ...sums } = call(database, 'totals', undefined);
    const none = { accepted: 0, delivered: 0, pending: 0, expired: 0, evicted: 0, quarantined: 0 };
    const incident = { accepted: 4, delivered: 1, pending: 1, expired: 1, evicted: 0, quarantined: 1 };
    expect(lanes.incident).toMatchObject(incident);
    expect(lanes.telemetry).toEqual({ ...none, accepted: 1, delivered: 1, sizeBytes: 0 });
    expect(lanes.critical).toEqual({ ...none, sizeBytes: 0 });
    expect(sums).toEqual({ ...incident, accepted: 5, delivered: 2 });
    expect(lanes.incident.sizeBytes).toBeGreaterThan(300);
  });

  test('expire with a gap that says which', () => {
    const database = openIn(temporaryFolder());
    const seqs = [1, 2, 3].map(() => acceptIn(database, 'telemetry'));
    call(database, 'expire', { seqs: seqs.slice(0, 2), at: stamp });
    call(database, 'expire', { seqs: seqs.slice(0, 2), at: stamp });
    expect(waitingSeqs(database)).toEqual(seqs.slice(2));
    expect(call(database, 'gaps', undefined)).toMatchObject([
      { reason: 'expired', lane: 'telemetry', fromSeq: 1, toSeq: 2, count: 2, epoch: 'epoch-1' },
    ]);
  });
});

/** A file as it was before there were lanes. */
function olderFolder(): string {
  const folder = temporaryFolder();
  const database = new DatabaseSync(join(folder, 'fieldnote.db'));
  database.exec('PRAGMA page_size = 1024');
  migrate(database, MIGRATIONS.slice(0, LANES_VERSION - 2));
  const insert = database.prepare('INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const events = ['opened', 'updated', 'updated', 'closed', 'no report'];
  events.forEach((event, index) => {
    const severity = index === 2 ? 'critical' : 'warning';
    const payload =
      event === 'no report' ? '{' : JSON.stringify({ event, severity, provenance: { textBy: 'template' } });
    const row = [7 + index, 'i1', index + 1, 'pump', 'fieldnote/s/n/incident/pump', payload] as const;
    const text = JSON.stringify(stamp);
    insert.run(...row, text, checksum(...row, text));
  });
  database.exec(`INSERT INTO ledger VALUES (1, 'epoch-old', 3, 'boot-a', 11, 11, 5, 0, 0, 1);
    INSERT INTO quarantine SELECT 2, id, revision, asset, topic, payload, stamp, crc, 'bad' FROM outbox LIMIT 1;
    INSERT INTO gap VALUES (1, 'quarantined', 'bad', 1, 2, 2, NULL)`);
  database.close();
  return folder;
}

describe('a file from before there were lanes', () => {
  test('gets them, with a new epoch, and keeps every report', () => {
    const database = openIn(olderFolder());
    const placed = LANES.map((lane) =>
      read(database, lane).map(({ laneSeq, revision }) => [laneSeq, revision]),
    );
    expect(placed).toEqual([
      [[1, 3]],
      [
        [1, 1],
        [2, 4],
        [3, 5],
      ],
      [[1, 2]],
      [],
      [],
    ]);
    expect(database.epoch).toMatch(/^[0-9a-f]{16}$/);
    expect(database.boot).toBe(3);
    expect(call(database, 'totals', undefined)).toMatchObject({ accepted: 5, pending: 5, quarantined: 0 });
    expect(call(database, 'gaps', undefined)).toMatchObject([{ reason: 'quarantined', epoch: 'epoch-old' }]);
    expect(database.sql.all`SELECT epoch, seq, reason FROM quarantine`).toMatchObject([
      { epoch: 'epoch-old', seq: 2, reason: 'bad' },
    ]);
  });

  test('opens again after that, with right books', () => {
    const folder = olderFolder();
    const first = openIn(folder);
    first.close();
    const second = openIn(folder);
    expect([second.epoch, acceptIn(second, 'incident')]).toEqual([
      first.epoch,
      seqOf({ lane: 'incident', laneSeq: 4 }),
    ]);
  });

  test('that is damaged besides is salvaged into lanes', () => {
    const folder = olderFolder();
    const file = new DatabaseSync(join(folder, 'fieldnote.db'));
    file.exec('CREATE TABLE foreigner (x)');
    file.close();
    const database = openIn(folder, { newEpoch: 'epoch-new' });
    expect(LANES.map((lane) => read(database, lane).length)).toEqual([1, 3, 1, 0, 0]);
    expect(call(database, 'gaps', undefined)).toMatchObject([{}, { reason: 'store-recovered', count: 0 }]);
  });

  test('does not make a damaged report sound', () => {
    const folder = olderFolder();
    const file = new DatabaseSync(join(folder, 'fieldnote.db'));
    file.exec("UPDATE outbox SET topic = 'elsewhere' WHERE seq = 8");
    file.close();
    const database = openIn(folder);
    expect(read(database, 'update')).toEqual([]);
    expect(call(database, 'totals', undefined).quarantined).toBe(1);
  });
});
