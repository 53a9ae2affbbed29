import { type ErrorCode, FieldnoteError, messageOf } from '../system/errors.ts';
import { type Database, inTransaction } from './database.ts';
import { isFatal, isFull, storeError } from './failure.ts';
import { type OperationName, operations } from './operations.ts';

/** One call, on its way to the store's thread. */
export interface Request {
  readonly id: number;
  readonly name: OperationName;
  readonly argument: unknown;
}

/** What came of it, on its way back. It is sent after the commit. */
export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure };

/** An error as plain data: the classes of errors do not survive between threads. `code` is null for a bug. */
export interface Failure {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly context: Readonly<Record<string, unknown>>;
}

/**
 * Runs requests in one transaction, so that they share one fsync. If one of them fails, nothing of the group is
 * kept and each runs in a transaction of its own: the bad one fails alone.
 * @throws what makes the connection unusable; nobody knows then what of the group is durable
 */
export function runGroup(database: Database, dataDir: string, group: readonly Request[]): Reply[] {
  try {
    return inTransaction(database.sql.connection, () => group.map((request) => run(database, request)));
  } catch (error) {
    if (isFatal(error)) throw error;
    if (isFull(error) && database.disk.giveUpBallast()) return runGroup(database, dataDir, group);
    const [only, ...others] = group;
    if (only !== undefined && others.length === 0)
      return [{ id: only.id, failure: failureOf(storeError(error, dataDir)) }];
    return group.flatMap((request) => runGroup(database, dataDir, [request]));
  }
}

export function failureOf(error: unknown): Failure {
  return error instanceof FieldnoteError
    ? { code: error.code, message: error.message, context: error.context }
    : { code: null, message: messageOf(error), context: {} };
}

export function errorOf({ code, message, context }: Failure): Error {
  return code === null ? new Error(message) : new FieldnoteError(code, message, context);
}

function run(database: Database, { id, name, argument }: Request): Reply {
  // Store.#ask has checked the argument against the name; the type is lost between the threads.
  const operation = operations[name] as (database: Database, argument: unknown) => unknown;
  return { id, result: operation(database, argument) };
}
