import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Store } from '../../src/store/store.ts';
import { StoreKeeper } from '../../src/store-keeper.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import type { Lane } from '../../src/values/lane.ts';
import { acceptance } from '../support/store-reports.ts';

/**
 * A day without a free byte: one report a minute, every tenth of them critical, on a disk that somebody else has filled.
 * Then there is room again. Prints what the store made of it as one JSON line. `bare` takes the ballast away before.
 */
const [dataDir = '', bare] = process.argv.slice(2);
const MINUTES = 24 * 60;
const RECOVERY_SECONDS_MAX = 60;
const filler = join(dataDir, 'somebody-else');

const settings = { dataDir, sizeMaxMiB: 128, bootId: 'boot-a' };
const clock = systemClock(() => keeper?.store?.boot ?? 0);
const counters = new Counters();
let keeper: StoreKeeper | undefined;
const log = createLog('silent');
keeper = await StoreKeeper.start({ settings, clock, counters, log, onAccepted: () => undefined });

let handed = 0;
function hand(lane: Lane): void {
  keeper?.accept(acceptance(handed++, 2000, lane));
}
const settled = () => counters.get('reports_accepted') + counters.get('reports_refused');
const free = () => {
  const { bavail, bsize } = statfsSync(dataDir);
  return bavail * bsize;
};

for (let n = 0; n < 50; n++) hand(n % 2 === 0 ? 'incident' : 'update');
while (settled() < handed) await sleep(10);
if (bare === 'bare') rmSync(join(dataDir, 'fieldnote.ballast'));
fillDisk();
const freeWhenFull = free();

for (let minute = 1; minute <= MINUTES; minute++) {
  hand(minute % 10 === 0 ? 'critical' : minute % 3 === 0 ? 'incident' : 'update');
  await sleep(1);
}
// A store that takes critical reports has them soon; one that does not never will.
const waits = bare === 'bare' ? 20 : 300;
for (let wait = 0; wait < waits && (await criticalCount()) < MINUTES / 10; wait++) await sleep(100);
const duringDay = { critical: await criticalCount(), refused: counters.get('reports_refused') };

rmSync(filler);
const roomAtMs = performance.now();
while (settled() < handed && performance.now() - roomAtMs < RECOVERY_SECONDS_MAX * 1000) await sleep(50);
const recoveryS = (performance.now() - roomAtMs) / 1000;
hand('telemetry');
while (settled() < handed) await sleep(10);
await keeper.close();

const store = await Store.open({ ...settings, onDead: console.error });
const gaps = await store.gaps();
console.log(
  JSON.stringify({
    ...{ handed, freeWhenFull, duringDay, recoveryS },
    totals: await store.totals(),
    refused: counters.get('reports_refused'),
    refusedInGaps: gaps
      .filter(({ reason }) => reason === 'refused')
      .reduce((sum, { count }) => sum + (count ?? 0), 0),
  }),
);
await store.close();

async function criticalCount(): Promise<number> {
  return (await keeper?.store?.totals())?.lanes.critical.accepted ?? 0;
}

/** To the last byte. */
function fillDisk(): void {
  for (let chunk = 1024 * 1024; chunk >= 1; chunk = Math.floor(chunk / 2)) {
    try {
      for (;;) writeFileSync(filler, Buffer.alloc(chunk), { flag: 'a' });
    } catch {
      // Smaller pieces may still fit.
    }
  }
}
