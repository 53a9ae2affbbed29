import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Sample } from '../../src/values/sample.ts';
import { Grid, type GridOptions, type Row } from '../../src/window/grid.ts';

const CHANNELS = {
  vib: { from: 'mcu.vib1', unit: 'g' },
  temp: { from: 'plc.oil.temp', unit: '°C' },
};
const NAMES = { mcu: ['ts', 'vib1'], plc: ['oil.temp'] };
const GAP = Number.NaN;

function gridOf(options: Partial<GridOptions> = {}): Grid {
  return new Grid({ channels: CHANNELS, rateHz: 1, holdMs: 2500, windowRows: 10, ...options });
}

function vib(value: number): Sample {
  return {
    kind: 'sample',
    source: 'mcu',
    monoMs: 0,
    deviceMs: undefined,
    names: NAMES.mcu,
    values: [0, value],
  };
}

function temp(value: number): Sample {
  return { kind: 'sample', source: 'plc', monoMs: 0, deviceMs: undefined, names: NAMES.plc, values: [value] };
}

const plain = (rows: readonly Row[]) => rows.map(({ endMs, values }) => [endMs, ...values]);

describe('Grid', () => {
  test('gives no rows before the first sample', () => expect(gridOf().advanceTo(1e9)).toEqual([]));

  test('completes a cell when a sample of a later cell comes', () => {
    const grid = gridOf();
    expect(grid.push(vib(1), 12_300).rows).toEqual([]);
    expect(plain(grid.push(vib(2), 13_000).rows)).toEqual([[13_000, 1, GAP]]);
  });

  test('completes a cell when the clock has passed its end', () => {
    const grid = gridOf();
    grid.push(vib(1), 12_300);
    expect(grid.advanceTo(12_999)).toEqual([]);
    expect(plain(grid.advanceTo(13_000))).toEqual([[13_000, 1, GAP]]);
    expect(grid.advanceTo(13_000)).toEqual([]);
  });

  test('aligns channels of several sources', () => {
    const grid = gridOf();
    grid.push(vib(1), 100);
    grid.push(temp(20), 900);
    expect(plain(grid.advanceTo(1000))).toEqual([[1000, 1, 20]]);
  });

  test('takes the mean of several samples in a cell', () => {
    const grid = gridOf();
    for (const value of [1, 2, 6]) grid.push(vib(value), 500 + value);
    expect(plain(grid.advanceTo(1000))).toEqual([[1000, 3, GAP]]);
  });

  test('holds the last value, not the mean, and only as long as it may', () => {
    const grid = gridOf({ holdMs: 2500 });
    grid.push(vib(1), 400);
    grid.push(vib(3), 500);
    expect(plain(grid.advanceTo(4000))).toEqual([
      [1000, 2, GAP],
      [2000, 3, GAP],
      [3000, 3, GAP],
      [4000, GAP, GAP],
    ]);
  });

  test('holds the value that is latest in time when samples of a cell come out of order', () => {
    const grid = gridOf();
    grid.push(vib(1), 900);
    grid.push(vib(5), 100);
    expect(plain(grid.advanceTo(2000))).toEqual([
      [1000, 3, GAP],
      [2000, 1, GAP],
    ]);
  });

  test('leaves a gap for NaN and for numbers that a 32-bit float cannot hold', () => {
    const grid = gridOf();
    grid.push(vib(GAP), 100);
    grid.push(temp(1e39), 200);
    expect(plain(grid.advanceTo(1000))).toEqual([[1000, GAP, GAP]]);
  });

  test('counts values that come after their cell was complete', () => {
    const grid = gridOf();
    grid.push(vib(1), 1000);
    grid.advanceTo(2000);
    expect(grid.push(temp(20), 1999)).toEqual({ rows: [], lateValues: 1 });
    expect(plain(grid.advanceTo(3000))).toEqual([[3000, 1, GAP]]);
  });

  test('ignores sources and names that the asset does not use', () => {
    const grid = gridOf();
    const other = { ...vib(1), names: ['ts', 'vib2'] };
    expect(grid.push({ ...vib(1), source: 'gps' }, 0)).toEqual({ rows: [], lateValues: 0 });
    expect(grid.push(other, 0)).toEqual({ rows: [], lateValues: 0 });
    expect(grid.advanceTo(5000)).toEqual([]);
  });

  test('follows a source that changes its layout', () => {
    const grid = gridOf();
    grid.push(vib(1), 100);
    grid.push({ ...vib(1), names: ['vib1', 'ts'], values: [9, 0] }, 1100);
    expect(plain(grid.advanceTo(2000))).toEqual([[2000, 9, GAP]]);
  });

  test('may feed two channels from one name', () => {
    const grid = gridOf({
      channels: { a: { from: 'plc.oil.temp', unit: 'K' }, b: { from: 'plc.oil.temp', unit: 'K' } },
    });
    grid.push(temp(7), 0);
    expect(plain(grid.advanceTo(1000))).toEqual([[1000, 7, 7]]);
  });

  test('keeps cells of a third of a second on their places', () => {
    const grid = gridOf({ rateHz: 3, windowRows: 100 });
    grid.push(vib(1), 1_000_000);
    const ends = grid.advanceTo(1_010_000).map((row) => row.endMs);
    expect(ends.length).toBe(30);
    expect(ends.at(-1)).toBe(1_010_000);
  });

  test('marks the first row only', () => {
    const grid = gridOf();
    grid.push(vib(1), 0);
    expect(grid.advanceTo(3000).map((row) => row.isFirst)).toEqual([true, false, false]);
  });
});

