import pg from 'pg';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { Coverage } from './completeness.ts';
import { coverageOf } from './coverage.ts';
import { type Batch, inOrder, latestInOrder, PUT_ASIDE_ROWS_MAX, type Sink } from './sink.ts';

/** Several collectors may start at the same moment; only one may create the tables. */
const SCHEMA_LOCK = 0x466e436f;
const CONNECT_TIMEOUT_MS = 10_000;
/** A database that hangs must not hold the reports for ever: they are asked for again. */
const QUERY_TIMEOUT_MS = 60_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS fieldnote_report (
    site text NOT NULL, node text NOT NULL, epoch text NOT NULL, lane text NOT NULL, sequence bigint NOT NULL,
    id text NOT NULL,
    type text NOT NULL, subject text NOT NULL, time timestamptz NOT NULL, received_at timestamptz NOT NULL,
    document json NOT NULL,
    PRIMARY KEY (site, node, epoch, lane, sequence, id)
  );
  CREATE TABLE IF NOT EXISTS fieldnote_gap (
    site text NOT NULL, node text NOT NULL, epoch text NOT NULL, id bigint NOT NULL,
    lane text, reason text NOT NULL, detail text NOT NULL,
    count bigint, from_sequence bigint, to_sequence bigint,
    PRIMARY KEY (site, node, epoch, id)
  );
  CREATE TABLE IF NOT EXISTS fieldnote_put_aside (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL, topic text NOT NULL, reason text NOT NULL, payload text NOT NULL
  )`;

const INSERT_REPORTS = `
  INSERT INTO fieldnote_report (site, node, epoch, lane, sequence, id, type, subject, time, received_at, document)
  SELECT site, node, epoch, lane, sequence, id, type, subject, time, $1, document::json
  FROM json_to_recordset($2::json) AS row(
    site text, node text, epoch text, lane text, sequence bigint, id text, type text, subject text,
    time timestamptz, document text)
  ON CONFLICT DO NOTHING`;

/** A record of a gap grows while the same thing goes on being lost. PostgreSQL takes each only once in a command. */
const INSERT_GAPS = `
  INSERT INTO fieldnote_gap AS known (site, node, epoch, id, lane, reason, detail, count, from_sequence, to_sequence)
  SELECT site, node, epoch, id, lane, reason, detail, count, "fromSequence", "toSequence"
  FROM json_to_recordset($1::json) AS row(
    site text, node text, epoch text, id bigint, lane text, reason text, detail text, count bigint,
    "fromSequence" bigint, "toSequence" bigint)
  ON CONFLICT (site, node, epoch, id) DO UPDATE SET count = excluded.count, to_sequence = excluded.to_sequence
  WHERE excluded.to_sequence > known.to_sequence`;

const INSERT_PUT_ASIDE = `
  INSERT INTO fieldnote_put_aside (received_at, topic, reason, payload)
  SELECT $1, topic, reason, payload FROM json_to_recordset($2::json) AS row(topic text, reason text, payload text)`;

const TRIM_PUT_ASIDE = `
  DELETE FROM fieldnote_put_aside WHERE id <= (SELECT max(id) FROM fieldnote_put_aside) - ${PUT_ASIDE_ROWS_MAX}`;

/** Classes of SQLSTATE for content that does not fit: the same row twice, data, constraint, limit of the program. */
const CONTENT_AT_FAULT = /^(?:21|22|23|54)/;

/**
 * Collects into PostgreSQL; any number of collectors may share one database. The connection is made when it is needed
 * and again after it was lost. The password comes from PGPASSWORD or ~/.pgpass (PGPASSFILE), as for psql.
 */
export class PostgresSink implements Sink {
  readonly name: string;
  readonly #url: string;
  #client: pg.Client | undefined;

  /**
   * @param url `postgres://user@host:port/database`, or with `?host=/run/postgresql` for a socket
   * @throws FieldnoteError BAD_ARGUMENT when it cannot be used, or holds a password
   */
  constructor(url: string) {
    const { password, host, pathname } = parsed(url);
    if (password !== '')
      throw new FieldnoteError(
        'BAD_ARGUMENT',
        'a password on the command line can be read by every user: put it into PGPASSWORD or ~/.pgpass',
      );
    this.name = `postgres://${host}${pathname}`;
    this.#url = url;
  }

  async store({ reports, gaps, putAside, receivedMs }: Batch): Promise<number> {
    const receivedAt = new Date(receivedMs).toISOString();
    return this.#use(async (client) => {
      await client.query('BEGIN');
      const { rowCount } = await client.query(INSERT_REPORTS, [receivedAt, JSON.stringify(inOrder(reports))]);
      if (gaps.length > 0) await client.query(INSERT_GAPS, [JSON.stringify(latestInOrder(gaps))]);
      if (putAside.length > 0) {
        await client.query(INSERT_PUT_ASIDE, [receivedAt, JSON.stringify(putAside)]);
        await client.query(TRIM_PUT_ASIDE);
      }
      await client.query('COMMIT');
      return rowCount ?? 0;
    });
  }

  coverage(): Promise<Coverage> {
    return this.#use((client) => coverageOf(async (query) => (await client.query(query)).rows));
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  /** Whatever goes wrong, the connection is given up: nobody knows what state it is in. */
  async #use<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    try {
      this.#client ??= await connect(this.#url);
      return await work(this.#client);
    } catch (error) {
      const client = this.#client;
      this.#client = undefined;
      client?.end().catch(() => {});
      throw failure(this.name, error);
    }
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'fieldnote collect',
  });
  // The next query fails as well, and says so; without a listener this would end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    // A server that is set up to acknowledge before it writes would make every receipt a lie.
    await client.query('SET synchronous_commit = on');
    const { rows } = await client.query("SELECT to_regclass('fieldnote_put_aside') IS NULL AS is_new");
    // Not in any case: a user who may write into the tables need not be allowed to create some.
    if (rows[0]?.is_new === true)
      await client.query(`BEGIN; SELECT pg_advisory_xact_lock(${SCHEMA_LOCK}); ${SCHEMA}; COMMIT`);
    return client;
  } catch (error) {
    client.end().catch(() => {});
    throw error;
  }
}

function parsed(url: string): URL {
  if (URL.canParse(url)) return new URL(url);
  throw new FieldnoteError('BAD_ARGUMENT', 'the database must be postgres://user@host:port/database');
}

function failure(name: string, error: unknown): FieldnoteError {
  if (error instanceof FieldnoteError) return error;
  const { code } = error as { code?: unknown };
  const kind =
    typeof code === 'string' && CONTENT_AT_FAULT.test(code) && code.length === 5
      ? 'SINK_REFUSED'
      : 'SINK_UNAVAILABLE';
  // The errors of a host with several addresses have no message of their own.
  return new FieldnoteError(kind, `${name}: ${messageOf(error) || code}`, { database: name }, error);
}
