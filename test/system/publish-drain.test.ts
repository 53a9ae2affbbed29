import mqtt, { type IPublishPacket } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { Store } from '../../src/store/store.ts';
import { eventually, newFolder } from '../support/daemon.ts';
import { startDelayProxy } from '../support/delay-proxy.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { needsCommand } from '../support/needs.ts';
import { startPublishing } from '../support/publishing-process.ts';
import { fillStore, NODE, STORE_SIZE_MAX_MIB } from '../support/store-backlog.ts';

const IS_NIGHTLY = process.env['FIELDNOTE_NIGHTLY'] === '1';
const BACKLOG_LENGTH = IS_NIGHTLY ? 1_000_000 : 30_000;
/** How long nothing may come before the test gives up; how long everything takes is printed, not asserted. */
const STALL_MS = 30_000;
/** With an empty store, and again with a full one. */
const MEMORY_MAX_BYTES = 50 * 1024 * 1024;

/** What has come to the broker: ids in the order of their arrival, and when each came. */
async function watch(port: number) {
  const ids: string[] = [];
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5 });
  client.on('message', (_topic: string, _payload: Buffer, { properties }: IPublishPacket) =>
    ids.push(String(properties?.userProperties?.['id'])),
  );
  await client.subscribeAsync(`fieldnote/${NODE.site}/${NODE.node}/incident/#`, { qos: 1 });
  return { ids, [Symbol.asyncDispose]: () => client.endAsync(true) };
}

/** Waits for so many, for as long as they keep coming. */
async function arrivals(ids: readonly string[], count: number): Promise<void> {
  while (ids.length < count) {
    const before = ids.length;
    await eventually(() => expect(ids.length).toBeGreaterThan(Math.min(before + 500, count - 1)), STALL_MS);
  }
}

/** Over one link: drains up to so many, with a critical report in the middle of it. */
async function drain(dataDir: string, { port, ids, upTo, roundTripMs, emptyBytes }: Leg): Promise<void> {
  await using proxy = await startDelayProxy(port, roundTripMs);
  await using publishing = await startPublishing(dataDir, { url: `mqtt://127.0.0.1:${proxy.port}` });
  await arrivals(ids, ids.length + 2000);
  const [begin, beginMs] = [ids.length, performance.now()];
  await arrivals(ids, Math.floor((begin + upTo) / 2));
  const rate = ((ids.length - begin) / (performance.now() - beginMs)) * 1000;

  const [before, acceptMs] = [ids.length, performance.now()];
  const critical = `${await publishing.acceptCritical()}/1`;
  await eventually(() => expect(ids.indexOf(critical, before)).toBeGreaterThan(0));
  const latencyMs = performance.now() - acceptMs;
  const overtakers = ids.indexOf(critical, before) - before;
  // Accepted last, it leaves most of those that waited before it behind.
  expect(overtakers).toBeLessThan((upTo - before) / 2);

  await arrivals(ids, upTo);
  const grownBytes = publishing.peakBytes - emptyBytes;
  console.log(
    `${roundTripMs} ms round trip: ${Math.round(rate)} reports/s, a critical one after ${Math.round(latencyMs)} ms ` +
      `behind ${overtakers} others, ${Math.round(grownBytes / 2 ** 20)} MiB more than with an empty store`,
  );
  expect(grownBytes).toBeLessThan(MEMORY_MAX_BYTES);
}

interface Leg {
  readonly port: number;
  readonly ids: readonly string[];
  readonly upTo: number;
  readonly roundTripMs: number;
  readonly emptyBytes: number;
}

/** Bytes that store and publisher have in memory when nothing waits. */
async function memoryWhenEmpty(dataDir: string, port: number, ids: readonly string[]): Promise<number> {
  await using idle = await startPublishing(dataDir, { url: `mqtt://127.0.0.1:${port}` });
  const id = await idle.acceptCritical();
  await arrivals(ids, 1);
  expect(ids).toEqual([`${id}/1`]);
  return idle.residentBytes;
}

/** What the node says became of its reports. */
async function booksOf(dataDir: string) {
  const settings = { dataDir, sizeMaxMiB: STORE_SIZE_MAX_MIB, bootId: 'boot of the test' };
  const store = await Store.open({ ...settings, onDead: console.error });
  const { lanes, ...books } = await store.totals();
  await store.close();
  return books;
}

describe.runIf(needsCommand('mosquitto'))('a backlog of reports', () => {
  test(
    'drains over a slow link in little memory, and a fresh critical report overtakes it',
    async () => {
      await using folder = await newFolder();
      await using mosquitto = await startMosquitto(['max_inflight_messages 0']);
      await using watcher = await watch(mosquitto.port);
      const { ids } = watcher;
      const { port } = mosquitto;
      const emptyBytes = await memoryWhenEmpty(`${folder.path}/empty`, port, ids);
      ids.length = 0;
      fillStore(folder.path, BACKLOG_LENGTH);
      await drain(folder.path, { port, ids, upTo: BACKLOG_LENGTH / 3, roundTripMs: 200, emptyBytes });
      await drain(folder.path, { port, ids, upTo: BACKLOG_LENGTH, roundTripMs: 40, emptyBytes });
      const first = [...new Set(ids)].filter((id) => id.startsWith('incident'));
      expect(first).toEqual(first.toSorted());
      expect(first).toHaveLength(BACKLOG_LENGTH);
      // Each leg has added a critical report.
      const [accepted, delivered] = [BACKLOG_LENGTH + 2, BACKLOG_LENGTH + 2];
      const given = { expired: 0, evicted: 0, quarantined: 0 };
      expect(await booksOf(folder.path)).toEqual({ accepted, delivered, pending: 0, ...given });
    },
    IS_NIGHTLY ? 3_600_000 : 300_000,
  );
});