describe('Grid after a silence', () => {
  test('gives rows for one window and no more', () => {
    const grid = gridOf({ windowRows: 10 });
    grid.push(vib(1), 0);
    expect(grid.advanceTo(3_600_000_000).length).toBe(11);
    expect(grid.advanceTo(7_200_000_000)).toEqual([]);
  });

  test('begins anew with the next sample', () => {
    const grid = gridOf({ windowRows: 10 });
    grid.push(vib(1), 0);
    expect(grid.push(vib(2), 3_600_000).rows.length).toBe(11);
    expect(grid.advanceTo(3_601_000)).toMatchObject([{ endMs: 3_601_000, isFirst: true }]);
  });

  test('goes on when the silence was shorter than a window', () => {
    const grid = gridOf({ windowRows: 10 });
    grid.push(vib(1), 0);
    expect(grid.push(vib(2), 10_000).rows.length).toBe(10);
    expect(grid.advanceTo(11_000)).toMatchObject([{ endMs: 11_000, isFirst: false }]);
  });

  test('waits as long as values are held, even when that is longer than a window', () => {
    const grid = gridOf({ windowRows: 3, holdMs: 8000 });
    grid.push(vib(1), 0);
    expect(plain(grid.push(vib(2), 7000).rows).map(([, value]) => value)).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  test('never gives more rows at once than its hard limit', () => {
    const grid = gridOf({ windowRows: 2, holdMs: 3_600_000, rateHz: 1000 });
    grid.push(vib(1), 0);
    expect(grid.advanceTo(1e12).length).toBe(100_001);
  });
});

describe('Grid when the time of a source falls back', () => {
  test('completes the open cell and begins anew', () => {
    const grid = gridOf();
    grid.push(vib(1), 60_000);
    expect(plain(grid.push(vib(2), 0).rows)).toEqual([[61_000, 1, GAP]]);
    expect(grid.advanceTo(1000)).toMatchObject([{ endMs: 1000, isFirst: true }]);
  });

  test('holds no value from before', () => {
    const grid = gridOf({ holdMs: 10_000, windowRows: 20 });
    grid.push(temp(20), 60_000);
    grid.push(vib(1), 60_500);
    grid.push(vib(2), 40_000);
    expect(plain(grid.advanceTo(41_000))).toEqual([[41_000, 2, GAP]]);
  });

  test('counts a small step back as late', () => {
    const grid = gridOf({ holdMs: 2500 });
    grid.push(vib(1), 60_000);
    expect(grid.push(vib(2), 58_000)).toEqual({ rows: [], lateValues: 1 });
  });

  test('adds up small steps back until they are a restart', () => {
    const grid = gridOf({ holdMs: 2500 });
    for (const timeMs of [60_000, 58_000, 57_000]) grid.push(vib(1), timeMs);
    expect(grid.advanceTo(58_000)).toMatchObject([{ endMs: 58_000, isFirst: true }]);
  });

  test('does not begin anew for each sample of a source that is behind the others', () => {
    const grid = gridOf();
    grid.push(vib(1), 60_000);
    expect(grid.push(temp(1), 1000)).toEqual({ rows: [], lateValues: 1 });
    expect(grid.push(temp(1), 2000)).toEqual({ rows: [], lateValues: 1 });
    expect(grid.advanceTo(61_000)).toMatchObject([{ isFirst: true }]);
  });
});

describe('Grid against a naive model', () => {
  const HOLD_MS = 700;
  const WINDOW_ROWS = 6;
  const CELL_MS = 250;
  type Event = { timeMs: number; column: number; value: number };

  const events = fc
    .array(
      fc.record({
        stepMs: fc.oneof({ weight: 9, arbitrary: fc.nat(400) }, fc.nat(4000)),
        column: fc.nat(1),
        value: fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constant(GAP)),
      }),
      { minLength: 1, maxLength: 60 },
    )
    .map((steps) => {
      let timeMs = 10_000;
      return steps.map(({ stepMs, column, value }): Event => {
        timeMs += stepMs;
        return { timeMs, column, value };
      });
    });

  const cellOf = (timeMs: number) => Math.floor(timeMs / CELL_MS);

  function naiveValue(cell: number, column: number, all: readonly Event[]): number {
    const endMs = (cell + 1) * CELL_MS;
    const known = all.filter(
      (event) => event.column === column && !Number.isNaN(event.value) && event.timeMs < endMs,
    );
    const inCell = known.filter((event) => cellOf(event.timeMs) === cell);
    if (inCell.length > 0) return inCell.reduce((sum, event) => sum + event.value, 0) / inCell.length;
    const last = known.at(-1);
    return last && endMs - last.timeMs <= HOLD_MS ? last.value : GAP;
  }

  /** Every cell from the first event on, except those after a whole silent window up to the next event. */
  function naiveRows(all: readonly Event[], endMs: number): number[][] {
    const rows: number[][] = [];
    let silentRows = 0;
    let isFirst = true;
    for (let cell = cellOf(all[0]?.timeMs ?? 0); cell < cellOf(endMs); cell++) {
      const isSilent = !all.some((event) => cellOf(event.timeMs) === cell && !Number.isNaN(event.value));
      const hasEvent = all.some((event) => cellOf(event.timeMs) === cell);
      if (silentRows === WINDOW_ROWS && hasEvent) {
        silentRows = 0;
        isFirst = true;
      }
      if (silentRows === WINDOW_ROWS) continue;
      const values = [0, 1].map((column) => Math.fround(naiveValue(cell, column, all)));
      rows.push([(cell + 1) * CELL_MS, Number(isFirst), ...values]);
      silentRows = isSilent ? silentRows + 1 : 0;
      isFirst = false;
    }
    return rows;
  }

  test('has a value where a sample lies in the cell or within the hold before its end, and nowhere else', () => {
    fc.assert(
      fc.property(events, fc.infiniteStream(fc.nat(3)), (all, ticks) => {
        const grid = gridOf({ rateHz: 1000 / CELL_MS, holdMs: HOLD_MS, windowRows: WINDOW_ROWS });
        const endMs = (all.at(-1)?.timeMs ?? 0) + 3000;
        const rows: Row[] = [];
        for (const { timeMs, column, value } of all) {
          if (ticks.next().value === 0) rows.push(...grid.advanceTo(timeMs));
          rows.push(...grid.push(column === 0 ? vib(value) : temp(value), timeMs).rows);
        }
        rows.push(...grid.advanceTo(endMs));
        const found = rows.map((row) => [row.endMs, Number(row.isFirst), ...row.values]);
        expect(found).toEqual(naiveRows(all, endMs));
      }),
      { numRuns: 500 },
    );
  });
});
