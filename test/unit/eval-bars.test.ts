import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { healthy } from '../../demo/scenario.ts';
import { ALTERATIONS } from '../../eval/alterations.ts';
import { barTable, isMissed } from '../../eval/bar-table.ts';
import { type Bar, isMet } from '../../eval/part.ts';
import { PLANT_CHANNELS, plantPump } from '../../eval/plant-pump.ts';
import type { SkabRecording } from '../../src/eval/skab.ts';

const bar: Bar = { name: 'F1', limit: { atLeast: 0.84 }, unit: '', decimals: 2, best: '.75, others' };

describe('a bar', () => {
  test('is met at its limit, unless it must be exceeded', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(isMet({ ...bar, limit: { atLeast: value } }, value)).toBe(true);
        expect(isMet({ ...bar, limit: { atMost: value } }, value)).toBe(true);
        expect(isMet({ ...bar, limit: { over: value } }, value)).toBe(false);
      }),
    );
  });

  test('is never met by what is no number', () => {
    for (const limit of [{ atLeast: 0 }, { over: 0 }, { atMost: 0 }])
      expect(isMet({ ...bar, limit }, Number.NaN)).toBe(false);
  });

  test('shows what was measured, whether it is reached, and the best of others', () => {
    const figure = { value: 0.853, baseline: 'always 0.70' };
    const lines = barTable([
      { bar, figure, lacking: '' },
      { bar, figure: { ...figure, value: 0.5 }, lacking: '' },
      { bar, figure: undefined, lacking: 'needs recordings' },
    ]).split('\n');
    const cells = lines.map((line) => line.split('|').map((cell) => cell.trim()));
    expect(cells[2]?.slice(1, 7)).toEqual(['F1', '0.85', '≥ 0.84', 'reached', 'always 0.70', '.75, others']);
    expect(cells[3]?.[4]).toBe('below the bar');
    expect(cells[4]?.slice(2, 5)).toEqual(['–', '≥ 0.84', 'not measured: needs recordings']);
  });

  test('is missed only by a figure', () => {
    expect(isMissed({ bar, figure: { value: 0.1, baseline: '' }, lacking: '' })).toBe(true);
    expect(isMissed({ bar, figure: { value: 0.9, baseline: '' }, lacking: '' })).toBe(false);
    expect(isMissed({ bar, figure: undefined, lacking: 'needs recordings' })).toBe(false);
  });
});

const recording: SkabRecording = {
  file: 'a.csv',
  channels: ['vib', 'amps'],
  learningRows: 400,
  rows: Array.from({ length: 700 }, (_, row) => ({
    timeMs: row * 1000,
    values: [Math.sin(row), 100 + Math.cos(row)],
    anomaly: row >= 560,
    changepoint: row === 560,
  })),
};

describe.each(ALTERATIONS)('the alteration "$name"', ({ alter }) => {
  const altered = alter(recording);

  test('keeps the number of channels, the scored answers and the order in time', () => {
    expect(altered.channels.length).toBe(2);
    expect(altered.rows.every(({ values }) => values.length === 2)).toBe(true);
    expect(altered.rows.filter(({ anomaly }) => anomaly).length).toBe(140);
    const times = altered.rows.map(({ timeMs }) => timeMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(times.length);
  });

  test('keeps at least 300 rows to learn, none of them abnormal', () => {
    expect(altered.learningRows).toBeGreaterThanOrEqual(300);
    expect(altered.rows.slice(0, altered.learningRows).some(({ anomaly }) => anomaly)).toBe(false);
  });

  test('is the same every time', () => {
    expect(alter(recording)).toEqual(altered);
  });
});

describe('the alterations', () => {
  test('change something, all but the first', () => {
    expect(ALTERATIONS.map(({ alter }) => alter(recording) === recording)).toEqual([
      true,
      ...ALTERATIONS.slice(1).map(() => false),
    ]);
  });
});

describe('the simulated plant', () => {
  const rows = [...plantPump({ seed: 4, hours: 8, scenario: healthy })];
  const column = (name: string) =>
    rows.map(({ values }) => values[PLANT_CHANNELS.indexOf(name)] ?? Number.NaN);

  test('starts and stops several times a shift, and both states last', () => {
    const isOn = column('flow').map((flow) => flow > 100);
    const changes = isOn.filter((on, row) => row > 0 && on !== isOn[row - 1]).length;
    expect(changes).toBeGreaterThanOrEqual(4);
    expect(changes).toBeLessThan(40);
    const share = isOn.filter(Boolean).length / isOn.length;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.95);
  });

  test('lets a motor that stands still cool down', () => {
    const temperatures = column('temp_motor');
    expect(Math.max(...temperatures) - Math.min(...temperatures)).toBeGreaterThan(5);
  });

  test('shows the same day for the same seed, and another for another', () => {
    const first = (seed: number) => plantPump({ seed, hours: 1, scenario: healthy }).next().value;
    expect(first(4)).toEqual(rows[0]);
    expect(first(5)).not.toEqual(rows[0]);
  });
});
