import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { leaveReceipts, takeReceipts } from '../../src/carried-receipts.ts';
import { StoreKeeper } from '../../src/store-keeper.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import { acceptance } from '../support/store-reports.ts';
import { temporaryFolder } from '../support/store-samples.ts';

const BUNDLE = 'b'.repeat(64);

/** A store with five reports of lane update, and what a start of the daemon does with the receipts beside it. */
async function setUp() {
  const dataDir = temporaryFolder();
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => lines.push(JSON.parse(line).msg) });
  const settings = { dataDir, sizeMaxMiB: 16, bootId: 'boot-a' };
  const parts = { clock: systemClock(() => 1), counters: new Counters(), log };
  const keeper = await StoreKeeper.start({ settings, ...parts, onAccepted: () => undefined });
  onTestFinished(() => keeper.close());
  const { store } = keeper;
  if (store === undefined) throw new Error('the store does not open');
  for (const revision of [1, 2, 3, 4, 5]) await store.accept(acceptance(revision, 100, 'update'));
  const left = async () =>
    (await store.pendingAfter({ lane: 'update', seq: 0, limit: 9 })).map(({ laneSeq }) => laneSeq);
  const take = () => takeReceipts(dataDir, { keeper, log });
  return { dataDir, lines, left, store, log, epoch: store.epoch, take };
}

const receipt = (epoch: string, ...ranges: [number, number][]) => ({ epoch, lane: 'update', ranges });

describe('receipts that came by stick', () => {
  test('delete what they confirm, once, and go', async () => {
    const { dataDir, lines, left, epoch, take } = await setUp();
    await leaveReceipts(dataDir, BUNDLE, [receipt(epoch, [1, 2], [4, 4])]);
    await take();
    expect(await left()).toEqual([3, 5]);
    expect(lines).toEqual(['3 reports came to their collector by stick']);
    expect(readdirSync(join(dataDir, 'receipts'))).toEqual([]);
    await take();
    expect(lines).toHaveLength(1);
  });

  test('of another epoch or an unknown lane delete nothing', async () => {
    const { dataDir, left, epoch, take } = await setUp();
    const strange = { ...receipt(epoch, [1, 5]), lane: 'express' };
    await leaveReceipts(dataDir, BUNDLE, [receipt('0000000000000000', [1, 5]), strange]);
    await take();
    expect(await left()).toEqual([1, 2, 3, 4, 5]);
  });

  test('over a range without end delete what is there', async () => {
    const { dataDir, left, epoch, take } = await setUp();
    await leaveReceipts(dataDir, BUNDLE, [receipt(epoch, [2, Number.MAX_SAFE_INTEGER])]);
    await take();
    expect(await left()).toEqual([1]);
  });

  test('stay when the store dies before it has confirmed them', async () => {
    const { dataDir, epoch, store, log } = await setUp();
    await leaveReceipts(dataDir, BUNDLE, [receipt(epoch, [1, 2])]);
    await store.close();
    await expect(takeReceipts(dataDir, { keeper: { store }, log })).rejects.toThrow('the store is closed');
    expect(readdirSync(join(dataDir, 'receipts'))).toEqual([`${BUNDLE}.json`]);
  });

  test('that are none are ignored and named', async () => {
    const { dataDir, lines, left, take } = await setUp();
    mkdirSync(join(dataDir, 'receipts'));
    const path = join(dataDir, 'receipts', 'odd.json');
    writeFileSync(path, '[{"epoch": 7}]');
    await take();
    expect([await left(), existsSync(path)]).toEqual([[1, 2, 3, 4, 5], false]);
    expect(lines[0]).toContain('is no receipt and is ignored');
  });
});
