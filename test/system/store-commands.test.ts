import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/report/digest.ts';
import { Store } from '../../src/store/store.ts';
import { setUpCliPlant } from '../support/cli-plant.ts';
import { runFieldnote } from '../support/daemon.ts';
import { setUpPlant } from '../support/plant.ts';
import { storeOfReports } from '../support/store-of-reports.ts';
import { stamp } from '../support/store-reports.ts';

const REPORTS = 40;

async function setUp() {
  const plant = await setUpCliPlant();
  const seqs = await storeOfReports(plant.dataDir, REPORTS);
  const stick = join(plant.folder, 'stick');
  mkdirSync(stick);
  const database = join(plant.folder, 'plant.sqlite');
  const importJson = async (...options: string[]) => {
    const { stdout, stderr } = await runFieldnote(
      'store',
      'import',
      stick,
      '--to',
      database,
      '--json',
      ...options,
    );
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  };
  return { ...plant, seqs, stick, database, importJson, [Symbol.asyncDispose]: plant[Symbol.asyncDispose] };
}

const open = (dataDir: string) =>
  Store.open({ dataDir, sizeMaxMiB: 256, bootId: 'boot-a', onDead: () => {} });
const bytesOf = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]));

describe('fieldnote store', { timeout: 240_000 }, () => {
  test('status tells what waits lane by lane, adds up, and changes nothing', async () => {
    await using plant = await setUp();
    const before = bytesOf(plant.dataDir);
    const status = await plant.json('store', 'status');
    const lanes = Object.values(status.lanes) as { accepted: number; pending: number }[];
    expect(lanes.reduce((sum, { pending }) => sum + pending, 0)).toBe(REPORTS);
    expect(status).toMatchObject({ key: null, hasBallast: true, gaps: [], putAside: [] });
    const { stdout } = await plant.fieldnote('store', 'status');
    expect(stdout).toMatch(/^lane +waiting +size +share +oldest +accepted/m);
    expect(stdout).toMatch(/^critical +\d+ +0\.\d MiB +0 % of 230\.4 MiB +2027-01-15 08:00:00 UTC/m);
    expect(stdout).toContain('nothing was lost');
    expect(bytesOf(plant.dataDir)).toEqual(before);
  });

  test('status and verify work while the daemon runs', async () => {
    await using plant = await setUpPlant();
    await plant.startWatching();
    const config = join(plant.folder, 'fieldnote.yaml');
    const status = await runFieldnote('store', 'status', '--config', config, '--json');
    expect(JSON.parse(status.stdout).epoch).toMatch(/^[0-9a-f]{16}$/);
    const { exitCode, stdout } = await runFieldnote('store', 'verify', '--config', config);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('is sound')]);
  });

  test('verify finds a flipped bit in a report, in the books and in the structure', async () => {
    await using plant = await setUp();
    const path = join(plant.dataDir, 'fieldnote.db');
    const change = (sql: string) => {
      const file = new DatabaseSync(path);
      file.exec(sql);
      file.close();
    };
    change("UPDATE outbox SET topic = 'x' WHERE seq = (SELECT min(seq) FROM outbox)");
    const report = await plant.fieldnote('store', 'verify');
    expect([report.exitCode, report.stdout]).toEqual([
      1,
      expect.stringContaining('outbox: 1 rows do not agree with their checksum'),
    ]);
    change('UPDATE lane SET delivered = 7 WHERE rank = 0');
    expect((await plant.json('store', 'verify')).faults[0]).toContain('the books do not agree');
    writeFileSync(path, readFileSync(path).fill(0xa5, 5 * 1024, 6 * 1024));
    const structure = await plant.fieldnote('store', 'verify');
    expect(structure.exitCode).toBe(1);
  });

  test('says what is the matter with a store that is not there, newer, or older', async () => {
    await using plant = await setUpCliPlant();
    const missing = await plant.fieldnote('store', 'status');
    expect([missing.exitCode, missing.stderr]).toEqual([2, expect.stringContaining('there is no store yet')]);
    await storeOfReports(plant.dataDir, 1);
    for (const [version, message] of [
      [99, /has schema 99, this program knows up to/],
      [1, /does not have the tables of Fieldnote/],
    ] as const) {
      const file = new DatabaseSync(join(plant.dataDir, 'fieldnote.db'));
      file.exec(`PRAGMA user_version = ${version}`);
      file.close();
      const { exitCode, stderr } = await plant.fieldnote('store', 'status');
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(message)]);
    }
  });

  test('carries reports by stick: there and back, twice without harm, and deletes only what arrived', async () => {
    await using plant = await setUp();
    const { dataDir, stick, database } = plant;
    const first = await plant.json('store', 'export', stick);
    expect(first).toMatchObject({ confirmed: 0, bundle: join(stick, 'fieldnote-plant-pump7-1') });
    const { key } = await plant.json('store', 'status');
    expect(key).toBe(first.key);

    expect(await plant.importJson('--key', key)).toMatchObject([{ reports: REPORTS, added: REPORTS, key }]);
    expect(await plant.importJson()).toMatchObject([{ reports: REPORTS, added: 0 }]);
    const collected = await runFieldnote('collected', database);
    expect([collected.exitCode, collected.stdout]).toEqual([0, expect.stringContaining('plant/pump7')]);

    const store = await open(dataDir);
    expect((await store.totals()).pending).toBe(REPORTS);
    await store.close();
    const second = await plant.json('store', 'export', stick);
    expect(second).toMatchObject({ confirmed: REPORTS, bundle: null });
    expect(readdirSync(join(dataDir, 'receipts'))).toHaveLength(1);
  });

  test('carries a digest, and 1000 gaps to be read, and leaves behind what cannot be wrapped', async () => {
    await using plant = await setUp();
    const { dataDir, stick, database } = plant;
    const store = await open(dataDir);
    const digest = digestOf({
      ...{ id: randomUUID(), occasion: 'schedule', site: 'plant', node: 'pump7' },
      period: { from: stamp, to: { ...stamp, monoMs: stamp.monoMs + 1000, wallMs: stamp.wallMs + 1000 } },
      happened: { reports: [], gaps: [], coverage: [], unplaced: 0, unreadable: 0 },
      provenance: { config: 'c', agent: '1' },
    });
    const accept = (payload: string) => {
      const entry = { id: randomUUID(), revision: 1, asset: '', lane: 'incident', payload, stamp } as const;
      return store.acceptDigest({ entry: { ...entry, topic: 'fieldnote/plant/pump7/digest' }, moment: null });
    };
    await accept(JSON.stringify(digest));
    await accept('{}');
    await store.close();
    using file = new DatabaseSync(join(dataDir, 'fieldnote.db'));
    const record = file.prepare(
      "INSERT INTO gap (reason, detail, count, fromSeq, toSeq, lane, epoch) VALUES ('evicted', ?, 1, ?, ?, 'update', 'e')",
    );
    for (let n = 1; n <= 1000; n++) record.run(`${'\u{20ac}'.repeat(255)}\n`, 2 * n, 2 * n);
    const exported = await plant.json('store', 'export', stick);
    expect(exported).toMatchObject({ unreadable: 1 });
    expect(await plant.importJson()).toMatchObject([{ reports: REPORTS + 1 }]);
    using collected = new DatabaseSync(database);
    const count = (table: string, where: string) =>
      collected.prepare(`SELECT count(*) AS count FROM ${table} WHERE ${where}`).get()?.['count'];
    expect(count('fieldnote_report', "type = 'fieldnote.digest.schedule'")).toBe(1);
    expect(count('fieldnote_gap', 'true')).toBe(200);
  });

  test('takes no bundle that was changed, that another key signed, or that is cut off', async () => {
    await using plant = await setUp();
    const { bundle } = await plant.json('store', 'export', plant.stick);
    const refused = async (...options: string[]) => {
      await expect(plant.importJson(...options)).rejects.toThrow('cannot be used');
    };
    await expect(plant.importJson('--key', '0000000000000000')).rejects.toThrow('not by 0000000000000000');
    for (const name of ['reports.jsonl', 'gaps.json', 'manifest.json', 'manifest.sig']) {
      const path = join(bundle, name);
      const good = readFileSync(path);
      const flipped = Buffer.from(good);
      const middle = Math.floor(good.length / 2);
      flipped[middle] = (flipped[middle] ?? 0) ^ 1;
      for (const bad of [flipped, good.subarray(0, middle)]) {
        writeFileSync(path, bad);
        await refused();
      }
      writeFileSync(path, good);
    }
    expect(await plant.importJson()).toMatchObject([{ added: REPORTS }]);
  });

  test('takes no receipt for what was not in the bundle, nor from a bundle of another node', async () => {
    await using plant = await setUp();
    await using other = await setUp();
    const { bundle } = await plant.json('store', 'export', plant.stick);
    const [{ key }] = await plant.importJson();
    const path = join(bundle, 'receipts.json');
    const receipts = JSON.parse(readFileSync(path, 'utf8'));
    receipts.receipts[0].ranges = [[1, 999_999]];
    writeFileSync(path, JSON.stringify(receipts));
    const { confirmed } = await plant.json('store', 'export', plant.stick);
    expect(confirmed).toBeLessThan(REPORTS);
    expect(key).toHaveLength(16);
    expect(await other.json('store', 'export', plant.stick)).toMatchObject({ confirmed: 0 });
  });

  test('salvages a damaged store into a new folder and leaves the old one as it was', async () => {
    await using plant = await setUp();
    const path = join(plant.dataDir, 'fieldnote.db');
    const damaged = readFileSync(path).fill(0xa5, 0, 40);
    writeFileSync(path, damaged);
    const target = join(plant.folder, 'saved');
    const { stdout, exitCode } = await runFieldnote('store', 'salvage', path, target, '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ notice: expect.stringContaining('was damaged') });
    expect(readFileSync(path).equals(damaged)).toBe(true);
    const again = await runFieldnote('store', 'salvage', path, target);
    expect([again.exitCode, again.stderr]).toEqual([2, expect.stringContaining('is not empty')]);
  });
});
