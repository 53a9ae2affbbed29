import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreKeeper } from '../../src/store-keeper.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import { acceptance } from '../support/store-reports.ts';

/**
 * Hands reports to a store whose disk fails now and then, until each is stored, and logs to stdout. Who starts it makes the
 * disk fail; with `read-only` it does so itself: the disk is read-only when the store is opened, and writable later.
 */
const [dataDir = '', mode] = process.argv.slice(2);
const REPORTS = 60;

const counters = new Counters();
const clock = systemClock(() => keeper?.store?.boot ?? 0);
let keeper: StoreKeeper | undefined;
const start = () =>
  StoreKeeper.start({
    settings: { dataDir, sizeMaxMiB: 16, bootId: 'boot-a' },
    ...{ clock, counters, log: createLog('warn'), onAccepted: () => undefined },
  });
const remount = (how: 'ro' | 'rw') => {
  const { status, stderr } = spawnSync('mount', ['-o', `remount,${how}`, dataDir], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
};

keeper = await start();
if (mode === 'read-only') {
  await keeper.close();
  remount('ro');
  keeper = await start();
}
for (let revision = 1; revision <= REPORTS; revision++) {
  keeper.accept(acceptance(revision, 300, revision % 2 === 0 ? 'incident' : 'update'));
  await sleep(5);
}
if (mode === 'read-only') remount('rw');
while (counters.get('reports_accepted') < REPORTS) await sleep(20);

const rows = await Promise.all(
  (['incident', 'update'] as const).map((lane) => keeper?.pendingAfter({ lane, seq: 0, limit: 1000 })),
);
const totals = await keeper.store?.totals();
await keeper.close();
console.log(JSON.stringify({ revisions: rows.map((lane) => lane?.map(({ revision }) => revision)), totals }));
