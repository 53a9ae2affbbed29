import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { LANES_VERSION, MIGRATIONS, migrate } from '../../src/store/migrations.ts';
import { takeSnapshot } from '../../src/store/snapshot.ts';
import { faultsIn, survey, waitingIn } from '../../src/store/survey.ts';
import { acceptance, stamp } from '../support/store-reports.ts';
import { call, openIn, temporaryFolder } from '../support/store-samples.ts';

const pathIn = (folder: string) => join(folder, 'fieldnote.db');

describe('a snapshot', () => {
  test('shows an open store as it is now, its log included, and is gone afterwards', async () => {
    const folder = temporaryFolder();
    const database = openIn(folder);
    for (const revision of [1, 2, 3]) call(database, 'accept', acceptance(revision, 300, 'update'));
    call(database, 'markDelivered', [call(database, 'accept', acceptance(4))]);
    const temporary = temporaryFolder();
    vi.stubEnv('TMPDIR', temporary);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    {
      using snapshot = await takeSnapshot(pathIn(folder));
      expect(readdirSync(temporary)).toHaveLength(1);
      const { epoch, lanes } = survey(snapshot.connection, { path: 'x', sizeBytesMax: 1000 });
      expect(epoch).toBe('epoch-1');
      expect(lanes.update).toMatchObject({ pending: 3, sizeBytesMax: 250, oldest: stamp });
      expect(lanes.critical).toMatchObject({ delivered: 1, pending: 0, oldest: null });
      expect([...waitingIn(snapshot.connection)].map(({ revision }) => revision)).toEqual([1, 2, 3]);
      expect(faultsIn(snapshot, 'x')).toEqual([]);
    }
    expect(readdirSync(temporary)).toEqual([]);
    expect(call(database, 'accept', acceptance(5))).toBe(2);
  });

  test('shows that the log of it is damaged, before SQLite forgets what is behind', async () => {
    const folder = temporaryFolder();
    const database = openIn(folder);
    for (let revision = 1; revision <= 20; revision++) call(database, 'accept', acceptance(revision));
    const killed = temporaryFolder();
    for (const suffix of ['', '-wal']) copyFileSync(pathIn(folder) + suffix, pathIn(killed) + suffix);
    const log = readFileSync(`${pathIn(killed)}-wal`);
    log[2000] = (log[2000] ?? 0) ^ 1;
    writeFileSync(`${pathIn(killed)}-wal`, log);
    using snapshot = await takeSnapshot(pathIn(killed));
    expect(faultsIn(snapshot, 'x')).toContainEqual(expect.stringContaining('the log is damaged'));
    expect(readFileSync(`${pathIn(killed)}-wal`).equals(log)).toBe(true);
  });

  test('of a store that is not there says so', async () => {
    const folder = temporaryFolder();
    await expect(takeSnapshot(pathIn(folder))).rejects.toThrow('does not exist: there is no store yet');
  });

  test('of an older store says what brings it up to date', async () => {
    const folder = temporaryFolder();
    const file = new DatabaseSync(pathIn(folder));
    migrate(file, MIGRATIONS.slice(0, LANES_VERSION - 2));
    file.close();
    using snapshot = await takeSnapshot(pathIn(folder));
    const older = expect.objectContaining({ code: 'STORE_OLDER' });
    expect(() => survey(snapshot.connection, { path: 'x', sizeBytesMax: 1 })).toThrow(older);
    expect(() => faultsIn(snapshot, 'x')).toThrow('start the daemon once');
  });
});
