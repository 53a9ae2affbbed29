import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { errorOf, runGroup } from '../../src/store/group-commit.ts';
import { openDatabase } from '../../src/store/open.ts';
import type { Argument, OperationName, Result } from '../../src/store/operations.ts';

/** An empty folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fieldnote-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface OpenChanges {
  readonly sizeMaxMiB?: number;
  readonly bootId?: string;
  readonly deviceId?: string;
  readonly newEpoch?: string;
}

/** A database that is closed after the test; closing it earlier is fine. */
export function openIn(
  dataDir: string,
  { sizeMaxMiB = 8, bootId = 'boot-a', deviceId, newEpoch = 'epoch-1' }: OpenChanges = {},
) {
  const database = openDatabase({ dataDir, sizeMaxMiB, bootId, deviceId }, newEpoch);
  let isOpen = true;
  const close = () => {
    if (isOpen) database.close();
    isOpen = false;
  };
  onTestFinished(close);
  return { ...database, close };
}

/** One operation in a transaction of its own, as the store's thread runs it. */
export function call<N extends OperationName>(database: Database, name: N, argument: Argument<N>): Result<N> {
  const [reply] = runGroup(database, 'the test folder', [{ id: 0, name, argument }]);
  if (reply === undefined) throw new Error('no reply');
  if ('failure' in reply) throw errorOf(reply.failure);
  return reply.result as Result<N>;
}

/** Sequence numbers of all reports that wait, read from the table and not from the books. */
export function waitingSeqs(database: Database): number[] {
  return database.sql.all`SELECT seq FROM outbox ORDER BY seq`.map(({ seq }) => Number(seq));
}
