import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../demo/noise.ts';
import { unwrittenLengthMax } from '../../src/publish/settlement.ts';
import { DEFERRED_REPORTS_MAX } from '../../src/store/group-commit.ts';
import { balanceFaults, collectedIn, lanesInFile } from '../support/collected.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { newFolder } from '../support/daemon.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { needsCommand } from '../support/needs.ts';
import { type NodeBooks, NodeProcess, type NodeSettings } from '../support/node-process.ts';
import { watchReports } from '../support/report-watcher.ts';

/** Nodes that are killed at the same time, each again and again: to start them takes most of the time. */
const NODES = ['n1', 'n2', 'n3'];
const KILLS = process.env['FIELDNOTE_NIGHTLY'] === '1' ? 1002 : 300;
const WINDOW = 16;
/**
 * What a kill may send again: reports that wait for their receipt (four windows, eight when critical ones wait too), those
 * that have it and whose batch is written or fills, and what rides with the next commit of the store.
 */
const COPIES_PER_KILL_MAX = 8 * WINDOW + unwrittenLengthMax(WINDOW) + DEFERRED_REPORTS_MAX;
const NO_END = 1e9;

/** Kills a node at random moments, also while it starts, then lets it deliver what is left. */
async function killAgainAndAgain(
  settings: Omit<NodeSettings, 'count'>,
  { kills, seed, onLife }: { kills: number; seed: number; onLife: (life: number) => void },
): Promise<{ promised: string[]; books: NodeBooks | undefined }> {
  const random = seededRandom(seed);
  const promised: string[] = [];
  const live = (count: number) =>
    new NodeProcess({ ...settings, count }, (place) => promised.push(`${settings.node} ${place}`));
  for (let kill = 1; kill <= kills; kill++) {
    onLife(kill);
    await using node = live(NO_END);
    if (random() < 0.8) await Promise.race([node.begun, node.ended]);
    await sleep(random() * 200);
    await node.kill();
  }
  onLife(kills + 1);
  const books = await live(0).ended;
  return { promised, books };
}

describe.runIf(needsCommand('mosquitto'))('a node that is killed', () => {
  test(
    `${KILLS} times with -9 loses nothing, and the collector has everything once`,
    async () => {
      await using broker = await startMosquitto();
      await using folder = await newFolder();
      const file = join(folder.path, 'collected.db');
      await using collector = await CollectorProcess.start(file, broker.port);
      const lives = new Map<string, number>();
      await using watcher = await watchReports(broker.port, (node) => lives.get(node) ?? 0);
      const killed = await Promise.all(
        NODES.map((node, index) =>
          killAgainAndAgain(
            { dataDir: join(folder.path, node), port: broker.port, node, receipts: true, isForgetful: false },
            { kills: KILLS / NODES.length, seed: index + 1, onLife: (life) => lives.set(node, life) },
          ),
        ),
      );
      const totals = await collector.stop();
      const lanes = await lanesInFile(file);
      const { places, rows, ids } = collectedIn(file);
      const promised = killed.flatMap((node) => node.promised);
      const lost = promised.filter((place) => !places.has(place));
      const copies = [...watcher.copies.values()];
      const copyCount = copies.reduce((sum, count) => sum + count, 0);
      console.log(
        `${KILLS} kills: ${promised.length} reports promised, ${rows} collected, ${lost.length} lost, ` +
          `${(copyCount / KILLS).toFixed(1)} copies per kill, at most ${Math.max(0, ...copies)} ` +
          `(${COPIES_PER_KILL_MAX} may), ${watcher.repeats} again for a late receipt, ${watcher.outOfOrder.length} out of order; collector ${JSON.stringify(totals)}`,
      );
      expect(lost).toEqual([]);
      expect(promised.length).toBeGreaterThan(KILLS);
      expect([rows, ids]).toEqual([places.size, places.size]);
      expect(watcher.outOfOrder).toEqual([]);
      expect(Math.max(0, ...copies)).toBeLessThanOrEqual(COPIES_PER_KILL_MAX);
      const balances = NODES.flatMap((node, index) => {
        const books = killed[index]?.books;
        return books === undefined ? `${node} ended without its books` : balanceFaults(node, books, lanes);
      });
      expect(balances).toEqual([]);
      const { received, stored, copies: known, gaps, putAside, waiting } = totals;
      expect(received).toBe(stored + known + gaps + putAside + waiting);
      expect(stored).toBe(rows);
    },
    KILLS * 4000,
  );

  test('the same check notices one that deletes before it sends', async () => {
    await using broker = await startMosquitto();
    await using folder = await newFolder();
    const file = join(folder.path, 'collected.db');
    await using collector = await CollectorProcess.start(file, broker.port);
    const { promised } = await killAgainAndAgain(
      { dataDir: join(folder.path, 'n1'), port: broker.port, node: 'n1', receipts: true, isForgetful: true },
      { kills: 15, seed: 9, onLife: () => undefined },
    );
    await collector.stop();
    const { places } = collectedIn(file);
    const lost = promised.filter((place) => !places.has(place)).length;
    console.log(
      `15 kills of a node that deletes before it sends: ${lost} of ${promised.length} reports lost`,
    );
    expect(lost).toBeGreaterThan(0);
  }, 120_000);
});
