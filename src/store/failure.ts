import { FieldnoteError, messageOf } from '../system/errors.ts';

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html) that the store tells apart. */
const ERROR = 1;
const PERM = 3;
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const CONSTRAINT = 19;
const NOTADB = 26;

/** The same failure as a FieldnoteError about `dataDir`; what is no failure of disk or file comes back as it is. */
export function storeError(error: unknown, dataDir: string): unknown {
  if (error instanceof FieldnoteError) return error;
  const failed = (code: 'STORE_LOCKED' | 'STORE_CORRUPT' | 'STORE_FULL' | 'STORE_UNWRITABLE', what: string) =>
    new FieldnoteError(code, `${dataDir}: ${what} (${messageOf(error)})`, { dataDir }, error);

  switch (sqliteCodeOf(error)) {
    case BUSY:
      return failed('STORE_LOCKED', 'in use by another process; stop it, or give this one its own dataDir');
    case CORRUPT:
    case NOTADB:
      return failed('STORE_CORRUPT', 'the database is damaged');
    case FULL:
      return failed('STORE_FULL', 'no room left; free space on the disk or raise store.sizeMaxMiB');
    case PERM:
    case READONLY:
    case IOERR:
    case CANTOPEN:
      return failed('STORE_UNWRITABLE', 'cannot be read or written; check the disk and the permissions');
  }
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  if (syscall === undefined) return error;
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? failed('STORE_FULL', 'no room left; free space on the disk')
    : failed('STORE_UNWRITABLE', 'cannot be created or written; check the path and the permissions');
}

/** Whether the content of the file is broken, so that opening it again would not help. */
export function isDamage(error: unknown): boolean {
  if (error instanceof FieldnoteError) return error.code === 'STORE_CORRUPT';
  const code = sqliteCodeOf(error);
  return code === CORRUPT || code === NOTADB;
}

/** The same while a file is being opened: there a plain error means that its header or its schema makes no sense. */
export function isDamageAtOpening(error: unknown): boolean {
  return isDamage(error) || sqliteCodeOf(error) === ERROR;
}

/** Whether there was no room: on the disk, within a quota, or within the size limit. SQLite calls a quota an I/O error. */
export function isFull(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return sqliteCodeOf(error) === FULL || code === 'ENOSPC' || code === 'EDQUOT';
}

/** Whether a row was refused because its values do not fit the table. */
export function isConstraint(error: unknown): boolean {
  return sqliteCodeOf(error) === CONSTRAINT;
}

/**
 * Whether the connection must not be used any more. After a failed write or fsync the kernel may call its pages
 * clean although they never reached the disk ("Can Applications Recover from fsync Failures?", ATC 2020): only
 * opening the file again shows what is there.
 */
export function isFatal(error: unknown): boolean {
  return isDamage(error) || sqliteCodeOf(error) === IOERR;
}

function sqliteCodeOf(error: unknown): number | undefined {
  const extended = (error as { errcode?: unknown } | null)?.errcode;
  return typeof extended === 'number' ? extended & 0xff : undefined;
}
