import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../demo/noise.ts';
import { collect } from '../../src/collect/collecting.ts';
import type { Batch } from '../../src/collect/sink.ts';
import { SqliteSink } from '../../src/collect/sqlite-sink.ts';
import { systemClock } from '../../src/system/clock.ts';
import { createLog } from '../../src/system/log.ts';
import { balanceFaults, collectedIn, lanesIn } from '../support/collected.ts';
import { eventually, newFolder } from '../support/daemon.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { needsCommand } from '../support/needs.ts';
import { NodeProcess } from '../support/node-process.ts';

/** A file that tells how many reports it has been given, copies included. */
class CountingSink extends SqliteSink {
  reportCount = 0;

  override store(batch: Batch): Promise<number> {
    this.reportCount += batch.reports.length;
    return super.store(batch);
  }
}

/** Kills the broker again and again while a node publishes and a collector collects. */
async function killBroker({ kills, receipts }: { kills: number; receipts: boolean }) {
  await using broker = await startMosquitto();
  await using folder = await newFolder();
  const random = seededRandom(kills);
  const file = join(folder.path, 'collected.db');
  const sink = new CountingSink(file);
  const stop = new AbortController();
  const collecting = collect(
    {
      ...{
        broker: `mqtt://127.0.0.1:${broker.port}`,
        group: 'g',
        clientId: 'collector',
        secrets: async () => ({}),
        sink,
      },
      // Waits between attempts would be most of the test.
      ...{ clock: systemClock(() => 0), random: () => random() / 200, log: createLog('silent') },
    },
    stop.signal,
  );
  const promised: string[] = [];
  const settings = { dataDir: join(folder.path, 'n1'), port: broker.port, node: 'n1', receipts };
  await using node = new NodeProcess({ ...settings, isForgetful: false, count: 1e9 }, (place) =>
    promised.push(`n1 ${place}`),
  );
  for (let kill = 0; kill < kills; kill++) {
    const before = sink.reportCount;
    // Each kill happens under traffic.
    await eventually(() => expect(sink.reportCount).toBeGreaterThan(before));
    await sleep(random() * 100);
    await broker.kill();
    await broker.start();
  }
  const books = await node.finish();
  stop.abort();
  const totals = await collecting;
  const lanes = await lanesIn(sink);
  const { places, rows, ids } = collectedIn(file);
  const lost = promised.filter((place) => !places.has(place));
  return { promised, lost, rows, ids, totals, books, lanes };
}

describe.runIf(needsCommand('mosquitto'))('a broker that is killed', () => {
  test('100 times with -9 loses no report that waits for its receipt', async () => {
    const { promised, lost, rows, ids, totals, books, lanes } = await killBroker({
      kills: 100,
      receipts: true,
    });
    console.log(
      `100 kills of the broker: ${promised.length} reports promised, ${rows} collected, ${lost.length} lost, ` +
        `${(totals.copies / 100).toFixed(1)} copies per kill`,
    );
    expect(lost).toEqual([]);
    expect(ids).toBe(rows);
    expect(balanceFaults('n1', books, lanes)).toEqual([]);
    const { received, stored, copies, gaps, putAside, waiting } = totals;
    expect(received).toBe(stored + copies + gaps + putAside + waiting);
    expect(stored).toBe(rows);
  }, 400_000);

  test('loses reports of a node that trusts its acknowledgements', async () => {
    const { promised, lost, books, lanes } = await killBroker({ kills: 15, receipts: false });
    console.log(`15 kills of the broker without receipts: ${lost.length} of ${promised.length} reports lost`);
    expect(lost.length).toBeGreaterThan(0);
    expect(balanceFaults('n1', books, lanes)).not.toEqual([]);
  }, 120_000);
});
