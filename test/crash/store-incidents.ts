import { createHash, randomUUID } from 'node:crypto';
import { Store } from '../../src/store/store.ts';
import type { Report } from '../../src/values/report.ts';
import { madeReport } from '../support/made-report.ts';
import { acceptance } from '../support/store-reports.ts';

/**
 * Incidents as they come on a quiet day, each of them a new one: a report of about so many bytes opens it and another one
 * closes it, each with a state of so many bytes, and each is accepted and delivered before the next one comes.
 */
const [folder = '', count = '0', reportBytes = '0', stateBytes = '0'] = process.argv.slice(2);
const store = await Store.open({
  dataDir: folder,
  sizeMaxMiB: 64,
  bootId: 'boot-a',
  onDead(error) {
    throw error;
  },
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const provenance = { textBy: 'template', model: sha256('m'), config: sha256('c'), agent: '0.1.0' } as const;

/** Texts do not compress like one letter: these are real ones, with the hashes that real ones have. */
const reports: Report[] = [];
for (let seed = 1; reports.length < 16; seed++) {
  const report = { ...madeReport(seed), id: randomUUID(), provenance };
  const { length } = JSON.stringify(report);
  if (length >= Number(reportBytes) && length < 1.15 * Number(reportBytes)) reports.push(report);
}

let lived = 0;
let payloadBytes = 0;

async function live(): Promise<void> {
  const id = randomUUID();
  for (const revision of [1, 2]) {
    const payload = JSON.stringify({ ...reports[lived++ % reports.length], id, revision });
    payloadBytes += payload.length;
    const made = acceptance(revision, 0, 'incident');
    const seq = await store.accept({
      ...made,
      state: 's'.repeat(Number(stateBytes)),
      entry: { ...made.entry, id, payload },
      wording: { incident: id, isAwaited: false },
    });
    await store.markDelivered([seq]);
  }
}

// What a new store costs once is no part of an incident.
for (let number = 1; number <= 50; number++) await live();
console.log(`begin, reports of ${Math.round(payloadBytes / lived)} bytes`);
for (let number = 1; number <= Number(count); number++) await live();
await store.close();
