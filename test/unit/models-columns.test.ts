import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnsOf, inUnitsOfAsset, valuesFor } from '../../src/models/columns.ts';
import type { Window } from '../../src/values/window.ts';

const ASSET = [
  { name: 'water', unit: '°C' },
  { name: 'flow', unit: 'L/min' },
  { name: 'pressure', unit: 'psi' },
];
const MODEL = [
  { name: 'pressure', unit: 'kPa' },
  { name: 'water', unit: '°F' },
];

function windowOf(channels: readonly string[], ...rows: number[][]): Window {
  const data = Float32Array.from(rows.flat());
  const coverage = channels.map(() => 1);
  return { asset: 'pump', endMs: 0, rateHz: 1, rows: rows.length, channels, data, coverage };
}

const names = ASSET.map(({ name }) => name);

describe('the columns of a model', () => {
  test('are found by name, with their units', () => {
    const { columns, differences } = columnsOf(MODEL, ASSET);
    expect(differences).toEqual([]);
    expect(columns).toEqual([
      { at: 2, factor: expect.closeTo(6.894757, 6), offset: 0 },
      { at: 0, factor: expect.closeTo(1.8, 9), offset: expect.closeTo(32, 9) },
    ]);
  });

  test('that cannot be found or converted are named, with both units', () => {
    const wanted = [...MODEL, { name: 'current', unit: 'A' }, { name: 'flow', unit: 'V' }];
    expect(columnsOf(wanted, ASSET).differences).toEqual([
      'the model wants a channel current, which the asset does not have',
      'unit of flow: the model wants V, the asset has L/min, which does not convert',
    ]);
  });

  test('take the newest rows, picked, ordered and converted; gaps stay gaps', () => {
    const { columns } = columnsOf(MODEL, ASSET);
    const window = windowOf(names, [1, 2, 3], [100, 5, 1], [0, 5, Number.NaN]);
    const values = valuesFor(window, { window: { rows: 2 }, columns });
    expect([...values]).toEqual([
      expect.closeTo(6.894757, 5),
      expect.closeTo(212, 4),
      Number.NaN,
      expect.closeTo(32, 4),
    ]);
  });

  test('that are those of the asset cost no copy', () => {
    const { columns } = columnsOf(ASSET, ASSET);
    const window = windowOf(names, [1, 2, 3], [4, 5, 6]);
    const values = valuesFor(window, { window: { rows: 1 }, columns });
    expect([...values]).toEqual([4, 5, 6]);
    expect(values.buffer).toBe(window.data.buffer);
  });

  test('that are the first of the asset leave the others out', () => {
    const { columns } = columnsOf(ASSET.slice(0, 2), ASSET);
    const values = valuesFor(windowOf(names, [1, 2, 3], [4, 5, 6]), { window: { rows: 2 }, columns });
    expect([...values]).toEqual([1, 2, 4, 5]);
  });
});

describe('deviations', () => {
  test('come back in the units of the asset, a spread without the offset', () => {
    const { columns } = columnsOf([{ name: 'water', unit: '°F' }], ASSET);
    const [deviation] = inUnitsOfAsset(
      [{ channel: 'water', value: 212, baseline: 32, spread: 1.8, share: 1 }],
      columns,
    );
    expect(deviation).toEqual({
      channel: 'water',
      value: expect.closeTo(100, 9),
      baseline: expect.closeTo(0, 9),
      spread: expect.closeTo(1, 9),
      share: 1,
    });
  });

  test('are as many spreads off in the units of the asset as in those of the model', () => {
    const amount = fc.double({ min: -1000, max: 1000, noNaN: true });
    const width = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom(...MODEL), amount, amount, width, (channel, value, baseline, spread) => {
        const { columns } = columnsOf([channel], ASSET);
        const given = { channel: channel.name, value, baseline, spread, share: 1 };
        const [own = given] = inUnitsOfAsset([given], columns);
        expect((own.value - own.baseline) / own.spread).toBeCloseTo((value - baseline) / spread, 5);
      }),
    );
  });
});
