import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { PAYLOAD_BYTES_MAX } from '../../src/store/outbox.ts';
import { acceptance, stamp } from '../support/store-reports.ts';
import { call, openIn, temporaryFolder, waitingSeqs } from '../support/store-samples.ts';

const acceptMany = (database: Database, count: number, payloadBytes?: number) =>
  Array.from({ length: count }, (_, index) => call(database, 'accept', acceptance(index + 1, payloadBytes)));

describe('accepting a report', () => {
  test('gives it the next number and hands it back as it was', () => {
    const database = openIn(temporaryFolder());
    expect(acceptMany(database, 3)).toEqual([1, 2, 3]);
    expect(call(database, 'pendingAfter', { lane: 'critical', seq: 1, limit: 1 })).toEqual([
      { seq: 2, laneSeq: 2, ...acceptance(2).entry },
    ]);
  });

  test('keeps numbers that look like text and text that looks like numbers', () => {
    const database = openIn(temporaryFolder());
    const { entry, ...others } = acceptance(1);
    call(database, 'accept', {
      ...others,
      stateKey: '007',
      entry: { ...entry, asset: '007', topic: '1e3', payload: '12' },
    });
    expect(call(database, 'pendingAfter', { lane: 'critical', seq: 0, limit: 1 })[0]).toMatchObject({
      asset: '007',
      topic: '1e3',
      payload: '12',
    });
    expect([...call(database, 'incidentStates', undefined).keys()]).toEqual(['007']);
  });

  test('never uses a number again, also after everything was delivered and the file was opened anew', () => {
    const folder = temporaryFolder();
    const database = openIn(folder);
    call(database, 'markDelivered', acceptMany(database, 3));
    database.close();
    expect(acceptMany(openIn(folder), 1)).toEqual([4]);
  });

  test('stores the state of the incident with it, the latest one for each asset', () => {
    const folder = temporaryFolder();
    const database = openIn(folder);
    acceptMany(database, 2);
    call(database, 'accept', { ...acceptance(3), stateKey: 'fan', state: null });
    database.close();
    const states = call(openIn(folder), 'incidentStates', undefined);
    expect(states).toEqual(
      new Map<string, unknown>([
        ['pump', { open: 2 }],
        ['fan', null],
      ]),
    );
  });

  test.each([
    [
      'payload',
      { ...acceptance(1), entry: { ...acceptance(1).entry, payload: 'é'.repeat(PAYLOAD_BYTES_MAX / 2 + 1) } },
    ],
    ['state', { ...acceptance(1), state: 'x'.repeat(PAYLOAD_BYTES_MAX) }],
    ['names', { ...acceptance(1), entry: { ...acceptance(1).entry, topic: 't'.repeat(1025) } }],
  ])('refuses a %s over the limit and stores nothing of it', (what, tooLarge) => {
    const database = openIn(temporaryFolder());
    expect(() => call(database, 'accept', tooLarge)).toThrow(
      new RegExp(`^${what} of \\d+ is over the limit`),
    );
    expect(call(database, 'totals', undefined).accepted).toBe(0);
    expect(call(database, 'incidentStates', undefined).size).toBe(0);
  });

  test('takes a payload of exactly the limit', () => {
    const database = openIn(temporaryFolder());
    const { entry, ...rest } = acceptance(1);
    const payload = 'x'.repeat(PAYLOAD_BYTES_MAX);
    call(database, 'accept', { ...rest, entry: { ...entry, payload } });
    expect(call(database, 'pendingAfter', { lane: 'critical', seq: 0, limit: 1 })[0]?.payload).toBe(payload);
  });
});

describe('reading what waits', () => {
  test('gives fewer than asked for when they are large, but never none', () => {
    const database = openIn(temporaryFolder(), { sizeMaxMiB: 16 });
    acceptMany(database, 40, PAYLOAD_BYTES_MAX - 100);
    const first = call(database, 'pendingAfter', { lane: 'critical', seq: 0, limit: 100 });
    expect(first.length).toBeGreaterThan(0);
    expect(first.length).toBeLessThan(40);
    expect(call(database, 'pendingAfter', { lane: 'critical', seq: first.length, limit: 100 })[0]?.seq).toBe(
      first.length + 1,
    );
  });

  test('quarantines a report whose bits have flipped on the disk and gives the next one', () => {
    const database = openIn(temporaryFolder());
    acceptMany(database, 3);
    database.sql
      .run`UPDATE outbox SET payload = replace(payload, '"revision":1', '"revision":9') WHERE seq = 1`;
    expect(
      call(database, 'pendingAfter', { lane: 'critical', seq: 0, limit: 1 }).map(({ seq }) => seq),
    ).toEqual([2]);
    expect(call(database, 'totals', undefined)).toMatchObject({ pending: 2, quarantined: 1 });
  });

  test('drops an incident state whose bits have flipped, with a gap', () => {
    const database = openIn(temporaryFolder());
    acceptMany(database, 1);
    database.sql.run`UPDATE incidentState SET state = '{"open":7}'`;
    expect(call(database, 'incidentStates', undefined).size).toBe(0);
    expect(call(database, 'gaps', undefined)).toMatchObject([{ reason: 'damaged' }]);
  });
});

