import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sparkline } from '../../demo/sparkline.ts';

describe('sparkline', () => {
  test('spreads a ramp over the eight levels', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], { width: 8 })).toBe('▁▂▃▄▅▆▇█');
  });

  test('scales negative and tiny values as well', () => {
    expect(sparkline([-1e-9, 0, 1e-9], { width: 3 })).toBe('▁▅█');
  });

  test('shows gaps as spaces', () => {
    expect(sparkline([0, Number.NaN, 7, Number.POSITIVE_INFINITY], { width: 4 })).toBe('▁ █ ');
  });

  test('puts the newest value on the right and drops the oldest', () => {
    expect(sparkline([100, 0, 7], { width: 2 })).toBe('▁█');
    expect(sparkline([0, 7], { width: 4 })).toBe('  ▁█');
  });

  test('runs through the middle when all values are the same', () => {
    expect(sparkline([5, 5, 5], { width: 3 })).toBe('▄▄▄');
  });

  test('keeps noise flat within the least span', () => {
    expect(sparkline([99, 100, 101], { width: 3 })).toBe('▁▅█');
    expect(sparkline([99.9, 100, 100.1], { width: 3, spanMin: 20 })).toBe('▄▅▅');
  });

  test('is empty space without data', () => {
    expect(sparkline([], { width: 3 })).toBe('   ');
    expect(sparkline([Number.NaN], { width: 3 })).toBe('   ');
  });

  test('is nothing without width', () => {
    expect(sparkline([1, 2], { width: 0 })).toBe('');
  });

  test('always has its width, and a block exactly where there is a number', () => {
    const values = fc.array(fc.double(), { maxLength: 40 });
    fc.assert(
      fc.property(
        values,
        fc.nat(30),
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        (numbers, width, spanMin) => {
          const line = sparkline(numbers, { width, spanMin });
          expect(line).toMatch(/^[ ▁▂▃▄▅▆▇█]*$/);
          expect(line).toHaveLength(width);
          const shown = width === 0 ? [] : numbers.slice(-width);
          const finite = shown.filter(Number.isFinite).length;
          expect(line.replaceAll(' ', '')).toHaveLength(finite);
        },
      ),
    );
  });

  test('never draws a higher value lower', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(values, (numbers) => {
        const sorted = numbers.toSorted((a, b) => a - b);
        const line = [...sparkline(sorted, { width: sorted.length })];
        expect(line).toEqual(line.toSorted());
      }),
    );
  });
});
