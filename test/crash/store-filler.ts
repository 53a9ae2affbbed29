import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Store } from '../../src/store/store.ts';
import { acceptance } from '../support/store-reports.ts';

/** Fills the disk that holds `dataDir`, empties it again, and prints what the store made of it as one JSON line. */
const [dataDir = ''] = process.argv.slice(2);
const open = () => Store.open({ dataDir, sizeMaxMiB: 64, bootId: 'boot-a', onDead: console.error });
const ballast = join(dataDir, 'ballast');
writeFileSync(ballast, Buffer.alloc(1024 * 1024));

const store = await open();
let accepted = 0;
let refusal: unknown;
while (refusal === undefined) {
  const results = await Promise.allSettled(
    [1, 2, 3].map((offset) => store.accept(acceptance(accepted + offset, 20_000))),
  );
  accepted += results.filter(({ status }) => status === 'fulfilled').length;
  refusal = results.find((result) => result.status === 'rejected')?.reason.code;
}
const whenFull = await store.totals();
rmSync(ballast);
await store.accept(acceptance(accepted + 1, 20_000));
await store.close();

const reopened = await open();
const rows = await reopened.pendingAfter({ lane: 'critical', seq: 0, limit: 1024 });
const states = Object.fromEntries(await reopened.incidentStates());
await reopened.close();
console.log(JSON.stringify({ accepted, refusal, whenFull, seqs: rows.map(({ seq }) => seq), states }));
