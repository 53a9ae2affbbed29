import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  alwaysCalled,
  BEARING_LABELS,
  type BearingLabel,
  bearingScores,
  type Call,
  type CalledWindow,
} from '../../src/eval/bearing-scores.ts';

const called = (truth: BearingLabel, call: Call): CalledWindow => ({
  file: 'a.f32',
  row: 0,
  seconds: 1,
  truth,
  faultInches: truth === 'healthy' ? null : 0.007,
  call,
  score: { healthy: 0.9, unsure: Number.NaN }[call as string] ?? 1,
});

const window: fc.Arbitrary<CalledWindow> = fc.record({
  file: fc.constant('a.f32'),
  row: fc.nat(),
  seconds: fc.double({ min: 0, noNaN: true }),
  truth: fc.constantFrom(...BEARING_LABELS),
  faultInches: fc.constant(null),
  call: fc.constantFrom(...BEARING_LABELS, 'unsure' as const),
  score: fc.double({ min: 0, max: 2 }),
});

describe('bearingScores', () => {
  test('gives the figures of a case that was worked by hand', () => {
    const scores = bearingScores([
      called('healthy', 'healthy'),
      called('healthy', 'ball'),
      called('ball', 'ball'),
      called('ball', 'unsure'),
      called('inner race', 'inner race'),
    ]);
    expect(scores.f1).toEqual({ healthy: 2 / 3, 'inner race': 1, ball: 2 / 4 });
    expect(scores.macroF1).toBeCloseTo((2 / 3 + 1 + 1 / 2) / 3, 12);
    expect(scores).toMatchObject({ windows: 5, accuracy: 3 / 5, unsureShare: 1 / 5 });
    expect(scores.confusion.ball).toEqual({
      healthy: 0,
      'inner race': 0,
      'outer race': 0,
      ball: 1,
      unsure: 1,
    });
  });

  test('counts a healthy window as called faulty only when a fault is named', () => {
    const windows = [
      called('healthy', 'ball'),
      called('healthy', 'unsure'),
      called('healthy', 'healthy'),
      called('ball', 'inner race'),
    ];
    expect(bearingScores(windows)).toMatchObject({ healthyWindows: 3, healthyCalledFaulty: 1 });
  });

  test('counts alarms on healthy and on faulty windows apart', () => {
    const windows = [called('healthy', 'ball'), called('ball', 'inner race'), called('ball', 'unsure')];
    expect(bearingScores(windows)).toMatchObject({ healthyAlarms: 1, faultyAlarms: 1, faultyWindows: 2 });
  });

  test('leaves labels that do not occur out of the mean', () => {
    expect(bearingScores([called('ball', 'ball')])).toMatchObject({ macroF1: 1, f1: { ball: 1 } });
  });

  test('gives 0 for no window at all', () => {
    expect(bearingScores([])).toMatchObject({ windows: 0, macroF1: 0, accuracy: 0, unsureShare: 0 });
  });

  test('puts every window into the confusion once', () => {
    fc.assert(
      fc.property(fc.array(window), (windows) => {
        const cells = Object.values(bearingScores(windows).confusion).flatMap((row) => Object.values(row));
        expect(cells.reduce((total, cell) => total + cell, 0)).toBe(windows.length);
      }),
    );
  });

  test('never scores better for being unsure about a window that was right', () => {
    fc.assert(
      fc.property(fc.array(window, { minLength: 1 }), fc.nat(), (windows, at) => {
        const index = at % windows.length;
        const changed = windows[index] as CalledWindow;
        const right = windows.with(index, { ...changed, call: changed.truth });
        const unsure = right.with(index, { ...changed, call: 'unsure' });
        expect(bearingScores(unsure).macroF1).toBeLessThanOrEqual(bearingScores(right).macroF1);
        expect(bearingScores(unsure).accuracy).toBeLessThan(bearingScores(right).accuracy);
      }),
    );
  });
});

describe('alwaysCalled', () => {
  test('scores the label for every window, with an alarm for a fault', () => {
    const windows = [called('healthy', 'healthy'), called('ball', 'unsure'), called('ball', 'ball')];
    expect(alwaysCalled('ball', windows)).toMatchObject({
      accuracy: 2 / 3,
      unsureShare: 0,
      healthyCalledFaulty: 1,
      healthyAlarms: 1,
      faultyAlarms: 2,
    });
    expect(alwaysCalled('healthy', windows)).toMatchObject({ healthyAlarms: 0, faultyAlarms: 0 });
  });
});
