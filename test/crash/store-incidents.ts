import { Store } from '../../src/store/store.ts';
import { acceptance } from '../support/store-reports.ts';

/** Incidents of 1 KiB as they come on a quiet day: each is accepted, and delivered before the next one comes. */
const [folder = '', count = '0'] = process.argv.slice(2);
const store = await Store.open({
  dataDir: folder,
  sizeMaxMiB: 64,
  bootId: 'boot-a',
  onDead(error) {
    throw error;
  },
});
async function live(revision: number): Promise<void> {
  const seq = await store.accept(acceptance(revision, 1024, revision % 2 === 1 ? 'incident' : 'update'));
  await store.markDelivered([seq]);
}

// What a new store costs once is no part of an incident.
for (let revision = 1; revision <= 50; revision++) await live(revision);
console.log('begin');
for (let revision = 1; revision <= Number(count); revision++) await live(revision);
await store.close();
