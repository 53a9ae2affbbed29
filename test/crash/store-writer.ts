import { writeSync } from 'node:fs';
import { Store } from '../../src/store/store.ts';
import { acceptance } from '../support/store-reports.ts';

/**
 * Accepts reports without pause until it is killed, 16 at a time, and delivers every third. Writes the revision of a
 * report to stdout once it is promised: as soon as `accept` has resolved or, to show that the test would notice,
 * `too-early`: before.
 */
const [dataDir = '', firstRevision = '1', when = 'resolved'] = process.argv.slice(2);
const onDead = (error: Error) => {
  throw error;
};
const store = await Store.open({ dataDir, sizeMaxMiB: 64, bootId: 'boot-a', onDead });

function promise(revision: number): void {
  for (;;) {
    try {
      writeSync(1, `${revision}\n`);
      return;
    } catch (error) {
      // Whoever reads is busy: the pipe is full.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}

async function acceptOne(revision: number): Promise<void> {
  if (when === 'too-early') promise(revision);
  const seq = await store.accept(acceptance(revision));
  if (when !== 'too-early') promise(revision);
  if (revision % 3 === 0) await store.markDelivered([seq]);
}

for (let revision = Number(firstRevision); ; revision += 16)
  await Promise.all(Array.from({ length: 16 }, (_, offset) => acceptOne(revision + offset)));
