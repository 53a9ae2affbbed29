import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Store } from '../../src/store/store.ts';
import { sizedAcceptance } from '../support/sized-reports.ts';
import { stamp } from '../support/store-reports.ts';

/**
 * What a store lives through, for a recording of its system calls: created, filled, delivered, quarantined, checkpointed,
 * closed,
 * opened again, damaged, salvaged, and left open. Says `accepted REVISION` once that is promised and `released REVISION` before it
 * asks for a delivery.
 */
const [folder = ''] = process.argv.slice(2);
const say = (text: string) => writeSync(1, `${text}\n`);

const open = () =>
  Store.open({
    dataDir: join(folder, 'data'),
    sizeMaxMiB: 8,
    bootId: 'boot-a',
    onDead(error) {
      throw error;
    },
  });

async function work(store: Store, first: number, last: number): Promise<void> {
  const waiting: { seq: number; revision: number }[] = [];
  for (let revision = first; revision <= last; ) {
    const group = Array.from(
      { length: Math.min(1 + (revision % 5), last - revision + 1) },
      (_, at) => revision + at,
    );
    await Promise.all(
      group.map(async (one) => {
        const seq = await store.accept(sizedAcceptance(one));
        say(`accepted ${one}`);
        waiting.push({ seq, revision: one });
      }),
    );
    revision += group.length;
    if (waiting.length > 40) await release(store, waiting.splice(0, 25));
    if (revision % 7 === 0)
      await store.appendLearning({ asset: 'pump', channels: ['a', 'b'] }, [Float32Array.of(revision, 1)]);
  }
}

async function release(store: Store, gone: readonly { seq: number; revision: number }[]): Promise<void> {
  for (const { revision } of gone) say(`released ${revision}`);
  const [bad, ...delivered] = gone.map(({ seq }) => seq);
  await store.markDelivered(delivered);
  if (bad !== undefined) await store.quarantine(bad, 'the broker refused it', stamp);
}

/** Makes the database one that SQLite does not even open. */
function damage(): void {
  say('damaged');
  const file = openSync(join(folder, 'data/fieldnote.db'), 'r+');
  writeSync(file, Buffer.alloc(512, 0x5a), 0, 512, 0);
  fsyncSync(file);
  closeSync(file);
}

const first = await open();
await work(first, 1, 500);
await first.close();
const second = await open();
await work(second, 501, 700);
await second.close();
damage();
await work(await open(), 701, 800);
process.kill(process.pid, 'SIGKILL');
