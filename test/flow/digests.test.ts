import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { Digests } from '../../src/digests.ts';
import { StoreKeeper } from '../../src/store-keeper.ts';
import type { Clock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import type { Stamp } from '../../src/values/stamp.ts';
import { newFolder } from '../support/daemon.ts';

const HOUR_MS = 3_600_000;
/** Longer than the store takes: no digest with this topic can be stored. */
const UNSTORABLE = 'x'.repeat(2000);

/** Digests over a real store, with a clock that stands. */
async function rig(settings: { at?: string[] } = {}) {
  const folder = await newFolder();
  const lines: { level: number; msg: string }[] = [];
  let monoMs = 0;
  const stampAt = (ms: number): Stamp => {
    const wallMs = Date.UTC(2026, 10, 23, 5) + ms;
    return { boot: keeper.store?.boot ?? 0, monoMs: ms, wallMs, clock: 'synced', errorMs: 1000 };
  };
  const clock: Clock = { monoMs: () => monoMs, wallMs: () => stampAt(monoMs).wallMs, stampAt };
  const counters = new Counters();
  const log = createLog('info', { write: (line) => lines.push(JSON.parse(line)) });
  const keeper = await StoreKeeper.start({
    settings: { dataDir: join(folder.path, 'data'), sizeMaxMiB: 16, bootId: 'a' },
    ...{ clock, counters, log, onAccepted: () => undefined },
  });
  onTestFinished(async () => {
    await keeper.close();
    await folder[Symbol.asyncDispose]();
  });
  /** The digests of a daemon that starts now. */
  const start = ({ node = 'pump7' } = {}) => {
    const read = configSchema.parse({ site: 's', node: 'n', sources: {}, assets: {}, digest: settings });
    const config = { ...read, node };
    return new Digests({
      ...{ config, configSha256: 'c', clock, keeper, counters, log },
      onStored: () => undefined,
    });
  };
  const stored = () => keeper.pendingAfter({ lane: 'telemetry', seq: 0, limit: 10 });
  const errors = () => lines.filter(({ level }) => level >= 50);
  const pass = (ms: number) => {
    monoMs += ms;
  };
  return { keeper, start, pass, stored, errors };
}

/** Twelve hours without a link, which returns. */
async function afterTwelveHours(parts: Awaited<ReturnType<typeof rig>>, digests: Digests) {
  await digests.linkUp();
  digests.linkLost();
  parts.pass(12 * HOUR_MS);
  return digests.linkUp();
}

test('a digest that a link was too short for goes first at the next one, and it is not told twice', async () => {
  const parts = await rig();
  const digests = parts.start();
  const seq = await afterTwelveHours(parts, digests);
  expect(seq).toBeGreaterThan(0);
  digests.linkLost();
  parts.pass(5000);
  expect(await digests.linkUp()).toBe(seq);
  expect(await parts.stored()).toHaveLength(1);
  await parts.keeper.markDelivered([seq ?? 0]);
  digests.linkLost();
  expect(await digests.linkUp()).toBeUndefined();
});

test('so it does when the daemon has started anew meanwhile', async () => {
  const parts = await rig();
  const seq = await afterTwelveHours(parts, parts.start());
  expect(await parts.start().linkUp()).toBe(seq);
});

test('a link that comes and goes while its digest is made takes nothing from it', async () => {
  const parts = await rig();
  const digests = parts.start();
  await digests.linkUp();
  digests.linkLost();
  parts.pass(12 * HOUR_MS);
  const first = digests.linkUp();
  digests.linkLost();
  const second = digests.linkUp();
  expect(await second).toBe(await first);
  expect(await first).toBeGreaterThan(0);
});

test('a digest that could not be stored is told later, also after a restart', async () => {
  const parts = await rig();
  const digests = parts.start({ node: UNSTORABLE });
  expect(await afterTwelveHours(parts, digests)).toBeUndefined();
  expect(parts.errors()).toHaveLength(1);
  await digests.stop();
  parts.pass(60_000);
  expect(await parts.start().linkUp()).toBeGreaterThan(0);
  const [row] = await parts.stored();
  expect(JSON.parse(row?.payload ?? '{}')).toMatchObject({
    occasion: 'offline',
    lengthMs: 12 * HOUR_MS + 60_000,
  });
});

test('a digest that cannot be stored is tried again ever more seldom', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const parts = await rig({ at: ['06:00', '14:00', '22:00'] });
  const digests = parts.start({ node: UNSTORABLE });
  digests.start();
  // Each link waits for its turn, so the look before it is over.
  await digests.linkUp();
  parts.pass(24 * HOUR_MS);
  for (let count = 0; count < 60; count += 1) {
    parts.pass(10_000);
    vi.advanceTimersByTime(10_000);
    await digests.linkUp();
  }
  await digests.stop();
  // After 20, 40, 80, 160 and 320 seconds of these ten minutes.
  expect(parts.errors().length).toBeGreaterThanOrEqual(4);
  expect(parts.errors().length).toBeLessThanOrEqual(6);
});
