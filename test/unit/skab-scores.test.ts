import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changepointScores, outlierScores, type ScoredFile } from '../../src/eval/skab-scores.ts';

type Range = readonly [from: number, to: number];

interface Series {
  readonly rows: number;
  readonly anomaly: Range;
  readonly changepoints: readonly number[];
  readonly predicted: readonly Range[];
  readonly timeS?: (row: number) => number;
}

const isIn = (row: number, [from, to]: Range) => row >= from && row < to;

function series({ rows, anomaly, changepoints, predicted, timeS = (row) => row }: Series): ScoredFile {
  const all = Array.from({ length: rows }, (_, row) => row);
  return {
    timeS: all.map(timeS),
    anomaly: all.map((row) => isIn(row, anomaly)),
    changepoint: all.map((row) => changepoints.includes(row)),
    predicted: all.map((row) => predicted.some((range) => isIn(row, range))),
  };
}

const A_TRUTH = { rows: 600, anomaly: [100, 300], changepoints: [100, 130, 300] } as const;
const A = series({
  ...A_TRUTH,
  predicted: [
    [0, 5],
    [110, 140],
    [200, 210],
    [350, 400],
  ],
});
const B = series({
  rows: 400,
  anomaly: [150, 260],
  changepoints: [150, 260],
  predicted: [[170, 275]],
  timeS: (row) => (row < 200 ? row : row + 40),
});
const ALWAYS = series({ ...A_TRUTH, predicted: [[0, 600]] });
const NEVER = series({ ...A_TRUTH, predicted: [] });

/** Figures of the upstream code for these series, as it prints them. */
const UPSTREAM = [
  ['two changepoints close together', [A], [0.2712, 13.75, 80], [39, 28, 48.22], [3, 1, 5], 30],
  ['a gap in the times', [B], [0.8372, 5.17, 18.18], [89.43, 88.39, 92.96], [2, 0, 0], 17.5],
  ['both files pooled', [A, B], [0.5098, 10.14, 58.06], [59.17, 52.15, 66.12], [5, 1, 5], 23.75],
  ['an alarm that is always on', [ALWAYS], [0.5, 100, 0], [-1.83, -3.67, -1.22], [3, 3, 1], Number.NaN],
  ['an alarm that is never on', [NEVER], [0, 0, 100], [0, 0, 0], [3, 3, 0], Number.NaN],
] as const;

describe.each(UPSTREAM)('SKAB scores of %s', (_name, files, outliers, changepoints, counts, delay) => {
  test('equal the upstream outlier scores', () => {
    const { f1, farPercent, marPercent } = outlierScores(files);
    expect(f1).toBeCloseTo(outliers[0], 4);
    expect(farPercent).toBeCloseTo(outliers[1], 2);
    expect(marPercent).toBeCloseTo(outliers[2], 2);
  });

  test('equal the upstream changepoint scores', () => {
    const { standard, lowFp, lowFn } = changepointScores(files);
    expect(standard).toBeCloseTo(changepoints[0], 2);
    expect(lowFp).toBeCloseTo(changepoints[1], 2);
    expect(lowFn).toBeCloseTo(changepoints[2], 2);
  });

  test('count windows, misses, false positives and delay', () => {
    const { windows, missed, falsePositives, meanDelayS } = changepointScores(files);
    expect([windows, missed, falsePositives]).toEqual(counts);
    expect(meanDelayS).toEqual(delay);
  });
});

describe('SKAB scores', () => {
  test('a prediction on the edge that two windows share serves both', () => {
    const file = series({
      rows: 300,
      anomaly: [100, 200],
      changepoints: [100, 160],
      predicted: [[160, 300]],
    });
    expect(changepointScores([file])).toMatchObject({ windows: 2, missed: 0, falsePositives: 0 });
  });

  test('only the first prediction in a window counts', () => {
    const truth = { rows: 300, anomaly: [100, 200], changepoints: [100] } as const;
    const once = series({ ...truth, predicted: [[110, 300]] });
    const twice = series({
      ...truth,
      predicted: [
        [110, 120],
        [130, 300],
      ],
    });
    expect(changepointScores([twice])).toEqual(changepointScores([once]));
  });

  test('a perfect detector scores 100 in every profile', () => {
    const file = series({
      rows: 400,
      anomaly: [100, 250],
      changepoints: [100, 250],
      predicted: [[100, 250]],
    });
    expect(outlierScores([file])).toEqual({ f1: 1, farPercent: 0, marPercent: 0 });
    const { standard, lowFp, lowFn } = changepointScores([file]);
    expect([standard, lowFp, lowFn].map((score) => Math.round(score * 1e6) / 1e6)).toEqual([100, 100, 100]);
  });

  test('pooled F1 lies between those of its files', () => {
    const rows = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 40 });
    const file = rows.map((pairs) => ({
      timeS: pairs.map((_, row) => row),
      anomaly: [true, ...pairs.map(([anomaly]) => anomaly)],
      changepoint: [],
      predicted: [true, ...pairs.map(([, predicted]) => predicted)],
    }));
    fc.assert(
      fc.property(file, file, (first, second) => {
        const scores = [first, second].map((each) => outlierScores([each]).f1);
        const { f1 } = outlierScores([first, second]);
        expect(f1).toBeGreaterThanOrEqual(Math.min(...scores) - 1e-12);
        expect(f1).toBeLessThanOrEqual(Math.max(...scores) + 1e-12);
      }),
    );
  });
});
