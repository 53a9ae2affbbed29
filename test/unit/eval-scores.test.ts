import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batadalScores } from '../../src/eval/batadal-scores.ts';
import { rowsCsv } from '../../src/eval/benchmark.ts';
import { incompleteBeta, quantileF } from '../../src/eval/distributions.ts';
import { type JudgedWindow, windowsOf } from '../../src/eval/judged-rows.ts';
import { pcaAlarms } from '../../src/eval/pca-monitor.ts';
import { outlierScores } from '../../src/eval/skab-scores.ts';
import { type TepRun, tepScores } from '../../src/eval/tep.ts';

/** Rows with an attack in some of them and none in others. */
const attacks = fc
  .array(fc.boolean(), { minLength: 2, maxLength: 60 })
  .filter((rows) => rows.includes(true) && rows.includes(false));

describe('BATADAL scores', () => {
  test('give an alarm that is always on 0.75, and one that is never on 0.25', () => {
    fc.assert(
      fc.property(attacks, (attack) => {
        const saying = (isAlarm: boolean) =>
          batadalScores(
            attack,
            attack.map(() => isAlarm),
          ).score;
        expect(saying(true)).toBeCloseTo(0.75, 12);
        expect(saying(false)).toBeCloseTo(0.25, 12);
      }),
    );
  });

  test('give one that knows the attacks 1, and one that says the contrary 0', () => {
    fc.assert(
      fc.property(attacks, (attack) => {
        expect(batadalScores(attack, attack).score).toBeCloseTo(1, 12);
        const contrary = attack.map((isAttack) => !isAttack);
        expect(batadalScores(attack, contrary)).toMatchObject({ score: 0, found: 0 });
      }),
    );
  });

  test('count the delay as a share of the attack, and a missed attack as all of it', () => {
    const attack = [false, true, true, true, true, false, true, true];
    const predicted = [false, false, true, false, false, false, false, false];
    const scores = batadalScores(attack, predicted);
    expect(scores).toMatchObject({ attacks: 2, found: 1, truePositiveRate: 1 / 6, trueNegativeRate: 1 });
    expect(scores.detection).toBeCloseTo(1 - (1 / 4 + 1) / 2, 12);
    expect(scores.classification).toBeCloseTo((1 / 6 + 1) / 2, 12);
  });
});

describe('TEP scores', () => {
  const run = (fault: number, isAlarm: (row: number) => boolean): TepRun => ({
    file: `d0${fault}_te.dat`,
    fault,
    rows: Array.from({ length: 960 }, (_, row) => ({ score: 0, isAlarm: isAlarm(row) })),
  });

  test('count the delay from row 160, and the rows from there', () => {
    const { faults } = tepScores([run(0, () => false), run(4, (row) => row >= 170)]);
    expect(faults).toEqual([
      { fault: 4, delayRows: 10, detectionPercent: (100 * 790) / 800, falsePercent: 0 },
    ]);
  });

  test('show alarms before the fault, and no delay without any after it', () => {
    const { faults } = tepScores([run(0, () => false), run(3, (row) => row < 16)]);
    expect(faults).toEqual([{ fault: 3, delayRows: undefined, detectionPercent: 0, falsePercent: 10 }]);
  });

  test('take the false alarms from the second half of the normal run only', () => {
    expect(tepScores([run(0, (row) => row < 480)]).farPercent).toBe(0);
    expect(tepScores([run(0, (row) => row >= 720)]).farPercent).toBe(50);
    expect(tepScores([run(0, () => true)]).farPercent).toBe(100);
  });
});

describe('outlier scores', () => {
  test('of an alarm that is always on have F1 2p / (1 + p), p being the share of anomalies, 100 % false and 0 % missed', () => {
    fc.assert(
      fc.property(attacks, (anomaly) => {
        const predicted = anomaly.map(() => true);
        const scores = outlierScores([{ timeS: [], changepoint: [], anomaly, predicted }]);
        const share = anomaly.filter(Boolean).length / anomaly.length;
        expect(scores.f1).toBeCloseTo((2 * share) / (1 + share), 12);
        expect(scores).toMatchObject({ farPercent: 100, marPercent: 0 });
      }),
    );
  });
});

