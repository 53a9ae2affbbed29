import { expect, onTestFinished, test, vi } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { Digests } from '../../src/digests.ts';
import type { DigestAcceptance } from '../../src/store/outbox.ts';
import type { Recollection } from '../../src/store/recall.ts';
import type { StoreKeeper } from '../../src/store-keeper.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { FieldnoteError } from '../../src/system/errors.ts';
import { createLog } from '../../src/system/log.ts';
import type { Stamp } from '../../src/values/stamp.ts';

const HOUR_MS = 3_600_000;

/** Digests over a store that is full until it is not, and whose link was last up two hours ago. */
function setUp() {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const system = systemClock(() => 1);
  let monoMs = 2 * HOUR_MS;
  const clock = { ...system, monoMs: () => monoMs };
  const disk = { isFull: true, isOpen: true, link: { ...system.stampAt(monoMs), monoMs: 0 } as Stamp };
  const digests: DigestAcceptance[] = [];
  const nothing: Recollection = { reports: [], states: [], gaps: [], watchedMs: {}, syncPoints: [] } as never;
  const store = {
    moment: async () => disk.link,
    recordMoment: async (_name: string, stamp: Stamp) => {
      disk.link = stamp;
    },
    recall: async () => nothing,
    async acceptDigest(acceptance: DigestAcceptance) {
      if (disk.isFull) throw new FieldnoteError('STORE_FULL', 'no room', {});
      digests.push(acceptance);
      if (acceptance.moment !== null) disk.link = acceptance.moment.stamp;
      return digests.length;
    },
  };
  const made = new Digests({
    config: configSchema.parse({ site: 'plant', node: 'pump7', sources: {}, assets: {} }),
    configSha256: '0'.repeat(64),
    keeper: {
      get store() {
        return disk.isOpen ? store : undefined;
      },
      pendingAfter: async () => digests.map((_, at) => ({ seq: at + 1 })),
    } as unknown as StoreKeeper,
    ...{ clock, counters: new Counters(), log: createLog('silent'), onStored: () => {} },
  });
  onTestFinished(() => made.stop());
  /** So many milliseconds later it is looked whether a digest is due. */
  const passMs = async (ms: number) => {
    monoMs += ms;
    await vi.advanceTimersToNextTimerAsync();
  };
  return { made, disk, digests, passMs };
}

test('the digest of a returned link that a full store refused is made when there is room, once', async () => {
  const { made, disk, digests, passMs } = setUp();
  const before = disk.link;
  made.start();
  expect(await made.linkUp()).toBeUndefined();
  await passMs(HOUR_MS);
  // That the link is up must not become durable before what happened meanwhile is told.
  expect(disk.link).toEqual(before);
  disk.isFull = false;
  await passMs(HOUR_MS);
  await passMs(HOUR_MS);
  expect(digests).toHaveLength(1);
  expect(JSON.parse(digests[0]?.entry.payload ?? '')).toMatchObject({ lengthMs: 2 * HOUR_MS });
  expect(disk.link.monoMs).toBe(5 * HOUR_MS);
});

test('a store that is not open when the link returns is asked when it is', async () => {
  const { made, disk, digests, passMs } = setUp();
  Object.assign(disk, { isFull: false, isOpen: false });
  made.start();
  expect(await made.linkUp()).toBeUndefined();
  await passMs(HOUR_MS);
  expect(digests).toEqual([]);
  disk.isOpen = true;
  await passMs(HOUR_MS);
  await passMs(HOUR_MS);
  expect(digests).toHaveLength(1);
  expect(JSON.parse(digests[0]?.entry.payload ?? '')).toMatchObject({ lengthMs: 2 * HOUR_MS });
});

test('a link that was lost again before its digest was made leaves it to the next one', async () => {
  const { made, disk, digests, passMs } = setUp();
  await made.linkUp();
  made.linkLost();
  disk.isFull = false;
  await passMs(HOUR_MS);
  expect(await made.linkUp()).toBe(1);
  expect(JSON.parse(digests[0]?.entry.payload ?? '')).toMatchObject({ lengthMs: 3 * HOUR_MS });
});
