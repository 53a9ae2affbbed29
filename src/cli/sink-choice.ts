import { PostgresSink } from '../collect/postgres-sink.ts';
import type { Sink } from '../collect/sink.ts';
import { SqliteSink } from '../collect/sqlite-sink.ts';

/**
 * The database at a place: `postgres://…`, or the path of an SQLite file.
 * @throws FieldnoteError BAD_ARGUMENT or SINK_UNAVAILABLE when it cannot be one
 */
export function sinkAt(place: string): Sink {
  return isPostgres(place) ? new PostgresSink(place) : new SqliteSink(place);
}

export function isPostgres(place: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(place);
}
