import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { Digests, type DigestsOptions } from '../../src/digests.ts';
import type { DigestAcceptance } from '../../src/store/outbox.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import type { Stamp } from '../../src/values/stamp.ts';

const HOUR_MS = 3_600_000;
const at = (monoMs: number): Stamp => ({ boot: 1, monoMs, wallMs: monoMs, clock: 'synced', errorMs: 0 });

const parsed = parseConfig(`
site: plant
node: pi
sources: { mcu: { link: { type: serial, path: /dev/ttyUSB0 } } }
assets: { pump: { channels: { vib: { from: mcu.vib, unit: g } } } }
`);
if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
const { config } = parsed;

/** Digests on a clock that the test sets, over a store that takes digests or has no room. The link was last up at zero. */
function rig() {
  const state = { nowMs: 2 * HOUR_MS, isFull: true, link: at(0) };
  const told: unknown[] = [];
  const store = {
    moment: async () => state.link,
    recordMoment: async (_: string, stamp: Stamp) => {
      state.link = stamp;
    },
    recordWatched: async () => undefined,
    recall: async () => ({
      reports: [],
      unplaced: 0,
      unreadable: 0,
      gaps: [],
      watchedMs: {},
      syncPoints: [],
    }),
    acceptDigest: async ({ entry, moment }: DigestAcceptance) => {
      if (state.isFull) throw new Error('no room');
      told.push(JSON.parse(entry.payload));
      if (moment !== null) state.link = moment.stamp;
      return told.length;
    },
  };
  const clock = { monoMs: () => state.nowMs, wallMs: () => state.nowMs, stampAt: at };
  const parts = { counters: new Counters(), log: createLog('silent'), onStored: () => undefined };
  const keeper = { store } as unknown as DigestsOptions['keeper'];
  const digests = new Digests({ config, configSha256: '', clock, keeper, ...parts });
  return { digests, state, told };
}

test('the digest of a time without a link is made when the store has room again, and tells of all of it', async () => {
  const { digests, state, told } = rig();
  expect(await digests.linkUp()).toBeUndefined();
  digests.linkLost();
  expect(state.link).toEqual(at(0));
  state.nowMs = 3 * HOUR_MS;
  state.isFull = false;
  expect(await digests.linkUp()).toBe(1);
  expect(told).toMatchObject([{ from: { monoMs: 0 }, to: { monoMs: 3 * HOUR_MS } }]);
  expect(state.link).toEqual(at(3 * HOUR_MS));
});

test('it is made once', async () => {
  const { digests, state, told } = rig();
  await digests.linkUp();
  state.isFull = false;
  await digests.stop();
  await digests.stop();
  expect(told).toHaveLength(1);
});
