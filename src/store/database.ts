import type { DatabaseSync } from 'node:sqlite';
import type { Disk } from './disk.ts';
import type { Sql } from './sql.ts';

/**
 * The one file that holds everything durable: `<dataDir>/fieldnote.db`, SQLite in WAL mode with an fsync for each
 * commit. Rules that must hold: one process and one thread have it open; a commit that returned is on the disk; a
 * damaged file is put aside, never deleted, and what can be read of it moves to a new file with a new epoch.
 */

/** Small pages halve what a report of a few KiB costs in bytes written (5 to 10 KiB against 14 to 25). */
export const PAGE_BYTES = 1024;

/** The open file, as all parts of the store use it. */
export interface Database {
  readonly sql: Sql;
  readonly sizeBytesMax: number;
  readonly pagesMax: number;
  readonly disk: Disk;
  readonly boot: number;
  readonly epoch: string;
  /** What a person should know about the file that was opened, if anything. */
  readonly notice: string | undefined;
  close(): void;
}

/** Runs `work` in one transaction with one fsync; if it throws, nothing of it is in the file. */
export function inTransaction<T>(connection: DatabaseSync, work: () => T): T {
  connection.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    connection.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite itself rolls back after some errors, such as a full disk.
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}
