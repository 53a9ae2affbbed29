import { describe, expect, test } from 'vitest';
import { latencyRows, type Row } from '../../bench/row.ts';
import { ratioOf, tableOf } from '../../bench/table.ts';

const row = (changes: Partial<Row> = {}): Row => ({
  name: 'start',
  value: 421,
  unit: 'ms',
  baseline: 32.4,
  note: 'bare: node -e 0',
  ...changes,
});

describe('ratioOf', () => {
  test('is how many times the baseline the value is', () => {
    expect(ratioOf(row({ value: 30, baseline: 12 }))).toBe(2.5);
  });

  test('is unknown when the baseline is too small to be seen', () => {
    expect(ratioOf(row({ baseline: 0 }))).toBeNull();
  });
});

describe('tableOf', () => {
  test('is a Markdown table with numbers to the right', () => {
    expect(
      tableOf([row(), row({ name: 'drain', value: 18_800, unit: 'msg/s', baseline: 49_400, note: '' })]),
    ).toBe(
      [
        '| what  |  value | unit  | baseline |  ratio | note            |',
        '| ----- | -----: | ----- | -------: | -----: | --------------- |',
        '| start |    421 | ms    |     32.4 |    13× | bare: node -e 0 |',
        '| drain | 18,800 | msg/s |   49,400 | 0.381× |                 |',
      ].join('\n'),
    );
  });

  test('shows no ratio to a baseline of nothing', () => {
    expect(
      tableOf([row({ baseline: 0 })])
        .split('\n')
        .at(-1),
    ).toContain('|        0 |     – |');
  });

  test('has its heading when nothing was measured', () => {
    expect(tableOf([]).split('\n')).toHaveLength(2);
  });
});

describe('latencyRows', () => {
  const valuesMs = Array.from({ length: 200 }, (_, index) => (index + 1) / 100);
  const baselineMs = valuesMs.map((value) => value / 2);
  const [p50, p99] = latencyRows({ name: 'insert', valuesMs, baselineMs, note: 'bare' });

  test('gives median and 99th percentile in microseconds', () => {
    expect([p50?.value, p99?.value]).toEqual([1000, 1980]);
    expect([p50?.unit, p99?.unit]).toEqual(['µs', 'µs']);
  });

  test('sets each beside the same percentile of the baseline', () => {
    expect([p50?.baseline, p99?.baseline]).toEqual([500, 990]);
  });

  test('names what it is and how many calls it saw', () => {
    expect([p50?.name, p99?.name, p50?.note]).toEqual(['insert, p50', 'insert, p99', 'bare; 200 each']);
  });
});
