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
    expect(grid.push(vib(1), 12_500).rows).toEqual([]);
    expect(plain(grid.push(vib(2), 13_000).rows)).toEqual([[13_000, 1, GAP]]);
  });

  test('completes a cell when the clock has passed its end', () => {
    const grid = gridOf();
    grid.push(vib(1), 12_500);
    expect(grid.advanceTo(12_999)).toEqual([]);
    expect(plain(grid.advanceTo(13_000))).toEqual([[13_000, 1, GAP]]);
    expect(grid.advanceTo(13_000)).toEqual([]);
  });

  test('aligns channels of several sources', () => {
    const grid = gridOf();
    grid.push(vib(1), 500);
    grid.push(temp(20), 900);
    expect(plain(grid.advanceTo(1000))).toEqual([[1000, 1, 20]]);
  });

  test('takes the mean of several samples in a cell', () => {
    const grid = gridOf();
    for (const value of [1, 2, 6]) grid.push(vib(value), 499 + value);
    expect(plain(grid.advanceTo(1000))).toEqual([[1000, 3, GAP]]);
  });

  test('holds the last value, not the mean, and only as long as it may', () => {
    const grid = gridOf({ holdMs: 2500 });
    grid.push(vib(1), 500);
    grid.push(vib(3), 600);
    expect(plain(grid.advanceTo(4000))).toEqual([
      [1000, 2, GAP],
      [2000, 3, GAP],
      [3000, 3, GAP],
      [4000, GAP, GAP],
    ]);
  });

  test('holds the value that is latest in time when samples of a cell come out of order', () => {
    const grid = gridOf();
    grid.push(vib(1), 500);
    grid.push(vib(5), 100);
    expect(plain(grid.advanceTo(2000))).toEqual([
      [1000, 3, GAP],
      [2000, 1, GAP],
    ]);
  });

  test('leaves a gap for NaN and for numbers that a 32-bit float cannot hold', () => {
    const grid = gridOf();
    grid.push(vib(GAP), 500);
    grid.push(temp(1e39), 600);
    expect(plain(grid.advanceTo(1000))).toEqual([[1000, GAP, GAP]]);
  });

  test('counts values that come after their cell was complete', () => {
    const grid = gridOf();
    grid.push(vib(1), 1500);
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
    grid.push(vib(1), 500);
    grid.push({ ...vib(1), names: ['vib1', 'ts'], values: [9, 0] }, 1500);
    expect(plain(grid.advanceTo(2000))).toEqual([[2000, 9, GAP]]);
  });

  test('may feed two channels from one name', () => {
    const grid = gridOf({
      channels: { a: { from: 'plc.oil.temp', unit: 'K' }, b: { from: 'plc.oil.temp', unit: 'K' } },
    });
    grid.push(temp(7), 500);
    expect(plain(grid.advanceTo(1000))).toEqual([[1000, 7, 7]]);
  });

  test('keeps cells of a third of a second on their places', () => {
    const grid = gridOf({ rateHz: 3, windowRows: 100 });
    grid.push(vib(1), 1_000_000);
    const ends = grid.advanceTo(1_010_000).map((row) => row.endMs);
    expect(ends.length).toBe(30);
    expect(ends.at(-1)).toBeCloseTo(1_010_000 - 1000 / 6, 6);
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
    expect(grid.push(vib(2), 3_600_300).rows.length).toBe(11);
    expect(grid.advanceTo(3_601_000)).toMatchObject([{ endMs: 3_600_800, isFirst: true }]);
  });

  test('goes on when the silence was shorter than a window', () => {
    const grid = gridOf({ windowRows: 10 });
    grid.push(vib(1), 0);
    expect(grid.push(vib(2), 10_000).rows.length).toBe(10);
    expect(grid.advanceTo(11_000)).toMatchObject([{ endMs: 10_500, isFirst: false }]);
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
    expect(plain(grid.push(vib(2), 0).rows)).toEqual([[60_500, 1, GAP]]);
    expect(grid.advanceTo(1000)).toMatchObject([{ endMs: 500, isFirst: true }]);
  });

  test('holds no value from before', () => {
    const grid = gridOf({ holdMs: 10_000, windowRows: 20 });
    grid.push(temp(20), 60_000);
    grid.push(vib(1), 60_500);
    grid.push(vib(2), 40_000);
    expect(plain(grid.advanceTo(41_000))).toEqual([[40_500, 2, GAP]]);
  });

  test('counts a small step back as late', () => {
    const grid = gridOf({ holdMs: 2500 });
    grid.push(vib(1), 60_000);
    expect(grid.push(vib(2), 58_000)).toEqual({ rows: [], lateValues: 1 });
  });

  test('adds up small steps back until they are a restart', () => {
    const grid = gridOf({ holdMs: 2500 });
    for (const timeMs of [60_000, 58_000, 57_000]) grid.push(vib(1), timeMs);
    expect(grid.advanceTo(58_000)).toMatchObject([{ endMs: 57_500, isFirst: true }]);
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

  function naiveValue(endMs: number, column: number, all: readonly Event[]): number {
    const known = all.filter(
      (event) => event.column === column && !Number.isNaN(event.value) && event.timeMs < endMs,
    );
    const inCell = known.filter((event) => event.timeMs >= endMs - CELL_MS);
    if (inCell.length > 0) return inCell.reduce((sum, event) => sum + event.value, 0) / inCell.length;
    const last = known.at(-1);
    return last && endMs - last.timeMs <= HOLD_MS ? last.value : GAP;
  }

  /** Cells from half a cell before the first event on; after a whole silent window, from half a cell before the next. */
  function naiveRows(all: readonly Event[], untilMs: number): number[][] {
    const rows: number[][] = [];
    let beginMs = Number.NEGATIVE_INFINITY;
    for (;;) {
      const next = all.find(({ timeMs }) => timeMs >= beginMs);
      if (next === undefined) return rows;
      let silentRows = 0;
      for (let endMs = next.timeMs + CELL_MS / 2; silentRows < WINDOW_ROWS; endMs += CELL_MS) {
        beginMs = endMs;
        if (endMs > untilMs) return rows;
        const values = [0, 1].map((column) => Math.fround(naiveValue(endMs, column, all)));
        rows.push([endMs, Number(endMs === next.timeMs + CELL_MS / 2), ...values]);
        const isSilent = !all.some(
          ({ timeMs, value }) => timeMs >= endMs - CELL_MS && timeMs < endMs && !Number.isNaN(value),
        );
        silentRows = isSilent ? silentRows + 1 : 0;
      }
    }
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

describe('Grid with times that are not even', () => {
  /** Rates with cells of no round length among them. */
  const rates = fc.constantFrom(0.01, 1, 3, 7, 50, 100, 977);
  /** Less than half a cell, either way. */
  const jitters = fc.array(fc.double({ min: -0.499, max: 0.499, noNaN: true }), {
    minLength: 2,
    maxLength: 60,
  });
  const starts = fc.oneof(
    fc.double({ min: 0, max: 1e6, noNaN: true }),
    fc.constant(Date.UTC(2026, 10, 24) + 0.5),
  );

  interface Play {
    readonly rateHz: number;
    readonly startMs: number;
    /** In cells, of each sample after the first. */
    readonly jitter: readonly number[];
    /** Time between two samples, in cells. */
    readonly everyCells?: number;
  }

  /** Readings 0, 1, 2 … on the grid; nothing is held, so that every hole shows. */
  function readingsOf({ rateHz, startMs, jitter, everyCells = 1 }: Play): number[] {
    const cellMs = 1000 / rateHz;
    const grid = gridOf({ rateHz, holdMs: 0, windowRows: 1000 });
    const rows = [0, ...jitter].flatMap((late, index) => [
      ...grid.push(vib(index), startMs + (index * everyCells + late) * cellMs).rows,
    ]);
    rows.push(...grid.advanceTo(startMs + (jitter.length * everyCells + 0.75) * cellMs));
    return rows.map(({ values }) => values[0] ?? GAP);
  }

  test('gives a source at its own rate one row for each sample: no hole, none with two', () => {
    fc.assert(
      fc.property(rates, starts, jitters, (rateHz, startMs, jitter) => {
        expect(readingsOf({ rateHz, startMs, jitter })).toEqual([0, ...jitter].map((_, index) => index));
      }),
      { numRuns: 500 },
    );
  });

  test('does so after the source was silent or restarted, whatever time it goes on at', () => {
    fc.assert(
      fc.property(starts, starts, jitters, (firstMs, againMs, jitter) => {
        fc.pre(Math.abs(againMs - firstMs) > 200_000);
        const grid = gridOf({ holdMs: 0, windowRows: 5 });
        const late = [0, ...jitter];
        const play = (startMs: number) =>
          late.flatMap((cells, index) => grid.push(vib(index), startMs + (index + cells) * 1000).rows);
        const rows = [...play(firstMs), ...play(againMs), ...grid.advanceTo(againMs + late.length * 1000)];
        const second = rows
          .slice(rows.findLastIndex(({ isFirst }) => isFirst))
          .map(({ values }) => values[0]);
        expect(second.slice(0, late.length)).toEqual(late.map((_, index) => index));
      }),
    );
  });

  test('gives each reading of a slower source one row, and each row of a faster one a reading', () => {
    fc.assert(
      fc.property(
        rates,
        starts,
        jitters,
        fc.integer({ min: 2, max: 5 }),
        (rateHz, startMs, jitter, times) => {
          const slow = readingsOf({ rateHz, startMs, jitter, everyCells: times });
          const kept = slow.filter((reading) => !Number.isNaN(reading));
          expect(kept).toEqual([0, ...jitter].map((_, index) => index));
          const shorter = jitter.map((cells) => cells / times);
          const fast = readingsOf({ rateHz, startMs, jitter: shorter, everyCells: 1 / times });
          expect(fast.some(Number.isNaN)).toBe(false);
        },
      ),
    );
  });

  test('keeps a source that comes later at its distance from the first', () => {
    const grid = gridOf({ holdMs: 0 });
    const rows = [0, 1, 2, 3, 4].flatMap((index) => [
      ...grid.push(vib(index), index * 1000 + 70).rows,
      ...(index < 2 ? [] : grid.push(temp(10 * index), index * 1000 + 400).rows),
    ]);
    expect(plain(rows).map(([, ...values]) => values)).toEqual([
      [0, GAP],
      [1, GAP],
      [2, 20],
      [3, 30],
    ]);
  });

  test('moves no row when all times after the first are a little less, as with a faster arrival', () => {
    const shift = [0, 0, -0.2, -0.2, -0.2, -0.2];
    expect(readingsOf({ rateHz: 100, startMs: 10.93, jitter: shift })).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});
