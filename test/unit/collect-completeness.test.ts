import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { completenessOf } from '../../src/collect/completeness.ts';
import { rangesOf, type SequenceRange } from '../../src/values/receipt.ts';

const LANE = { site: 'plant', node: 'pump7', epoch: 'a1b2', lane: 'incident' };

function coverage(
  received: readonly SequenceRange[],
  gaps: readonly (SequenceRange | [number, number, string])[] = [],
) {
  return {
    runs: received.map(([from, to]) => ({ ...LANE, from, to })),
    explained: gaps.map(([from, to, reason = 'evicted']) => ({ ...LANE, from, to, reason: `${reason}` })),
    claimedTwice: [],
    scattered: [],
  };
}

describe('the proof of completeness', () => {
  test('says that nothing is missing', () => {
    expect(completenessOf(coverage([[1, 9]]))).toEqual([
      {
        ...LANE,
        received: 9,
        first: 1,
        last: 9,
        missing: [],
        explained: {},
        claimedTwice: [],
        isScattered: false,
      },
    ]);
  });

  test('names what is missing, at the beginning too', () => {
    const [lane] = completenessOf(coverage([[3, 4], [7, 9]])); // biome-ignore format: pairs
    expect(lane).toMatchObject({ received: 5, first: 3, last: 9, missing: [[1, 2], [5, 6]] }); // biome-ignore format: pairs
  });

  test('takes off what the node has given up, and says why', () => {
    const [lane] = completenessOf(
      coverage([[1, 1], [20, 20]], [[2, 5], [4, 8, 'expired'], [15, 30]]), // biome-ignore format: pairs
    );
    expect(lane).toMatchObject({ missing: [[9, 14]], explained: { evicted: 9, expired: 3 } });
  });

  test('keeps lanes and epochs apart', () => {
    const run = { from: 2, to: 2 };
    const lanes = completenessOf({
      runs: [
        { ...LANE, ...run },
        { ...LANE, epoch: 'ffff', ...run },
        { ...LANE, lane: 'update', ...run },
      ],
      explained: [{ ...LANE, epoch: 'ffff', from: 1, to: 1, reason: 'evicted' }],
      claimedTwice: [{ ...LANE, lane: 'update', sequence: 2 }],
      scattered: [],
    });
    expect(lanes.map(({ missing, claimedTwice }) => [missing.length, claimedTwice])).toEqual([
      [1, []],
      [0, []],
      [1, [2]],
    ]);
  });

  test('agrees with counting on the fingers', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(numbers, numbers, (received, givenUp) => {
        const [lane] = completenessOf(coverage(rangesOf(received), rangesOf(givenUp)));
        const last = Math.max(...received);
        const absent = Array.from({ length: last }, (_, at) => at + 1).filter((n) => !received.includes(n));
        expect(lane).toMatchObject({ received: received.length, last, first: Math.min(...received) });
        expect(lane?.missing).toEqual(rangesOf(absent.filter((n) => !givenUp.includes(n))));
        expect(lane?.explained['evicted'] ?? 0).toBe(absent.filter((n) => givenUp.includes(n)).length);
      }),
    );
  });
});
