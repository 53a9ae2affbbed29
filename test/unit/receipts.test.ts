import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PendingReport } from '../../src/publish/outbox.ts';
import { Receipts } from '../../src/publish/receipts.ts';
import { rangesOf, readReceipt } from '../../src/values/receipt.ts';
import { eventually } from '../support/publisher-rig.ts';
import { stamp } from '../support/store-reports.ts';

const EPOCH = 'a1b2c3d4e5f60718';

function create({ timeoutMs = 60_000, lengthMax = 8, monoMs = () => performance.now() } = {}) {
  const told = { ignored: 0, overdue: 0, resends: 0 };
  const receipts = new Receipts({
    ...{ epoch: () => EPOCH, timeoutMs, lengthMax, clock: { monoMs } },
    on: {
      receiptIgnored: () => {
        told.ignored += 1;
      },
      receiptsOverdue: (count) => {
        told.overdue += count;
      },
    },
  });
  receipts.onResend = () => {
    told.resends += 1;
  };
  onTestFinished(() => receipts.end());
  return { receipts, told };
}

function report(laneSeq: number, lane: PendingReport['lane'] = 'incident'): PendingReport {
  const seq = 1e12 + laneSeq;
  return { seq, lane, laneSeq, topic: 't', payload: '{}', id: `i${laneSeq}`, revision: 1, stamp };
}

function receipt(
  ranges: readonly (readonly [number, number])[],
  { epoch = EPOCH, lane = 'incident' } = {},
): Buffer {
  return Buffer.from(JSON.stringify({ epoch, lane, ranges }));
}

