import { describe, expect, test } from 'vitest';
import { capturesIn, isShown } from '../support/captures.ts';

const PAGE = `Text.

    $ fieldnote one --option
    first line

    last line

    $ fieldnote two
    a
    $ fieldnote three
    b

    sudo true
`;

describe('captures of a page', () => {
  test('are its commands with what follows them', () => {
    expect(capturesIn(PAGE).slice(0, 2)).toEqual([
      { command: 'fieldnote one --option', lines: ['first line', '', 'last line'] },
      { command: 'fieldnote two', lines: ['a'] },
    ]);
  });

  test.each([
    [['level 1.98 mm/s at 2026-11-24 02:48:36 UTC'], 'level 12.5 mm/s at 2027-01-02 03:04:05 UTC'],
    [['by f4a47e39d311, 24 Nov 2026'], 'by 0a1b2c3d4e5f, 3 May 2027'],
    [['a   b', 'c'], 'a b\nc\n'],
    [['over after …; back'], 'over after less than a second; back'],
    [['head', '…', 'tail'], 'head\n1\n2\ntail'],
    [['head', '…', 'tail'], 'head\ntail'],
  ])('hold for another run that differs in figures alone', (lines, written) => {
    expect(isShown(lines, written)).toBe(true);
  });

  test.each([
    [['level 1.98 mm/s'], 'level 1.98 bar'],
    [['a', 'b'], 'a'],
    [['a'], 'a\nb'],
    [['watching by f4a47e39d311'], 'learning 1 %'],
    [['nothing was lost (…)'], 'nothing was lost'],
  ])('do not hold where words differ', (lines, written) => {
    expect(isShown(lines, written)).toBe(false);
  });
});
