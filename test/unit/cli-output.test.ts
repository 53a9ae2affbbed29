import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { progressBar } from '../../src/cli/progress-bar.ts';
import { shownTime } from '../../src/cli/shown-time.ts';
import { alignedRows } from '../../src/cli/table.ts';

function shown(isTTY: boolean, shares: readonly number[]): string {
  let text = '';
  const bar = progressBar({ isTTY, write: (more: string) => (text += more) }, 'reading x');
  for (const share of shares) bar(share);
  return text;
}

describe('alignedRows', () => {
  test('puts each column below its heading, and nothing at the ends of lines', () => {
    expect(alignedRows([['name', 'unit'], ['vibration', 'mm/s'], ['flow']], '  ')).toEqual([
      '  name       unit',
      '  vibration  mm/s',
      '  flow',
    ]);
  });

  test('begins a column at the same place in all rows', () => {
    const cell = fc.stringMatching(/^[a-z]{1,9}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const starts = alignedRows(rows).map((line) => line.lastIndexOf(' ') + 1);
        expect(new Set(starts).size).toBe(1);
      }),
    );
  });

  test('makes nothing of nothing', () => {
    expect(alignedRows([])).toEqual([]);
  });
});

describe('progressBar', () => {
  test('draws over itself on a terminal, and ends with a line end', () => {
    expect(shown(true, [0.5, 1])).toBe(
      `\rreading x [${'#'.repeat(15)}${'.'.repeat(15)}] 50 %\rreading x [${'#'.repeat(30)}] 100 %\n`,
    );
  });

  test('writes a line for each tenth elsewhere', () => {
    expect(shown(false, [0, 0.05, 0.31, 0.39, 1])).toBe(
      'reading x, 0 %\nreading x, 30 %\nreading x, 100 %\n',
    );
  });

  test('never goes back, nor beyond 100 %', () => {
    expect(shown(false, [0.5, 0.2, 7])).toBe('reading x, 50 %\nreading x, 100 %\n');
  });
});

test('shownTime is UTC to the second', () => {
  expect(shownTime(Date.UTC(2026, 10, 23, 15, 20, 1, 999))).toBe('2026-11-23 15:20:01 UTC');
});
