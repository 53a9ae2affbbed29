import { topicsOf } from '../../src/publish/topics.ts';
import { inTransaction } from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/open.ts';
import { type Acceptance, accept } from '../../src/store/outbox.ts';
import type { Lane } from '../../src/values/lane.ts';
import type { Report } from '../../src/values/report.ts';
import { madeReport } from './made-report.ts';

export const NODE = { site: 'plant', node: 'skid' } as const;

/** Room for a million reports of 1 KiB and what SQLite adds. */
export const STORE_SIZE_MAX_MIB = 8192;

/** Of each stored report. */
const PAYLOAD_BYTES = 1024;
const ROWS_PER_COMMIT = 10_000;
const ASSET = 'pump';
const TOPIC = topicsOf(NODE).incident(ASSET);

const TEMPLATE: Report = { ...madeReport(1), ...NODE, channels: [], text: '' };

/** The report number `count` of a lane, 1 KiB long. */
export function backlogEntry(count: number, lane: Lane, monoMs: number): Acceptance {
  const id = `${lane}-${String(count).padStart(8, '0')}`;
  const stamp = { boot: 1, monoMs, wallMs: 0, clock: 'unknown', errorMs: null } as const;
  const { length } = JSON.stringify({ ...TEMPLATE, id });
  const payload = JSON.stringify({ ...TEMPLATE, id, text: 'x'.repeat(PAYLOAD_BYTES - length) });
  const entry = { id, revision: 1, asset: ASSET, lane, topic: TOPIC, payload, stamp };
  return { stateKey: ASSET, state: {}, entry, wording: { incident: id, isAwaited: false } };
}

/** Fills a new store with so many reports of the lane `incident`, as if the site had had no link for a long time. */
export function fillStore(dataDir: string, count: number): void {
  const settings = { dataDir, sizeMaxMiB: STORE_SIZE_MAX_MIB, bootId: 'boot of the test' };
  const database = openDatabase(settings, '0123456789abcdef');
  for (let done = 0; done < count; done += ROWS_PER_COMMIT)
    inTransaction(database.sql.connection, () => {
      const end = Math.min(count, done + ROWS_PER_COMMIT);
      for (let number = done + 1; number <= end; number++)
        accept(database, backlogEntry(number, 'incident', 0));
    });
  database.close();
}
