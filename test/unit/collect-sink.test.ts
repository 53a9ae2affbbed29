import { describe, expect, test } from 'vitest';
import { latestInOrder } from '../../src/collect/sink.ts';
import { collectedGap } from '../support/collected-reports.ts';

describe('records of gaps in a batch', () => {
  test('are the latest of each, in the same order however they came', () => {
    const [grown, other, ofOther] = [
      collectedGap({ toSequence: 16 }),
      collectedGap({ id: 2 }),
      collectedGap({ node: 'pump8' }),
    ];
    const lists = [
      [ofOther, collectedGap({ toSequence: 8 }), grown, other],
      [other, collectedGap({ toSequence: 8 }), ofOther, grown],
    ];
    expect(lists.map(latestInOrder)).toEqual(lists.map(() => [grown, other, ofOther]));
  });
});
