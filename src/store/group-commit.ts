import { type ErrorCode, FieldnoteError, messageOf } from '../system/errors.ts';
import type { Database } from './database.ts';
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

/** Deliveries that may wait for the next commit, counted in reports. */
export const DEFERRED_REPORTS_MAX = 16;

/**
 * Runs requests in groups: a group is one transaction, so that it shares one fsync. Deliveries come along for nothing:
 * few of them have no commit of their own but wait for the next one of anything else. Until then every group sees them,
 * and a power cut makes them pending again, which costs a copy and loses nothing.
 */
export class GroupCommit {
  readonly #database: Database;
  readonly #dataDir: string;
  /** Answered, in no commit yet, and so run again with each group. */
  #deferred: readonly Request[] = [];

  constructor(database: Database, dataDir: string) {
    this.#database = database;
    this.#dataDir = dataDir;
  }

  /** Whether anything waits for the next commit. */
  get hasDeferred(): boolean {
    return this.#deferred.length > 0;
  }

  /**
   * If one of the requests fails, nothing of the group is kept and each runs in a transaction of its own: the bad one
   * fails alone.
   * @throws what makes the connection unusable; nobody knows then what of the group is durable
   */
  run(group: readonly Request[]): Reply[] {
    try {
      return this.#runTogether(group);
    } catch (error) {
      if (isFatal(error)) throw error;
      if (isFull(error) && this.#database.disk.giveUpBallast()) return this.run(group);
      const [only, ...others] = group;
      if (only === undefined) return [];
      if (others.length === 0) return [{ id: only.id, failure: failureOf(storeError(error, this.#dataDir)) }];
      return group.flatMap((request) => this.run([request]));
    }
  }

  /** Makes what waits durable now, unless the disk refuses; then it waits on. */
  flush(): void {
    if (this.hasDeferred) this.run([]);
  }

  #runTogether(group: readonly Request[]): Reply[] {
    const { connection } = this.#database.sql;
    let isDue = group.length === 0;
    let count = 0;
    const take = (request: Request): Reply => {
      const before = this.#changes();
      const reply = run(this.#database, request);
      if (isDelivery(request)) count += Number(reply.result);
      else if (this.#changes() !== before) isDue = true;
      return reply;
    };
    connection.exec('BEGIN IMMEDIATE');
    try {
      for (const request of this.#deferred) take(request);
      const replies = group.map(take);
      isDue ||= count >= DEFERRED_REPORTS_MAX;
      connection.exec(isDue ? 'COMMIT' : 'ROLLBACK');
      this.#deferred = isDue ? [] : [...this.#deferred, ...group.filter(isDelivery)];
      return replies;
    } catch (error) {
      // SQLite itself rolls back after some errors, such as a full disk.
      if (connection.isTransaction) connection.exec('ROLLBACK');
      throw error;
    }
  }

  #changes(): unknown {
    return this.#database.sql.get`SELECT total_changes() AS count`?.['count'];
  }
}

function isDelivery({ name }: Request): boolean {
  return name === 'markDelivered' || name === 'markDeliveredRange';
}

export function failureOf(error: unknown): Failure {
  return error instanceof FieldnoteError
    ? { code: error.code, message: error.message, context: error.context }
    : { code: null, message: messageOf(error), context: {} };
}

export function errorOf({ code, message, context }: Failure): Error {
  return code === null ? new Error(message) : new FieldnoteError(code, message, context);
}

function run(database: Database, { id, name, argument }: Request) {
  // Store.#ask has checked the argument against the name; the type is lost between the threads.
  const operation = operations[name] as (database: Database, argument: unknown) => unknown;
  return { id, result: operation(database, argument) };
}