describe('receipts', () => {
  test('settle what was sent and nothing twice', () => {
    const { receipts, told } = create();
    for (const number of [1, 2, 3, 5]) receipts.sent(report(number));
    expect(receipts.take(receipt([[1, 2], [5, 5]]))).toEqual([1e12 + 1, 1e12 + 2, 1e12 + 5]); // biome-ignore format: pairs
    expect(receipts.take(receipt([[1, 3]]))).toEqual([1e12 + 3]);
    expect(told).toEqual({ ignored: 0, overdue: 0, resends: 0 });
  });

  test.each([
    ['of another store', receipt([[1, 1]], { epoch: 'ffffffffffffffff' })],
    ['of another lane', receipt([[1, 1]], { lane: 'critical' })],
    ['of a lane that there is not', receipt([[1, 1]], { lane: '__proto__' })],
    ['about reports that were never sent', receipt([[3, 3]])],
    [
      'about numbers that are none',
      Buffer.from(`{"epoch":"${EPOCH}","lane":"incident","ranges":[[1,9e99]]}`),
    ],
    ['that ends before it begins', receipt([[2, 1]])],
    ['about number 0', receipt([[0, 1]])],
    ['with too many ranges', receipt(Array.from({ length: 257 }, () => [1, 1] as const))],
    ['of another shape', Buffer.from('[[1,1]]')],
    ['that is no JSON', Buffer.from('{"epoch')],
    ['that is empty', Buffer.alloc(0)],
    ['that is too long', Buffer.concat([receipt([[1, 1]]), Buffer.alloc(20_000, ' ')])],
  ])('%s are ignored and counted', (_name, payload) => {
    const { receipts, told } = create();
    receipts.sent(report(1));
    receipts.sent(report(2));
    expect(receipts.take(payload)).toEqual([]);
    expect(told.ignored).toBe(1);
    expect(receipts.isAwaited(1e12 + 1)).toBe(true);
  });

  test.each([
    [1, 256],
    [1, 2 ** 53 - 1],
  ])('from %i to %i settle what was sent over this connection, and are counted', (from, to) => {
    const { receipts, told } = create();
    for (const number of [1, 2, 3]) receipts.sent(report(number));
    expect(receipts.take(receipt([[from, to]]))).toEqual([1e12 + 1, 1e12 + 2, 1e12 + 3]);
    expect(told.ignored).toBe(1);
    receipts.sent(report(4));
    expect(receipts.isAwaited(1e12 + 4)).toBe(true);
  });

  test('settle what their ranges hold, however they lie', () => {
    const number = fc.integer({ min: 1, max: 40 });
    const ranges = fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(ranges, (pairs) => {
        const { receipts } = create();
        const numbers = Array.from({ length: 40 }, (_, index) => index + 1);
        for (const laneSeq of numbers) receipts.sent(report(laneSeq));
        const held = numbers.filter((n) => pairs.some(([from, to]) => from <= n && n <= to));
        expect(receipts.take(receipt(pairs))).toEqual(held.map((laneSeq) => 1e12 + laneSeq));
        receipts.end();
      }),
    );
  });

  test('in a flood are ignored until the next second', () => {
    let nowMs = 0;
    const { receipts, told } = create({ monoMs: () => nowMs });
    receipts.sent(report(1));
    const unsent = receipt([[7, 7]]);
    for (let n = 0; n < 10_000; n++) receipts.take(unsent);
    expect(receipts.take(receipt([[1, 1]]))).toEqual([]);
    expect(told.ignored).toBe(10_001);
    nowMs = 1000;
    expect(receipts.take(receipt([[1, 1]]))).toEqual([1e12 + 1]);
  });

  test('limit how much waits for them', () => {
    const { receipts } = create({ lengthMax: 2 });
    receipts.sent(report(1));
    expect(receipts.hasRoomFor('incident')).toBe(true);
    receipts.sent(report(2));
    expect(receipts.hasRoomFor('incident')).toBe(false);
    expect(receipts.hasRoomFor('critical')).toBe(true);
    receipts.take(receipt([[1, 1]]));
    expect(receipts.hasRoomFor('incident')).toBe(true);
  });

  test('that do not come in time have their reports sent again, and still count when they come late', async () => {
    const { receipts, told } = create({ timeoutMs: 10, lengthMax: 1 });
    receipts.sent(report(1));
    await eventually(() => expect(told).toMatchObject({ overdue: 1, resends: 1 }));
    expect([receipts.isAwaited(1e12 + 1), receipts.hasRoomFor('incident')]).toEqual([false, true]);
    expect(receipts.take(receipt([[1, 1]]))).toEqual([1e12 + 1]);
  });

  test('that never come are asked for ever less often, until one comes', async () => {
    let nowMs = 0;
    const { receipts, told } = create({ timeoutMs: 5, monoMs: () => nowMs });
    // Each round is over when its deadline has passed; the clock stands still meanwhile, however slow the machine is.
    const pass = async (number: number) => {
      receipts.sent(report(number));
      nowMs += 5;
      await eventually(() => expect(told.overdue).toBe(number));
    };
    await pass(1);
    await eventually(() => expect(told.resends).toBe(1));
    for (let number = 2; number <= 6; number++) {
      await pass(number);
      await eventually(() => expect(told.resends).toBe(number));
    }
    // The next one would come after 32 deadlines.
    await pass(7);
    expect(receipts.take(receipt([[7, 7]]))).toEqual([1e12 + 7]);
    expect(told.resends).toBe(7);
  });

  test('of a report that the broker refused are not waited for', () => {
    const { receipts } = create({ lengthMax: 1 });
    receipts.sent(report(1));
    receipts.forget(1e12 + 1);
    expect(receipts.hasRoomFor('incident')).toBe(true);
  });
});

describe('ranges', () => {
  test('hold the numbers that they are made of and no others, as few as can be', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 }), (numbers) => {
        const ranges = rangesOf(numbers);
        const held = ranges.flatMap(([from, to]) =>
          Array.from({ length: to - from + 1 }, (_, n) => from + n),
        );
        expect(held).toEqual([...new Set(numbers)].sort((a, b) => a - b));
        expect(ranges.slice(1).every(([from], at) => from > (ranges[at]?.[1] ?? 0) + 1)).toBe(true);
      }),
    );
  });

  test('survive the way through JSON', () => {
    const made = { epoch: EPOCH, lane: 'update', ranges: [[1, 4]] };
    expect(readReceipt(Buffer.from(JSON.stringify(made)))).toEqual(made);
  });
});
