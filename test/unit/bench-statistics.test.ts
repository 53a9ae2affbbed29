import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatNumber, median, percentile, rangesText } from '../../bench/statistics.ts';

const values = fc.array(fc.double({ noNaN: true }), { minLength: 1 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const tenth = [3, 1, 4, 10, 5, 9, 2, 6, 8, 7];

describe('percentile', () => {
  test('is the nearest rank, in whatever order the values come', () => {
    expect(percentile(tenth, 0.5)).toBe(5);
    expect(percentile(tenth, 0.51)).toBe(6);
  });

  test('is the smallest value at 0 and the largest at 1', () => {
    expect([percentile(tenth, 0), percentile(tenth, 1)]).toEqual([1, 10]);
  });

  test('compares numbers, not their texts', () => {
    expect(percentile([10, 9, 100], 0.5)).toBe(10);
  });

  test('leaves the values in their order', () => {
    const given = [3, 1, 2];
    percentile(given, 0.5);
    expect(given).toEqual([3, 1, 2]);
  });

  test('of no values is refused', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });

  test('is one of the values, and so many of them are not over it', () => {
    fc.assert(
      fc.property(values, share, (given, part) => {
        const found = percentile(given, part);
        expect(given).toContain(found);
        expect(given.filter((value) => value <= found).length).toBeGreaterThanOrEqual(part * given.length);
      }),
    );
  });

  test('never falls when the share grows', () => {
    fc.assert(
      fc.property(values, share, share, (given, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        expect(percentile(given, less)).toBeLessThanOrEqual(percentile(given, more));
      }),
    );
  });
});

describe('median', () => {
  test('is not moved by one bad run', () => {
    expect(median([10, 11, 5000])).toBe(11);
  });
});

describe('formatNumber', () => {
  test.each([
    [0, '0'],
    [0.012345, '0.0123'],
    [1.999, '2'],
    [48_765, '48,800'],
  ])('writes %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

describe('rangesText', () => {
  test('shows smallest and largest of both sides', () => {
    expect(rangesText([2, 1, 3], [20.44, 10])).toBe('runs 1–3 against 10–20.4');
  });
});
