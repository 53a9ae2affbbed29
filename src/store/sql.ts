import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';

export type Row = Record<string, SQLOutputValue>;

/**
 * Statements by template literal, prepared once for each place in the source: values are bound and never become SQL.
 * Node's own SQLTagStore is not used because its statements keep the file open, and locked, after `close`.
 */
export class Sql {
  readonly connection: DatabaseSync;
  readonly #prepared = new Map<TemplateStringsArray, StatementSync>();

  constructor(connection: DatabaseSync) {
    this.connection = connection;
  }

  /** All rows. */
  all(text: TemplateStringsArray, ...values: SQLInputValue[]): Row[] {
    return this.#statement(text).all(...values);
  }

  /** Rows one by one, for results that need not fit into memory. */
  iterate(text: TemplateStringsArray, ...values: SQLInputValue[]): Iterable<Row> {
    return this.#statement(text).iterate(...values);
  }

  /** The first row, if there is one. */
  get(text: TemplateStringsArray, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(text).get(...values);
  }

  /** Runs it and says how many rows were changed. */
  run(text: TemplateStringsArray, ...values: SQLInputValue[]): number {
    return Number(this.#statement(text).run(...values).changes);
  }

  #statement(text: TemplateStringsArray): StatementSync {
    const statement = this.#prepared.get(text) ?? this.connection.prepare(text.join('?'));
    this.#prepared.set(text, statement);
    return statement;
  }
}
