import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readNumber } from '../../src/decode/number.ts';

describe('readNumber', () => {
  test('reads every number that a 32-bit float can hold as JavaScript prints it', () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(float, (number) => {
        expect(readNumber(String(number))).toBe(Number(String(number)));
      }),
    );
  });

  test.each([
    ['+1.5', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['1E-3', 0.001],
    ['-0', -0],
    ['007', 7],
    ['true', 1],
    ['FALSE', 0],
  ])('reads %s', (text, number) => expect(readNumber(text)).toBe(number));

  test.each(['', 'NaN', '-nan', 'inf', '-Infinity', '1e999', '-1e39', 'null', 'ERR', '---', 'ovf', 'N/A'])(
    'knows that %j stands for a missing number',
    (text) => expect(readNumber(text)).toBeNaN(),
  );

  test.each(['ok', '0x10', '1,5', '12.3.4', '1e', '21.5C', '1_000', ' 1', '+-1', 'nano', 'information'])(
    'takes %j for text',
    (text) => expect(readNumber(text)).toBeUndefined(),
  );

  test('is not slowed down by a long text that is almost a number', () => {
    expect(readNumber(`${'1'.repeat(30_000)}x`)).toBeUndefined();
  });
});
