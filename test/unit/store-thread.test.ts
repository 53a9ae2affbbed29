import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DEFERRED_REPORTS_MAX, GroupCommit } from '../../src/store/group-commit.ts';
import type { OperationName } from '../../src/store/operations.ts';
import { REQUESTS_MAX, Store } from '../../src/store/store.ts';
import type { FieldnoteError } from '../../src/system/errors.ts';
import { acceptance, stamp } from '../support/store-reports.ts';
import { openIn, temporaryFolder } from '../support/store-samples.ts';

async function openStore(dataDir: string) {
  const deaths: FieldnoteError[] = [];
  const onDead = (error: FieldnoteError) => deaths.push(error);
  const store = await Store.open({ dataDir, sizeMaxMiB: 32, bootId: 'boot-a', onDead });
  onTestFinished(() => store.close());
  return { store, deaths };
}

const coded = (code: string) => expect.objectContaining({ name: 'FieldnoteError', code });

/** Sends `count` calls in one go, so that none can be answered before the last one is made. */
const acceptMany = (store: Store, count: number, payloadBytes?: number) =>
  Promise.allSettled(
    Array.from({ length: count }, (_, index) => store.accept(acceptance(index + 1, payloadBytes))),
  );

/** Commits in the log: frames whose header carries a database size (https://www.sqlite.org/fileformat.html#walformat). */
function commitsIn(folder: string): number {
  const log = readFileSync(join(folder, 'fieldnote.db-wal'));
  const frameBytes = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let frame = 32; frame + frameBytes <= log.length; frame += frameBytes)
    commits += log.readUInt32BE(frame + 4) > 0 ? 1 : 0;
  return commits;
}

/** A store with so many critical reports, and what its thread does with calls that come one by one. */
function deferring(count: number) {
  const folder = temporaryFolder();
  const database = openIn(folder);
  const commits = new GroupCommit(database, folder);
  const ask = (name: OperationName, argument?: unknown) => {
    const [reply] = commits.run([{ id: 0, name, argument }]);
    if (reply === undefined || 'failure' in reply) throw new Error(reply?.failure.message);
    return reply.result;
  };
  for (let number = 1; number <= count; number++) ask('accept', acceptance(number));
  return { folder, commits, ask, deliver: (seqs: number[]) => ask('markDelivered', seqs) };
}

describe('the store', () => {
  test('serves calls in the order in which they are made', async () => {
    const { store } = await openStore(temporaryFolder());
    const results = await Promise.all([
      store.accept(acceptance(1)),
      store.accept(acceptance(2)),
      store.markDelivered([1]),
      store.pendingAfter({ lane: 'critical', seq: 0, limit: 10 }),
      store.totals(),
    ]);
    expect(results.slice(0, 2)).toEqual([1, 2]);
    expect(results[3].map(({ seq }) => seq)).toEqual([2]);
    expect(results[4]).toMatchObject({ accepted: 2, delivered: 1, pending: 1 });
  });

  test('has everything again after a restart', async () => {
    const folder = temporaryFolder();
    const first = await openStore(folder);
    await Promise.all([
      first.store.accept(acceptance(1)),
      first.store.appendLearning({ asset: 'pump', channels: ['a'] }, [Float32Array.of(5)]),
      first.store.recordSyncPoint({ boot: 1, monoMs: 1, wallMs: 2, errorMs: 3, clock: 'synced' }),
      first.store.recordGap({
        reason: 'refused',
        detail: 'x',
        count: 1,
        fromSeq: null,
        toSeq: null,
        at: stamp,
      }),
    ]);
    await first.store.close();

    const { store } = await openStore(folder);
    expect([store.boot, store.epoch]).toEqual([1, first.store.epoch]);
    expect(await store.pendingAfter({ lane: 'critical', seq: 0, limit: 10 })).toEqual([
      { seq: 1, laneSeq: 1, ...acceptance(1).entry },
    ]);
    expect(await store.incidentStates()).toEqual(new Map([['pump', acceptance(1).state]]));
    expect(await store.learningRows({ asset: 'pump', channels: ['a'] })).toEqual([Float32Array.of(5)]);
    expect(await store.syncPoint(1)).toMatchObject({ wallMs: 2 });
    expect(await store.gaps()).toMatchObject([{ reason: 'refused', at: stamp }]);
    await store.clearLearning('pump');
    await store.quarantine(1, 'bad', stamp);
    expect(await store.pendingAfter({ lane: 'critical', seq: 0, limit: 10 })).toEqual([]);
  });

  test('mints an epoch of 64 bits for each file', async () => {
    const epochs = await Promise.all(
      [1, 2].map(async () => (await openStore(temporaryFolder())).store.epoch),
    );
    expect(epochs.map((epoch) => /^[0-9a-f]{16}$/.test(epoch))).toEqual([true, true]);
    expect(epochs[0]).not.toBe(epochs[1]);
  });

  test('rejects opening a folder that is in use, with its code', async () => {
    const folder = temporaryFolder();
    await openStore(folder);
    await expect(openStore(folder)).rejects.toThrow(coded('STORE_LOCKED'));
  });

  test('rejects what cannot be sent to its thread and goes on', async () => {
    const { store } = await openStore(temporaryFolder());
    await expect(store.accept({ ...acceptance(1), state: () => 1 })).rejects.toThrow('could not be cloned');
    expect(await store.accept(acceptance(1))).toBe(1);
  });

  test('rejects a call when too many wait for the disk', async () => {
    const { store } = await openStore(temporaryFolder());
    const results = await acceptMany(store, REQUESTS_MAX + 1);
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(REQUESTS_MAX);
    expect(results.at(-1)).toMatchObject({ status: 'rejected', reason: coded('STORE_FULL') });
    expect((await store.totals()).accepted).toBe(REQUESTS_MAX);
  });

  test('finishes what was asked before it closes, and rejects what is asked after', async () => {
    const folder = temporaryFolder();
    const { store, deaths } = await openStore(folder);
    const accepted = acceptMany(store, 100);
    await Promise.all([store.close(), store.close()]);
    expect((await accepted).every(({ status }) => status === 'fulfilled')).toBe(true);
    await expect(store.totals()).rejects.toThrow(coded('STORE_DEAD'));
    expect(deaths).toEqual([]);
    expect((await (await openStore(folder)).store.totals()).pending).toBe(100);
  });
});

