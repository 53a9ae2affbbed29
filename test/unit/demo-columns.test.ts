import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { harmless, toWidth, widthOf, wrap } from '../../demo/columns.ts';

describe('width of text', () => {
  test.each([
    ['flow', 4],
    ['°C', 2],
    ['m³/h', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['水泵', 4],
    ['펌프', 4],
    ['ポンプ', 6],
    ['ｆ', 2],
    ['🚰', 2],
    ['👩\u200d🔧', 2],
    ['a\u200bb', 2],
    ['▁█●○…', 5],
    ['', 0],
  ])('%s takes %i columns', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

describe('harmless text', () => {
  test('has lost its escape sequences and control characters', () => {
    expect(harmless('a\x1b[31mred\x1b[0m\nb\tc\x07\x9b2Jd\u202ee')).toBe('ared b c d e');
  });

  test('holds nothing that could steer a terminal, whatever went in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(harmless(text)).not.toMatch(/[\p{Control}\p{Bidi_Control}]/v);
      }),
    );
  });
});

describe('text of a given width', () => {
  test('is padded on the right', () => {
    expect(toWidth('ab', 4)).toBe('ab  ');
  });

  test('is cut with an ellipsis', () => {
    expect(toWidth('vibration', 6)).toBe('vibra…');
  });

  test('is padded where half a wide character would have been', () => {
    expect(toWidth('水泵房', 4)).toBe('水… ');
  });

  test('has exactly that width for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, width) => {
        expect(widthOf(toWidth(harmless(text), width))).toBe(width);
      }),
    );
  });
});

describe('wrapped text', () => {
  test('breaks between words', () => {
    expect(wrap('flow is far below normal', 10)).toEqual(['flow is', 'far below', 'normal']);
  });

  test('breaks a word that is longer than a line', () => {
    expect(wrap('an uninterruptible one', 6)).toEqual(['an', 'uninte', 'rrupti', 'ble', 'one']);
  });

  test('breaks between wide characters', () => {
    expect(wrap('水泵房', 5)).toEqual(['水泵', '房']);
  });

  test('of nothing is no line', () => {
    expect(wrap('  ', 10)).toEqual([]);
  });

  test('keeps every character and stays within the width', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 80 }),
        fc.integer({ min: 0, max: 30 }),
        (text, width) => {
          const lines = wrap(harmless(text), width);
          expect(lines.join('').replaceAll(/\s/g, '')).toBe(harmless(text).replaceAll(/\s/g, ''));
          for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(Math.max(2, width));
        },
      ),
    );
  });
});
