import fc from 'fast-check';
import { expect, test } from 'vitest';
import { call, openIn, temporaryFolder } from '../support/store-samples.ts';

const channels = ['vibration', 'current'];
const key = { asset: 'pump', channels };
const rows = (...values: number[]) => values.map((value) => Float32Array.of(value, -value));

test('gives back every bit of what was appended, in order, after a restart', () => {
  const folder = temporaryFolder();
  const width = 3;
  const row = fc
    .array(fc.float(), { minLength: width, maxLength: width })
    .map((values) => Float32Array.from(values));
  fc.assert(
    fc.property(fc.array(fc.array(row, { maxLength: 5 }), { maxLength: 5 }), (chunks) => {
      const wide = { asset: 'pump', channels: ['a', 'b', 'c'] };
      const database = openIn(folder);
      for (const chunk of chunks) call(database, 'appendLearning', { ...wide, rows: chunk });
      database.close();
      const reopened = openIn(folder);
      expect(call(reopened, 'learningRows', wide)).toEqual(chunks.flat());
      call(reopened, 'clearLearning', 'pump');
      reopened.close();
    }),
    { numRuns: 20 },
  );
});

test('keeps the rows of the assets apart', () => {
  const database = openIn(temporaryFolder());
  call(database, 'appendLearning', { ...key, rows: rows(1) });
  call(database, 'appendLearning', { asset: 'fan', channels, rows: rows(2) });
  call(database, 'clearLearning', 'fan');
  expect(call(database, 'learningRows', key)).toEqual(rows(1));
  expect(call(database, 'learningRows', { asset: 'fan', channels })).toEqual([]);
});

test('gives nothing to another channel list, and another channel list discards what was there', () => {
  const database = openIn(temporaryFolder());
  const swapped = { asset: 'pump', channels: ['current', 'vibration'] };
  call(database, 'appendLearning', { ...key, rows: rows(1) });
  expect(call(database, 'learningRows', swapped)).toEqual([]);
  call(database, 'appendLearning', { ...swapped, rows: rows(2) });
  expect(call(database, 'learningRows', swapped)).toEqual(rows(2));
  expect(call(database, 'learningRows', key)).toEqual([]);
});

test('refuses a row of the wrong width and keeps what was there', () => {
  const database = openIn(temporaryFolder());
  call(database, 'appendLearning', { ...key, rows: rows(1) });
  const narrow = { ...key, rows: [Float32Array.of(1)] };
  expect(() => call(database, 'appendLearning', narrow)).toThrow(
    expect.objectContaining({ code: 'BAD_ARGUMENT' }),
  );
  expect(call(database, 'learningRows', key)).toEqual(rows(1));
});

test('refuses more than a quarter of the size limit, for all assets together, until some is cleared', () => {
  const database = openIn(temporaryFolder(), { sizeMaxMiB: 1 });
  const large = Array.from({ length: 16_000 }, () => Float32Array.of(1, 2));
  call(database, 'appendLearning', { ...key, rows: large });
  const more = { asset: 'fan', channels, rows: large };
  call(database, 'appendLearning', more);
  expect(() => call(database, 'appendLearning', more)).toThrow(
    expect.objectContaining({ code: 'STORE_FULL' }),
  );
  call(database, 'clearLearning', 'pump');
  call(database, 'appendLearning', more);
  expect(call(database, 'learningRows', more).length).toBe(32_000);
});

test('leaves out rows whose bits have flipped on the disk', () => {
  const database = openIn(temporaryFolder());
  for (const value of [1, 2, 3]) call(database, 'appendLearning', { ...key, rows: rows(value) });
  database.sql.run`UPDATE learningChunk SET data = zeroblob(8) WHERE id = 2`;
  expect(call(database, 'learningRows', key)).toEqual(rows(1, 3));
});