describe('giving up a report', () => {
  test('quarantine keeps it with its reason and writes a gap', () => {
    const database = openIn(temporaryFolder());
    acceptMany(database, 2);
    call(database, 'quarantine', { seq: 1, reason: 'topic refused', at: stamp });
    expect(waitingSeqs(database)).toEqual([2]);
    expect(database.sql.all`SELECT seq, reason FROM quarantine`).toMatchObject([
      { seq: 1, reason: 'topic refused' },
    ]);
    const where = { lane: 'critical', fromSeq: 1, toSeq: 1, epoch: 'epoch-1' };
    expect(call(database, 'gaps', undefined)).toEqual([
      { id: 1, reason: 'quarantined', detail: 'topic refused', count: 1, ...where, at: stamp },
    ]);
  });

  test('quarantine of a report that is gone changes nothing', () => {
    const database = openIn(temporaryFolder());
    call(database, 'quarantine', { seq: 5, reason: 'late', at: stamp });
    expect(call(database, 'totals', undefined).quarantined).toBe(0);
    expect(call(database, 'gaps', undefined)).toEqual([]);
  });

  test('keeps the newest 64 quarantined reports and counts all', () => {
    const database = openIn(temporaryFolder());
    for (const seq of acceptMany(database, 70))
      call(database, 'quarantine', { seq, reason: 'bad', at: stamp });
    expect(database.sql.get`SELECT count(*) AS count, min(seq) AS oldest FROM quarantine`).toMatchObject({
      count: 64,
      oldest: 7,
    });
    expect(call(database, 'totals', undefined).quarantined).toBe(70);
  });

  test('near the size limit the oldest go first, in one gap that goes on growing', () => {
    const database = openIn(temporaryFolder(), { sizeMaxMiB: 0.25 });
    acceptMany(database, 400, 2000);
    const { evicted, pending } = call(database, 'totals', undefined);
    expect(evicted).toBeGreaterThan(250);
    expect(waitingSeqs(database)).toEqual(Array.from({ length: pending }, (_, index) => evicted + 1 + index));
    expect(call(database, 'gaps', undefined)).toMatchObject([
      { reason: 'evicted', fromSeq: 1, toSeq: evicted, count: evicted, at: stamp },
    ]);
    expect(database.sql.get`PRAGMA page_count`?.['page_count']).toBeLessThanOrEqual(256);
  });

  test('near the size limit quarantined reports make room before waiting ones', () => {
    const database = openIn(temporaryFolder(), { sizeMaxMiB: 0.25 });
    for (const seq of acceptMany(database, 60, 2000))
      call(database, 'quarantine', { seq, reason: 'bad', at: stamp });
    acceptMany(database, 50, 2000);
    expect(database.sql.all`SELECT seq FROM quarantine`).toEqual([]);
    expect(call(database, 'totals', undefined)).toMatchObject({ pending: 50, evicted: 0, quarantined: 60 });
  });
});

const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('accept' as const), bytes: fc.nat(8000) }) },
  fc.record({ kind: fc.constant('deliver' as const), seqs: fc.array(fc.nat(80), { maxLength: 12 }) }),
  fc.record({ kind: fc.constant('quarantine' as const), seq: fc.nat(80) }),
  fc.record({ kind: fc.constant('reopen' as const) }),
);

test('the balance holds and order is kept after any sequence of operations', () => {
  fc.assert(
    fc.property(fc.array(operation, { minLength: 20, maxLength: 80 }), (operations) => {
      const folder = temporaryFolder();
      let database = openIn(folder, { sizeMaxMiB: 0.2 });
      let waiting: number[] = [];
      const model = { accepted: 0, delivered: 0, pending: 0, expired: 0, evicted: 0, quarantined: 0 };
      for (const step of operations) {
        if (step.kind === 'accept') {
          waiting.push(call(database, 'accept', acceptance(++model.accepted, step.bytes)));
          expect(waiting.at(-1)).toBe(model.accepted);
          // Eviction is the model's to allow, not to time: what is missing must be the oldest.
          const gone = waiting.length - waitingSeqs(database).length;
          model.evicted += gone;
          waiting = waiting.slice(gone);
        } else if (step.kind === 'deliver') {
          call(database, 'markDelivered', step.seqs);
          const left = waiting.filter((seq) => !step.seqs.includes(seq));
          model.delivered += waiting.length - left.length;
          waiting = left;
        } else if (step.kind === 'quarantine') {
          call(database, 'quarantine', { seq: step.seq, reason: 'bad', at: stamp });
          model.quarantined += waiting.includes(step.seq) ? 1 : 0;
          waiting = waiting.filter((seq) => seq !== step.seq);
        } else {
          database.close();
          database = openIn(folder, { sizeMaxMiB: 0.2 });
        }
        expect(waitingSeqs(database)).toEqual(waiting);
        expect(call(database, 'totals', undefined)).toMatchObject({ ...model, pending: waiting.length });
      }
      const lost = call(database, 'gaps', undefined).reduce((sum, { count }) => sum + (count ?? 0), 0);
      expect(lost).toBe(model.evicted + model.quarantined);
      database.close();
    }),
    { numRuns: 40 },
  );
});
