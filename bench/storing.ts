import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Store } from '../src/store/store.ts';
import { madeAcceptance } from './made-reports.ts';
import type { Bench, Part } from './part.ts';
import { latencies } from './repeat.ts';
import { latencyRows, type Row } from './row.ts';

/** From a report to its durability, against a bare insert into SQLite with the same pragmas. */
export const storing: Part = { name: 'storing', measure };

const CALLS_PER_BLOCK = 400;

const BARE_SCHEMA = `
  PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = 1024;
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 1024; PRAGMA journal_size_limit = 4194304;
  CREATE TABLE outbox (seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload TEXT NOT NULL) STRICT`;

async function measure(bench: Bench): Promise<Row[]> {
  const dataDir = join(bench.diskFolder, 'storing');
  const onDead = (error: Error) => console.error(error.message);
  const store = await Store.open({ dataDir, sizeMaxMiB: 64, bootId: 'bench', onDead });
  using database = new DatabaseSync(join(dataDir, 'bare.db'));
  database.exec(BARE_SCHEMA);
  const insert = database.prepare('INSERT INTO outbox (topic, payload) VALUES (?, ?)');
  const acceptance = madeAcceptance();
  const { topic, payload } = acceptance.entry;
  bench.say(`reports of ${payload.length} characters, one by one`);
  try {
    const calls = {
      accept: () => store.accept(acceptance),
      insert: async () => insert.run(topic, payload),
    };
    const times = await latencies(calls, CALLS_PER_BLOCK);
    const note = `bare: insert of the same ${payload.length} characters, same pragmas`;
    return latencyRows({ name: 'report to durable', valuesMs: times.accept, baselineMs: times.insert, note });
  } finally {
    await store.close();
  }
}
