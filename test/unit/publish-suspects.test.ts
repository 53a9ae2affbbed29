import { describe, expect, test } from 'vitest';
import { disconnected } from '../../src/publish/reasons.ts';
import { Suspects } from '../../src/publish/suspects.ts';
import { FieldnoteError } from '../../src/system/errors.ts';

const BLAMED = disconnected(0x95, { broker: 'b', clientId: 'c' });
const LOST = new FieldnoteError('PUBLISH_LOST', 'gone');

describe('after a broker blamed a publish', () => {
  test('the only one in flight is the one', () => {
    expect(new Suspects().afterLoss({ error: BLAMED, inFlight: [7], isFruitless: true }, 0)).toBe(7);
  });

  test('each of several goes alone, and none is condemned', () => {
    const suspects = new Suspects();
    expect(suspects.afterLoss({ error: BLAMED, inFlight: [7, 8], isFruitless: false }, 0)).toBeUndefined();
    expect([7, 8, 9].map((seq) => suspects.has(seq))).toEqual([true, true, false]);
    suspects.clear(7);
    expect(suspects.has(7)).toBe(false);
  });
});

describe('after a loss without a reason', () => {
  function lose(suspects: Suspects, inFlight: number[], times: number, isFruitless = true) {
    for (let n = 0; n < times; n++) suspects.afterLoss({ error: LOST, inFlight, isFruitless }, 1000);
  }

  test('nobody is suspected when reports were acknowledged before it', () => {
    const suspects = new Suspects();
    lose(suspects, [7, 8], 10, false);
    expect([suspects.has(7), suspects.has(8)]).toEqual([false, false]);
  });

  test('the first one goes alone', () => {
    const suspects = new Suspects();
    lose(suspects, [7, 8], 1);
    expect([suspects.has(7), suspects.has(8)]).toEqual([true, false]);
    expect(suspects.heldAt(0)).toEqual([]);
  });

  test('it is held back when it was alone three times, and never condemned', () => {
    const suspects = new Suspects();
    lose(suspects, [7, 8], 1);
    lose(suspects, [7], 2);
    expect(suspects.heldAt(0)).toEqual([]);
    lose(suspects, [7], 1);
    expect(suspects.heldAt(200)).toEqual([[7, 800]]);
    suspects.clear(7);
    expect(suspects.heldAt(200)).toEqual([]);
  });

  test('the count begins again when it was acknowledged meanwhile', () => {
    const suspects = new Suspects();
    lose(suspects, [7], 3);
    suspects.clear(7);
    lose(suspects, [7], 1);
    expect(suspects.heldAt(0)).toEqual([]);
  });

  test('nobody is suspected for a fault of our own store, or when nothing was in flight', () => {
    const suspects = new Suspects();
    suspects.afterLoss({ error: new FieldnoteError('STORE_DEAD', 'x'), inFlight: [7], isFruitless: true }, 0);
    suspects.afterLoss({ error: LOST, inFlight: [], isFruitless: true }, 0);
    expect(suspects.has(7)).toBe(false);
  });

  test('no more than 1024 are suspected at the same time', () => {
    const suspects = new Suspects();
    for (let seq = 1; seq <= 2000; seq++) suspects.add(seq);
    expect([suspects.has(1024), suspects.has(1025)]).toEqual([true, false]);
  });
});
