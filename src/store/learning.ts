import { FieldnoteError } from '../system/errors.ts';
import { checksum } from './checksum.ts';
import type { Database } from './database.ts';

/**
 * What the assets have learned so far, kept so that a restart does not begin again: rows of one float per channel, in
 * chunks of as many rows as the learner hands over at once. Bounded by a share of the size limit.
 */

export interface LearningKey {
  readonly asset: string;
  /** Meaning of the columns. Rows of another channel list are of no use and are discarded. */
  readonly channels: readonly string[];
}

/** All assets together. */
const LEARNING_SHARE_MAX = 0.25;

/** Everything stored for these channels, the oldest row first. Chunks that the disk has damaged are left out. */
export function learningRows({ sql }: Database, { asset, channels }: LearningKey): Float32Array[] {
  const stored = sql.get`SELECT channels FROM learning WHERE asset = ${asset}`;
  if (stored?.['channels'] !== JSON.stringify(channels)) return [];
  const chunks = sql.all`SELECT data, crc FROM learningChunk WHERE asset = ${asset} ORDER BY id`;
  return (chunks as { data: Uint8Array; crc: number }[])
    .filter(({ data, crc }) => checksum(data) === crc)
    .flatMap(({ data }) => rowsOf(data, channels.length));
}

/**
 * Adds rows; a different channel list than before discards what was there.
 * @throws FieldnoteError BAD_ARGUMENT for a row of the wrong width, STORE_FULL when learning has used up its share
 */
export function appendLearning(
  database: Database,
  { asset, channels, rows }: LearningKey & { readonly rows: readonly Float32Array[] },
): void {
  const { sql } = database;
  const columns = JSON.stringify(channels);
  const data = chunkOf(rows, channels.length);
  if (sql.get`SELECT 1 FROM learning WHERE asset = ${asset} AND channels <> ${columns}`)
    clearLearning(database, asset);
  assertShare(database, data.byteLength);
  sql.run`INSERT INTO learningChunk (asset, data, crc) VALUES (${asset}, ${data}, ${checksum(data)})`;
  sql.run`
    INSERT INTO learning (asset, channels, sizeBytes) VALUES (${asset}, ${columns}, ${data.byteLength})
    ON CONFLICT DO UPDATE SET sizeBytes = sizeBytes + excluded.sizeBytes`;
}

export function clearLearning({ sql }: Database, asset: string): void {
  sql.run`DELETE FROM learningChunk WHERE asset = ${asset}`;
  sql.run`DELETE FROM learning WHERE asset = ${asset}`;
}

function assertShare({ sql, sizeBytesMax }: Database, addedBytes: number): void {
  const stored = sql.get`SELECT ifnull(sum(sizeBytes), 0) AS bytes FROM learning`;
  const bytes = Number(stored?.['bytes']) + addedBytes;
  const bytesMax = LEARNING_SHARE_MAX * sizeBytesMax;
  if (bytes <= bytesMax) return;
  const message = `learning data of ${bytes} bytes is over its share of ${bytesMax}: raise store.sizeMaxMiB`;
  throw new FieldnoteError('STORE_FULL', message, { bytes, bytesMax });
}

function chunkOf(rows: readonly Float32Array[], width: number): Uint8Array {
  const chunk = new Float32Array(rows.length * width);
  rows.forEach((row, index) => {
    if (row.length !== width)
      throw new FieldnoteError(
        'BAD_ARGUMENT',
        `a learning row has ${row.length} values for ${width} channels`,
      );
    chunk.set(row, index * width);
  });
  return new Uint8Array(chunk.buffer);
}

function rowsOf(data: Uint8Array, width: number): Float32Array[] {
  const values = new Float32Array(data.slice().buffer);
  return Array.from({ length: values.length / width }, (_, row) =>
    values.subarray(row * width, (row + 1) * width),
  );
}
