import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FieldnoteError } from '../system/errors.ts';
import type { Database } from './database.ts';
import { storeError } from './failure.ts';
import { assertSchema, MIGRATIONS } from './migrations.ts';
import { Sql } from './sql.ts';

/**
 * Reads the store of a daemon that does not run, and changes nothing in it. A daemon that starts meanwhile waits.
 * @returns undefined when there is no store
 * @throws FieldnoteError STORE_LOCKED while a daemon runs; STORE_NEWER, STORE_CORRUPT or STORE_UNWRITABLE
 */
export function readBeside<T>(dataDir: string, read: (database: Pick<Database, 'sql'>) => T): T | undefined {
  const path = join(dataDir, 'fieldnote.db');
  try {
    if (!existsSync(path)) return undefined;
    using connection = new DatabaseSync(path, { readOnly: true });
    assertSchema(connection, path);
    const version = Number(connection.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version < MIGRATIONS.length)
      throw new FieldnoteError(
        'STORE_UNWRITABLE',
        `${path} is of an older Fieldnote: start this one once, so that it takes it over`,
        { path, version },
      );
    return read({ sql: new Sql(connection) });
  } catch (error) {
    throw storeError(error, dataDir);
  }
}

/** Number of the boot with this id, or the one that it would get. */
export function bootNumber({ sql }: Pick<Database, 'sql'>, bootId: string): number {
  const row = sql.get`SELECT boot + (bootId <> ${bootId}) AS boot FROM ledger`;
  return Number(row?.['boot'] ?? 1);
}
