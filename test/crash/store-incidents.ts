import { randomUUID } from 'node:crypto';
import { Store } from '../../src/store/store.ts';
import { acceptance } from '../support/store-reports.ts';

/**
 * Incidents as they come on a quiet day, each of them a new one: a report of 1 KiB opens it and another one closes it, and
 * each is accepted and delivered before the next one comes.
 */
const [folder = '', count = '0'] = process.argv.slice(2);
const store = await Store.open({
  dataDir: folder,
  sizeMaxMiB: 64,
  bootId: 'boot-a',
  onDead(error) {
    throw error;
  },
});
async function live(): Promise<void> {
  const incident = randomUUID();
  for (const revision of [1, 2]) {
    const { entry, ...made } = acceptance(revision, 1024, 'incident');
    const wording = { ...made.wording, incident };
    const seq = await store.accept({ ...made, entry: { ...entry, id: incident }, wording });
    await store.markDelivered([seq]);
  }
}

// What a new store costs once is no part of an incident.
for (let number = 1; number <= 50; number++) await live();
console.log('begin');
for (let number = 1; number <= Number(count); number++) await live();
await store.close();