describe('a group of calls', () => {
  test('loses only the bad one', async () => {
    const { store } = await openStore(temporaryFolder());
    const tooLarge = acceptance(3, 1_000_000);
    const results = await Promise.allSettled(
      [1, 2, 3, 4, 5].map((n) => store.accept(n === 3 ? tooLarge : acceptance(n))),
    );
    expect(
      results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.code)),
    ).toEqual([1, 2, 'BAD_ARGUMENT', 3, 4]);
    expect(
      (await store.pendingAfter({ lane: 'critical', seq: 0, limit: 10 })).map(({ revision }) => revision),
    ).toEqual([1, 2, 4, 5]);
  });

  test('shares one commit, which is one fsync', () => {
    const folder = temporaryFolder();
    const database = openIn(folder);
    const before = commitsIn(folder);
    const group = Array.from({ length: 10 }, (_, id) => ({
      id,
      name: 'accept' as const,
      argument: acceptance(id),
    }));
    expect(new GroupCommit(database, folder).run(group)).toEqual(
      group.map(({ id }) => ({ id, result: id + 1 })),
    );
    expect(commitsIn(folder) - before).toBe(1);
  });

  test('makes few deliveries durable with the next commit and not before, and sees them at once', () => {
    const { folder, commits, deliver, ask } = deferring(5);
    const before = commitsIn(folder);
    deliver([1, 2]);
    expect(ask('totals')).toMatchObject({ delivered: 2, pending: 3 });
    expect(ask('pendingAfter', { lane: 'critical', seq: 0, limit: 9 })).toHaveLength(3);
    expect([commitsIn(folder) - before, commits.hasDeferred]).toEqual([0, true]);
    ask('accept', acceptance(6));
    expect([commitsIn(folder) - before, commits.hasDeferred]).toEqual([1, false]);
    expect(ask('totals')).toMatchObject({ delivered: 2, pending: 4 });
  });

  test('lets no more deliveries wait than a few, and none when it is told to', () => {
    const { folder, commits, deliver } = deferring(40);
    const before = commitsIn(folder);
    for (let seq = 1; seq < DEFERRED_REPORTS_MAX; seq++) deliver([seq]);
    expect(commitsIn(folder) - before).toBe(0);
    deliver([DEFERRED_REPORTS_MAX]);
    expect(commitsIn(folder) - before).toBe(1);
    deliver([DEFERRED_REPORTS_MAX + 1]);
    commits.flush();
    commits.flush();
    expect(commitsIn(folder) - before).toBe(2);
  });

  test('makes what few deliveries wait for fail alone', () => {
    const { commits, deliver, ask } = deferring(5);
    deliver([1]);
    expect(() => ask('accept', { ...acceptance(9), stateKey: 'x'.repeat(2000) })).toThrow('over the limit');
    expect(commits.hasDeferred).toBe(true);
    expect(ask('totals')).toMatchObject({ accepted: 5, delivered: 1 });
  });

  test('reports a bug without a code and goes on', () => {
    const database = openIn(temporaryFolder());
    const point = { boot: 1, monoMs: Number.NaN, wallMs: 0, errorMs: 0, clock: 'synced' as const };
    const [reply] = new GroupCommit(database, 'folder').run([
      { id: 7, name: 'recordSyncPoint', argument: point },
    ]);
    expect(reply).toMatchObject({
      id: 7,
      failure: { code: null, message: expect.stringContaining('NOT NULL') },
    });
  });
});

describe('when its thread dies', () => {
  test('everything that waits is rejected, the owner hears it once, and a new store opens', async () => {
    const folder = temporaryFolder();
    const { store, deaths } = await openStore(folder);
    await acceptMany(store, 200, 30_000);
    writeFileSync(join(folder, 'fieldnote.db'), Buffer.alloc(8 * 1024 * 1024, 0xa5));

    const calls = [
      store.pendingAfter({ lane: 'critical', seq: 0, limit: 200 }),
      store.pendingAfter({ lane: 'critical', seq: 0, limit: 200 }),
      store.totals(),
    ];
    const results = await Promise.allSettled<unknown>(calls);
    expect(results).toEqual(Array(3).fill({ status: 'rejected', reason: coded('STORE_DEAD') }));
    const again = await openStore(folder);
    expect(await again.store.gaps()).toMatchObject([{ reason: 'store-recovered' }]);

    await store.close();
    await expect(store.accept(acceptance(1))).rejects.toThrow(coded('STORE_DEAD'));
    expect(deaths).toEqual([coded('STORE_DEAD')]);
    expect(deaths[0]?.message).toMatch(/malformed|not a database/);
  });
});
