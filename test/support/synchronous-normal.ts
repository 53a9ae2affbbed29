import { DatabaseSync } from 'node:sqlite';

/**
 * Loaded before a program (`node --import`): takes the syncs of the commits away from its database, behind its back. What
 * checks that the store survives a power cut must fail then.
 */
const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (sql: string): void {
  if (sql === 'BEGIN IMMEDIATE') exec.call(this, 'PRAGMA synchronous = NORMAL');
  exec.call(this, sql);
};