describe('the window that decides about a row', () => {
  const window = (endMs: number, incident?: string): JudgedWindow => ({
    endMs,
    score: endMs / 1000,
    isLearning: false,
    incident,
  });

  test('is the one that ends with its cell', () => {
    const windows = [window(1000), window(2000, 'a'), window(3000)];
    expect(windowsOf(windows, [0, 999, 1000, 2500], 1)).toEqual([
      windows[0],
      windows[0],
      windows[1],
      windows[2],
    ]);
  });

  test('is the one before, without a score, where none ends with its cell: a later one decides nothing', () => {
    const windows = [window(1000, 'a'), window(6000)];
    expect(windowsOf(windows, [3000], 1)).toEqual([{ ...windows[0], score: Number.NaN }]);
    expect(windowsOf(windows, [7000], 1)).toEqual([{ ...windows[1], score: Number.NaN }]);
    expect(windowsOf([window(6000, 'a')], [3000], 1)).toEqual([undefined]);
  });

  test('never ends later than one cell after the row', () => {
    const ends = fc.uniqueArray(fc.nat(60), { maxLength: 30 }).map((cells) => cells.sort((a, b) => a - b));
    const times = fc.array(fc.nat(60_000), { maxLength: 30 }).map((list) => list.sort((a, b) => a - b));
    fc.assert(
      fc.property(ends, times, (cells, timesMs) => {
        const windows = cells.map((cell) => window(cell * 1000));
        windowsOf(windows, timesMs, 1).forEach((found, row) => {
          const timeMs = timesMs[row] ?? 0;
          const known = windows.filter(({ endMs }) => endMs <= timeMs + 1000);
          expect(found?.endMs).toBe(known.at(-1)?.endMs);
        });
      }),
    );
  });
});

describe('the rows as CSV', () => {
  test('have five columns, and no score where nothing was judged', () => {
    const row = { file: 'a.csv', row: 400, time: '2026-01-01T00:00:00.000Z', score: 1.5, isAlarm: true };
    const text = rowsCsv([row, { ...row, row: 401, score: Number.NaN, isAlarm: false }]);
    expect(text.split('\n')).toEqual([
      'file,row,time,score,alarm',
      'a.csv,400,2026-01-01T00:00:00.000Z,1.5,1',
      'a.csv,401,2026-01-01T00:00:00.000Z,,0',
      '',
    ]);
  });
});

describe('the rows of a benchmark that names faults', () => {
  test('have a column for the name', () => {
    const row = { file: 'a.f32', row: 0, time: '0.341', score: 1.25, isAlarm: true, label: 'inner race' };
    expect(rowsCsv([row])).toBe('file,row,time,score,alarm,label\na.f32,0,0.341,1.25,1,inner race\n');
  });
});

describe('the rows of a benchmark that names faults', () => {
  test('have a sixth column, what each was called', () => {
    const row = { file: 'a.f32', row: 0, time: '0.341', score: 2, isAlarm: true, label: 'ball' };
    expect(rowsCsv([row])).toBe('file,row,time,score,alarm,label\na.f32,0,0.341,2,1,ball\n');
  });
});

describe('the F distribution', () => {
  // Upper points as printed in tables of it.
  test.for([
    [0.95, 3, 10, 3.708],
    [0.99, 5, 20, 4.103],
    [0.999, 4, 60, 5.307],
    [0.95, 1, 120, 3.92],
  ] as const)('has %f of it below the tabled value (%d, %d)', ([share, d1, d2, tabled]) => {
    expect(quantileF(share, d1, d2)).toBeCloseTo(tabled, 2);
  });

  test('comes from a beta function that has the closed form x^a for b = 1', () => {
    const unit = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    const shape = fc.double({ min: 0.5, max: 200, noNaN: true });
    fc.assert(
      fc.property(unit, shape, (x, a) => {
        expect(incompleteBeta(x, a, 1)).toBeCloseTo(x ** a, 10);
        expect(incompleteBeta(x, 1, a)).toBeCloseTo(1 - (1 - x) ** a, 10);
      }),
    );
  });
});

describe('the principal component monitor', () => {
  /** Three channels, the third the sum of the others but for a little, and one that never changes. */
  const rowAt = (row: number, extra: number) => {
    const [a, b] = [Math.sin(row * 2.4), Math.cos(row * 1.7)];
    return [a, b, a + b + extra + Math.sin(row * 7.1) / 20, 5];
  };
  const rows = Array.from({ length: 600 }, (_, row) => rowAt(row, row >= 500 ? 0.5 : 0));

  test('says nothing about what is like the learned rows', () => {
    expect(pcaAlarms(rows, 400).slice(400, 500)).not.toContain(true);
  });

  test('finds a broken relation in the third row, the middle of five', () => {
    const alarms = pcaAlarms(rows, 400);
    expect(alarms.slice(500, 502)).toEqual([false, false]);
    expect(alarms.slice(502)).not.toContain(false);
  });

  test('depends on no gain, offset or order of the channels', () => {
    const changed = rows.map(([a = 0, b = 0, c = 0, d = 0]) => [d, 1e3 * c - 7, b / 50, 3 - a]);
    expect(pcaAlarms(changed, 400)).toEqual(pcaAlarms(rows, 400));
  });
});
