import { copyFileSync, existsSync, mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { FieldnoteError } from '../system/errors.ts';
import { PAGE_BYTES } from './database.ts';
import { storeError } from './failure.ts';
import { isLogDamaged } from './log-file.ts';
import { readLog } from './recovery.ts';

/**
 * A look at a store that changes nothing of it, whether a daemon has it open or not: the daemon's lock keeps everybody out,
 * and rightly so, therefore the files are copied. The database file itself changes only at a checkpoint; when it did
 * not while it was copied, copy and log are one state.
 */

const TRIES = 10;
const TRY_PAUSE_MS = 200;

export interface Snapshot extends Disposable {
  readonly connection: DatabaseSync;
  /** The log holds promised commits that SQLite does not see, and so neither does this connection. */
  readonly isLogDamaged: boolean;
}

/**
 * @throws FieldnoteError BAD_ARGUMENT when there is no store, STORE_FULL when there is no room for the copy,
 * STORE_UNWRITABLE when it cannot be read, STORE_LOCKED when the daemon writes too much to copy it
 */
export async function takeSnapshot(path: string): Promise<Snapshot> {
  if (!existsSync(path))
    throw new FieldnoteError('BAD_ARGUMENT', `${path} does not exist: there is no store yet`, { path });
  const folder = mkdtempSync(join(tmpdir(), 'fieldnote-snapshot-'));
  using undone = new DisposableStack();
  undone.defer(() => rmSync(folder, { recursive: true, force: true }));
  try {
    assertRoomFor(path, folder);
    const copy = join(folder, 'fieldnote.db');
    await copyAtRest(path, copy);
    // Before SQLite empties it.
    const isDamaged = isLogDamaged(readLog(copy), PAGE_BYTES);
    const connection = new DatabaseSync(copy);
    undone.defer(() => connection.close());
    const owned = undone.move();
    return { connection, isLogDamaged: isDamaged, [Symbol.dispose]: () => owned.dispose() };
  } catch (error) {
    throw storeError(error, path);
  }
}

async function copyAtRest(path: string, copy: string): Promise<void> {
  const changed = (file: string) => statSync(file, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
  for (let tries = 0; tries < TRIES; tries++) {
    const [before, logBefore] = [changed(path), changed(`${path}-wal`)];
    copyFileSync(path, copy);
    rmSync(`${copy}-wal`, { force: true });
    if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`);
    // A log that grew meanwhile is whole up to some commit, or it was read too early in one place and too late in another.
    const isWhole = changed(`${path}-wal`) === logBefore || !isLogDamaged(readLog(copy), PAGE_BYTES);
    if (changed(path) === before && isWhole) return;
    await sleep(TRY_PAUSE_MS);
  }
  throw new FieldnoteError('STORE_LOCKED', `${path} is written all the time: try again, or stop the daemon`);
}

function assertRoomFor(path: string, folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  const { size } = statSync(path);
  if (bavail * bsize > size) return;
  const message = `no room for a copy of ${path} (${Math.ceil(size / 1024 / 1024)} MiB) in ${tmpdir()}: set TMPDIR to another disk`;
  throw new FieldnoteError('STORE_FULL', message, { path });
}
