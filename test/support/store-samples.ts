import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { errorOf, GroupCommit } from '../../src/store/group-commit.ts';
import { areBooksRight } from '../../src/store/ledger.ts';
import { openDatabase } from '../../src/store/open.ts';
import type { Argument, OperationName, Result } from '../../src/store/operations.ts';
import { LANE_SPAN } from '../../src/store/place.ts';
import { LANES } from '../../src/values/lane.ts';

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
  const commits = new GroupCommit(database, 'the test folder');
  const [reply] = commits.run([{ id: 0, name, argument }]);
  commits.flush();
  if (reply === undefined) throw new Error('no reply');
  if ('failure' in reply) throw errorOf(reply.failure);
  return reply.result as Result<N>;
}

/** Sequence numbers of all reports that wait, read from the table and not from the books. */
export function waitingSeqs(database: Database): number[] {
  return database.sql.all`SELECT seq FROM outbox ORDER BY seq`.map(({ seq }) => Number(seq));
}

/** In every lane accepted = delivered + pending + expired + evicted + quarantined, as counted and as it lies there. */
export function expectBalance(database: Database): void {
  const { lanes } = call(database, 'totals', undefined);
  for (const lane of LANES) {
    const { accepted, delivered, pending, expired, evicted, quarantined } = lanes[lane];
    const first = LANES.indexOf(lane) * LANE_SPAN;
    const waiting = database.sql
      .all`SELECT seq FROM outbox WHERE seq BETWEEN ${first} AND ${first + LANE_SPAN - 1}`;
    expect(pending).toBe(waiting.length);
    expect(accepted).toBe(delivered + waiting.length + expired + evicted + quarantined);
  }
  expect(areBooksRight(database.sql.connection)).toBe(true);
}
