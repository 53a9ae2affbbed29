import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  BLOCK_BYTES,
  decodeBlock,
  encodeBlock,
  readRing,
  rowsPerBlock,
  type SampleBlock,
  SampleRing,
} from '../../src/store/sample-ring.ts';
import { temporaryFolder } from '../support/store-samples.ts';

const head = {
  kind: 'raw',
  channels: ['vibration', 'pressure'],
  stepMs: 1000,
  wallMs: 1_800_000_000_000,
} as const;

const blockOf = (number: number, ...rows: number[][]): SampleBlock => ({
  ...head,
  number,
  rows: rows.map((row) => Float32Array.from(row)),
});

async function write(path: string, slots: number, blocks: readonly SampleBlock[]): Promise<unknown[]> {
  const lost: unknown[] = [];
  const ring = new SampleRing({ path, slots, onLost: (error) => lost.push(error) });
  for (const block of blocks) {
    ring.write(block);
    await ring.settled();
  }
  return lost;
}

test('a block comes back as it was, gaps included, whatever the channels are called', () => {
  const value = fc.oneof(fc.float(), fc.constant(Number.NaN));
  const block = fc.record({
    number: fc.nat(),
    kind: fc.constantFrom('raw' as const, 'levels' as const),
    channels: fc.array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 8 }),
    stepMs: fc.integer({ min: 1 }),
    wallMs: fc.integer(),
  });
  fc.assert(
    fc.property(block, fc.infiniteStream(value), (made, values) => {
      const width = made.channels.length * (made.kind === 'raw' ? 1 : 3);
      const rows = Array.from({ length: rowsPerBlock(made) }, () => Float32Array.from(values.take(width)));
      expect(decodeBlock(encodeBlock({ ...made, rows }))).toEqual({ ...made, rows });
    }),
  );
});

test('any flipped bit makes it no block', () => {
  const bytes = encodeBlock(blockOf(1, [1, 2], [3, Number.NaN]));
  fc.assert(
    fc.property(fc.nat(BLOCK_BYTES * 8 - 1), (bit) => {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeBlock(damaged)).toBeUndefined();
    }),
  );
});

test('a channel list that fills a block leaves no room for rows', () => {
  const channels = Array.from({ length: 400 }, (_, index) => `channel-${index}`);
  expect(rowsPerBlock({ ...head, channels })).toBeLessThan(1);
});

test('the file never grows over its slots, and the oldest blocks go', async () => {
  const path = join(temporaryFolder(), 'history/pump.raw');
  const blocks = Array.from({ length: 10 }, (_, number) => blockOf(number, [number, 0]));
  expect(await write(path, 4, blocks)).toEqual([]);
  expect(statSync(path).size).toBe(4 * BLOCK_BYTES);
  const { blocks: kept, damaged } = await readRing(path);
  expect([kept.map(({ number }) => number), damaged]).toEqual([[6, 7, 8, 9], 0]);
});

test('damaged and torn blocks are left out and counted, the others stay', async () => {
  const path = join(temporaryFolder(), 'pump.raw');
  await write(
    path,
    8,
    [0, 1, 2, 3].map((number) => blockOf(number, [number, 0])),
  );
  const bytes = readFileSync(path);
  bytes[BLOCK_BYTES + 100] = (bytes[BLOCK_BYTES + 100] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  truncateSync(path, 3 * BLOCK_BYTES + 512);
  const { blocks, damaged } = await readRing(path);
  expect([blocks.map(({ number }) => number), damaged]).toEqual([[0, 2], 2]);
});

test('a block that grew is written over what it was', async () => {
  const path = join(temporaryFolder(), 'pump.raw');
  await write(path, 8, [blockOf(0, [1, 1]), blockOf(0, [1, 1], [2, 2])]);
  expect((await readRing(path)).blocks).toEqual([blockOf(0, [1, 1], [2, 2])]);
});

test('there is nothing where nothing was written', async () => {
  expect(await readRing(join(temporaryFolder(), 'pump.raw'))).toEqual({ blocks: [], damaged: 0 });
});

test('a disk that takes nothing loses blocks, says so, and holds up nobody', async () => {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, '');
  const lost: unknown[] = [];
  const ring = new SampleRing({
    path: join(path, 'pump.raw'),
    slots: 4,
    onLost: (error) => lost.push(error),
  });
  for (let number = 0; number < 40; number++) ring.write(blockOf(number, [0, 0]));
  // 16 may wait; the others are given up at once.
  expect(lost.length).toBe(24);
  await ring.settled();
  expect(lost.length).toBe(40);
});
