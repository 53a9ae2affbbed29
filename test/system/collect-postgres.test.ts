import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PostgresSink } from '../../src/collect/postgres-sink.ts';
import { balanceFaults, lanesIn } from '../support/collected.ts';
import { collectedGap } from '../support/collected-reports.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { eventually, newFolder, runFieldnote } from '../support/daemon.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { needsCommand } from '../support/needs.ts';
import { NodeProcess } from '../support/node-process.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';

const hasPrograms = [needsCommand('mosquitto'), needsCommand('pg_createcluster', 'postgresql')].every(
  Boolean,
);
const NODES = ['n1', 'n2'];

async function countIn(postgres: Postgres): Promise<number> {
  const [row] = await postgres.query('SELECT count(*) AS count FROM fieldnote_report');
  return Number(row?.['count']);
}

describe.runIf(hasPrograms)('PostgreSQL', () => {
  test('takes a record of a gap that grew within one batch', async () => {
    await using postgres = await startPostgres();
    const sink = new PostgresSink(postgres.url);
    const grow = (...ends: number[]) => {
      const gaps = ends.map((toSequence) => collectedGap({ toSequence, count: toSequence - 1 }));
      return sink.store({ reports: [], gaps, putAside: [], receivedMs: 0 });
    };
    await grow(8, 16);
    await grow(9, 20);
    await grow(12);
    await sink.close();
    expect(await postgres.query('SELECT count, to_sequence FROM fieldnote_gap')).toEqual([
      { count: '19', to_sequence: '20' },
    ]);
  }, 60_000);
});

describe.runIf(hasPrograms)('collectors in one group on one PostgreSQL', () => {
  test('share the work, and nothing is lost when one is killed and the database crashes', async () => {
    await using broker = await startMosquitto();
    await using postgres = await startPostgres();
    await using folder = await newFolder();
    const start = () => CollectorProcess.start(postgres.url, broker.port);
    const [first, second] = await Promise.all([start(), start()]);
    await using _first = first;
    await using _second = second;
    const promised: string[] = [];
    await using living = new AsyncDisposableStack();
    const nodes = NODES.map((node) => {
      const settings = { dataDir: join(folder.path, node), port: broker.port, node, receipts: true };
      const onPromised = (place: string) => promised.push(`${node} ${place}`);
      return living.use(new NodeProcess({ ...settings, isForgetful: false, count: 1e9 }, onPromised));
    });
    const more = async (count: number) => {
      const before = await countIn(postgres);
      await expect.poll(() => countIn(postgres), { timeout: 60_000 }).toBeGreaterThan(before + count);
    };
    await more(100);
    await postgres.kill();
    await eventually(() => expect(first.log.some(({ msg }) => /the nodes keep/.test(msg))).toBe(true));
    await postgres.start();
    await more(100);
    await second.kill();
    await more(100);
    await using third = await start();
    await more(100);
    const books = await Promise.all(nodes.map((node) => node.finish()));
    const [ofFirst, ofThird] = await Promise.all([first.stop(), third.stop()]);
    const lanes = await lanesIn(new PostgresSink(postgres.url));
    const rows = await postgres.query(
      'SELECT node, lane, sequence, count(DISTINCT id) AS ids, count(*) AS rows FROM fieldnote_report GROUP BY 1, 2, 3',
    );
    const places = new Set(rows.map(({ node, lane, sequence }) => `${node} ${lane} ${sequence}`));
    const lost = promised.filter((place) => !places.has(place));
    console.log(
      `two collectors, one killed, the database crashed once: ${promised.length} reports promised, ${places.size} ` +
        `collected, ${lost.length} lost; the survivor stored ${ofFirst.stored}, the late one ${ofThird.stored}`,
    );
    expect(lost).toEqual([]);
    expect(rows.filter((row) => row['rows'] !== '1')).toEqual([]);
    expect(
      NODES.flatMap((node, index) => balanceFaults(node, books[index] as (typeof books)[0], lanes)),
    ).toEqual([]);
    for (const { received, stored, copies, gaps, putAside, waiting } of [ofFirst, ofThird]) {
      expect(received).toBe(stored + copies + gaps + putAside + waiting);
      expect(stored).toBeGreaterThan(0);
    }
    const { exitCode, stdout } = await runFieldnote('collected', postgres.url);
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringMatching(/plant\/n2 +\w+ +update +\d+ +1 +\d+ +nothing/),
    ]);
  }, 400_000);
});
