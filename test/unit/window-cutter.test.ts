import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Window } from '../../src/values/window.ts';
import { WindowCutter } from '../../src/window/cutter.ts';
import type { Row } from '../../src/window/grid.ts';

const CHANNELS = ['vib', 'temp'];
const GAP = Number.NaN;

function cut(rows: readonly Row[], shape: { rows: number; memoryRows?: number; stepRows: number }): Window[] {
  const cutter = new WindowCutter({ asset: 'pump', channels: CHANNELS, rateHz: 1, ...shape });
  return rows.flatMap((row) => cutter.push(row) ?? []);
}

function rowsOf(...values: number[][]): Row[] {
  return values.map((row, at) => ({
    endMs: (at + 1) * 1000,
    values: Float32Array.from(row),
    isFirst: at === 0,
  }));
}

describe('WindowCutter', () => {
  test('cuts the first window when there are enough rows', () => {
    const [window, ...more] = cut(rowsOf([1, 10], [2, 20], [3, 30]), { rows: 3, stepRows: 1 });
    expect(more).toEqual([]);
    expect(window).toEqual({
      asset: 'pump',
      endMs: 3000,
      rateHz: 1,
      rows: 3,
      channels: CHANNELS,
      data: Float32Array.of(1, 10, 2, 20, 3, 30),
      coverage: [1, 1],
      excluded: [],
    });
  });

  test('cuts windows with gaps and says how much they cover', () => {
    const [window] = cut(rowsOf([1, GAP], [GAP, GAP], [3, GAP], [4, 40]), { rows: 4, stepRows: 1 });
    expect(window?.coverage).toEqual([0.75, 0.25]);
  });

  test('hands out data that later rows do not change', () => {
    const windows = cut(rowsOf([1, 1], [2, 2], [3, 3]), { rows: 2, stepRows: 1 });
    expect(windows.map(({ data }) => [...data])).toEqual([
      [1, 1, 2, 2],
      [2, 2, 3, 3],
    ]);
  });

  test('begins anew with the first row of a new grid', () => {
    const before = rowsOf([1, 1], [2, 2]);
    const after = rowsOf([7, GAP], [8, 8], [9, 9]);
    const windows = cut([...before, ...after], { rows: 3, stepRows: 1 });
    expect(windows.map(({ data }) => [...data])).toEqual([[7, GAP, 8, 8, 9, 9]]);
    expect(windows[0]?.coverage).toEqual([1, 2 / 3]);
  });

  test('may step further than a window is long', () => {
    const rows = rowsOf(...Array.from({ length: 9 }, (_, at) => [at, at]));
    expect(cut(rows, { rows: 2, stepRows: 3 }).map(({ endMs }) => endMs)).toEqual([2000, 5000, 8000]);
  });

  test('gives what came before with a window, as gaps while there is none', () => {
    const windows = cut(rowsOf([1, 10], [2, 20], [3, 30], [4, 40]), { rows: 2, memoryRows: 1, stepRows: 1 });
    expect(windows.map(({ rows, data }) => [rows, ...data])).toEqual([
      [3, GAP, GAP, 1, 10, 2, 20],
      [3, 1, 10, 2, 20, 3, 30],
      [3, 2, 20, 3, 30, 4, 40],
    ]);
  });

  test('counts the coverage of what is to be judged alone', () => {
    const [, , window] = cut(rowsOf([1, GAP], [2, GAP], [GAP, 30], [4, 40]), {
      rows: 2,
      memoryRows: 2,
      stepRows: 1,
    });
    expect(window?.coverage).toEqual([0.5, 1]);
  });

  test('remembers nothing of before a new grid', () => {
    const windows = cut([...rowsOf([1, 1], [2, 2]), ...rowsOf([7, 7], [8, 8])], {
      rows: 2,
      memoryRows: 2,
      stepRows: 1,
    });
    expect(windows.map(({ data }) => [...data])).toEqual([
      [GAP, GAP, GAP, GAP, 1, 1, 2, 2],
      [GAP, GAP, GAP, GAP, 7, 7, 8, 8],
    ]);
  });

  test('leaves out a channel from the time on that is said, and says so while a cell of it is judged', () => {
    const cutter = new WindowCutter({
      asset: 'pump',
      channels: CHANNELS,
      rateHz: 1,
      rows: 2,
      memoryRows: 2,
      stepRows: 1,
    });
    const at4 = new Map([[1, 2000]]);
    const windows = rowsOf([1, 1], [2, 2], [3, 3], [4, 4], [5, 5], [6, 6]).flatMap(
      (row, at) => cutter.push(row, at === 3 ? at4 : undefined) ?? [],
    );
    expect(
      windows.map(({ data, coverage, excluded }) => [[...data].slice(-4), coverage[1], excluded]),
    ).toEqual([
      [[1, 1, 2, 2], 1, []],
      [[2, 2, 3, 3], 1, []],
      [[3, GAP, 4, GAP], 0, ['temp']],
      [[4, GAP, 5, GAP], 0, ['temp']],
      [[5, 5, 6, 6], 1, []],
    ]);
  });

  test('leaves out no more than it keeps, however long ago it began', () => {
    const cutter = new WindowCutter({
      asset: 'pump',
      channels: CHANNELS,
      rateHz: 1,
      rows: 2,
      memoryRows: 1,
      stepRows: 1,
    });
    const forEver = new Map([[0, Number.NEGATIVE_INFINITY]]);
    const [window] = rowsOf([1, 1], [2, 2]).flatMap((row) => cutter.push(row, forEver) ?? []);
    expect([...(window?.data ?? [])]).toEqual([GAP, GAP, GAP, 1, GAP, 2]);
    expect(window?.coverage).toEqual([0, 1]);
  });

  test('covers what is there, whatever was left out', () => {
    const leftOut = fc.option(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 30 })));
    const shape = fc.record({
      rows: fc.integer({ min: 1, max: 6 }),
      memoryRows: fc.integer({ min: 0, max: 6 }),
    });
    fc.assert(
      fc.property(
        fc.array(leftOut, { minLength: 1, maxLength: 30 }),
        shape,
        (choices, { rows, memoryRows }) => {
          const cutter = new WindowCutter({
            asset: 'pump',
            channels: CHANNELS,
            rateHz: 1,
            rows,
            memoryRows,
            stepRows: 1,
          });
          choices.forEach((choice, at) => {
            const [row] = rowsOf([at, at]).map((made) => ({
              ...made,
              endMs: (at + 1) * 1000,
              isFirst: at === 0,
            }));
            const window =
              row && cutter.push(row, choice === null ? undefined : new Map([[choice[0], choice[1] * 1000]]));
            if (window === undefined) return;
            const judged = window.data.subarray(-2 * rows);
            const held = [0, 1].map(
              (column) => judged.filter((value, i) => i % 2 === column && value >= 0).length,
            );
            expect(window.coverage).toEqual(held.map((count) => count / rows));
            const isLeftOut = (column: number) =>
              choices.slice(Math.max(0, at - rows + 1), at + 1).some((made) => made?.[0] === column);
            expect(window.excluded).toEqual(CHANNELS.filter((_, column) => isLeftOut(column)));
            for (const column of [0, 1]) if (isLeftOut(column)) expect(held[column]).toBe(0);
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  test('cuts what a slice of all rows would be', () => {
    const value = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constant(GAP));
    const grids = fc.array(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 25 }), {
      maxLength: 3,
    });
    const shape = fc.record({
      rows: fc.integer({ min: 1, max: 8 }),
      memoryRows: fc.integer({ min: 0, max: 20 }),
      stepRows: fc.integer({ min: 1, max: 10 }),
    });
    fc.assert(
      fc.property(grids, shape, (values, { rows, memoryRows, stepRows }) => {
        const expected = values.flatMap((grid) => naiveWindows(grid, { rows, memoryRows, stepRows }));
        const windows = cut(
          values.flatMap((grid) => rowsOf(...grid)),
          { rows, memoryRows, stepRows },
        );
        expect(windows.map(({ endMs, data, coverage }) => ({ endMs, data: [...data], coverage }))).toEqual(
          expected,
        );
      }),
      { numRuns: 300 },
    );
  });
});

function naiveWindows(
  grid: readonly number[][],
  { rows, memoryRows, stepRows }: { rows: number; memoryRows: number; stepRows: number },
) {
  const windows: { endMs: number; data: number[]; coverage: number[] }[] = [];
  const before = Array.from({ length: memoryRows }, () => CHANNELS.map(() => GAP));
  for (let end = rows; end <= grid.length; end += stepRows) {
    const slice = grid.slice(end - rows, end);
    const coverage = CHANNELS.map((_, at) => slice.filter((row) => !Number.isNaN(row[at])).length / rows);
    const data = [...before, ...grid].slice(end - rows, end + memoryRows).flat();
    windows.push({ endMs: end * 1000, data, coverage });
  }
  return windows;
}
