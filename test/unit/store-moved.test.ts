import { copyFileSync, cpSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { acceptance } from '../support/store-reports.ts';
import { call, openIn, temporaryFolder, waitingSeqs } from '../support/store-samples.ts';

/** A closed store with five accepted reports, of which the first and the third are delivered. */
function filledFolder(): string {
  const folder = temporaryFolder();
  const database = openIn(folder, { deviceId: 'pi-1' });
  for (const revision of [1, 2, 3, 4, 5]) call(database, 'accept', acceptance(revision));
  call(database, 'markDelivered', [1, 3]);
  database.close();
  return folder;
}

const revisionsIn = (database: ReturnType<typeof openIn>) =>
  call(database, 'pendingAfter', { lane: 'critical', seq: 0, limit: 9 }).map(({ laneSeq, revision }) => [
    laneSeq,
    revision,
  ]);

describe('a store that was copied', () => {
  test('with its card into another device begins a new epoch with what waits, and says so', () => {
    const database = openIn(filledFolder(), { deviceId: 'pi-2', newEpoch: 'epoch-2' });
    expect(database.epoch).toBe('epoch-2');
    expect(revisionsIn(database)).toEqual([
      [1, 2],
      [2, 4],
      [3, 5],
    ]);
    expect(call(database, 'accept', acceptance(6))).toBe(4);
    expect(call(database, 'totals', undefined)).toMatchObject({ accepted: 4, delivered: 0, pending: 4 });
    expect(call(database, 'gaps', undefined)).toMatchObject([{ reason: 'store-moved', epoch: 'epoch-2' }]);
    expect(database.notice).toMatch(/copied or restored \(another device\).* epoch epoch-1 .* epoch epoch-2/);
  });

  test('as a file, restored over the one that went on, begins a new epoch', () => {
    const folder = filledFolder();
    const backup = join(temporaryFolder(), 'backup.db');
    copyFileSync(join(folder, 'fieldnote.db'), backup);
    const went = openIn(folder, { deviceId: 'pi-1', newEpoch: 'epoch-2' });
    call(went, 'accept', acceptance(6));
    went.close();
    copyFileSync(backup, join(folder, 'restored'));
    renameSync(join(folder, 'restored'), join(folder, 'fieldnote.db'));
    const database = openIn(folder, { deviceId: 'pi-1', newEpoch: 'epoch-2' });
    expect(database.epoch).toBe('epoch-2');
    expect(database.notice).toContain('another file');
  });

  test('begins one new epoch and not another at the next start', () => {
    const folder = filledFolder();
    openIn(folder, { deviceId: 'pi-2', newEpoch: 'epoch-2' }).close();
    const database = openIn(folder, { deviceId: 'pi-2', newEpoch: 'epoch-3' });
    expect([database.epoch, database.notice]).toEqual(['epoch-2', undefined]);
  });

  test('keeps reports quarantined before and after apart', () => {
    const folder = filledFolder();
    const at = null;
    const before = openIn(folder, { deviceId: 'pi-1' });
    call(before, 'quarantine', { seq: 2, reason: 'bad', at });
    before.close();
    const database = openIn(folder, { deviceId: 'pi-2', newEpoch: 'epoch-2' });
    call(database, 'quarantine', { seq: 2, reason: 'worse', at });
    expect(database.sql.all`SELECT epoch, seq FROM quarantine`).toMatchObject([
      { epoch: 'epoch-1', seq: 2 },
      { epoch: 'epoch-2', seq: 2 },
    ]);
  });
});

describe('a store that was not copied', () => {
  test('keeps its epoch when its folder is renamed', () => {
    const folder = filledFolder();
    const renamed = join(temporaryFolder(), 'renamed');
    renameSync(folder, renamed);
    const database = openIn(renamed, { deviceId: 'pi-1', newEpoch: 'epoch-2' });
    expect([database.epoch, waitingSeqs(database)]).toEqual(['epoch-1', [2, 4, 5]]);
  });

  test('keeps its epoch, and a copy of it too, where devices have no identity', () => {
    const folder = temporaryFolder();
    openIn(folder).close();
    const copy = temporaryFolder();
    cpSync(folder, copy, { recursive: true });
    expect(openIn(copy, { newEpoch: 'epoch-2' }).epoch).toBe('epoch-1');
  });
});
