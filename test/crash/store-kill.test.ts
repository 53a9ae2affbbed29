import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { call, openIn, temporaryFolder, waitingSeqs } from '../support/store-samples.ts';

const KILLS = 25;

/** Runs the writer, kills it at a random moment after its first promise, and returns the revisions it promised. */
async function promisedUntilKilled(dataDir: string, firstRevision: number, when: 'resolved' | 'too-early') {
  const program = join(import.meta.dirname, 'store-writer.ts');
  const child = spawn(process.execPath, [program, dataDir, `${firstRevision}`, when], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  await sleep(Math.random() * 150);
  child.kill('SIGKILL');
  await closed;
  return output.split('\n').slice(0, -1).map(Number);
}

/** What lies in the store after a kill: revisions in the order of their sequence numbers, and the books. */
function inspect(dataDir: string) {
  const database = openIn(dataDir);
  const revisions = database.sql.all`SELECT revision FROM outbox ORDER BY seq`.map(({ revision }) =>
    Number(revision),
  );
  const found = {
    revisions,
    totals: call(database, 'totals', undefined),
    waiting: waitingSeqs(database).length,
  };
  database.close();
  return found;
}

const inOrder = (revisions: readonly number[]) => [...revisions].sort((a, b) => a - b);

test(`after ${KILLS} kill -9 every promised report is there, in order, and the books are right`, async () => {
  const folder = temporaryFolder();
  const promised: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    // A gap between the runs: what a killed writer had under way may be there too, without having been promised.
    promised.push(...(await promisedUntilKilled(folder, 1 + kill * 1_000_000, 'resolved')));
    const { revisions, totals, waiting } = inspect(folder);
    const stored = new Set(revisions);
    expect(promised.filter((revision) => revision % 3 !== 0 && !stored.has(revision))).toEqual([]);
    expect(revisions).toEqual(inOrder(revisions));
    expect(totals).toMatchObject({ accepted: totals.delivered + waiting, pending: waiting });
  }
  expect(promised.length).toBeGreaterThan(KILLS * 16);
}, 180_000);

test('the same check notices a writer that promises before the commit', async () => {
  const folder = temporaryFolder();
  let lost = 0;
  for (let kill = 0; kill < 10 && lost === 0; kill++) {
    const promised = await promisedUntilKilled(folder, 1 + kill * 1_000_000, 'too-early');
    const stored = new Set(inspect(folder).revisions);
    lost += promised.filter((revision) => revision % 3 !== 0 && !stored.has(revision)).length;
  }
  expect(lost).toBeGreaterThan(0);
}, 90_000);
