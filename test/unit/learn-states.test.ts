import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { normalModelGraph } from '../../src/learn/normal-model-graph.ts';
import { type Cell, largestScore, learn, moved, noise, scoreAt } from '../support/made-learning.ts';
import { plainVerdict } from '../support/plain-normal.ts';

/** Off, on and fast in turn, 120 rows each; flow and current follow the state, the temperature does not. */
const LEVELS = [
  [0, 0],
  [30, 4],
  [50, 7],
] as const;
const STATE_ROWS = 120;
const LEARNED = { rows: 1080, width: 3 } as const;

/** Which of the levels a row has. */
type Plan = (row: number) => number;
const inTurn: Plan = (row) => Math.floor(row / STATE_ROWS) % LEVELS.length;

const machine =
  (plan: Plan): Cell =>
  (row, column) =>
    (LEVELS[plan(row)]?.[column] ?? 20) + noise(row, column);

const model = learn(machine(inTurn), LEARNED);

describe('a machine with three states of operation', () => {
  test('is learned as such', () => {
    const flows = [0, 3, 6].map((index) => Math.abs(Math.round(model.states.centres[index] ?? Number.NaN)));
    expect(flows.sort((a, b) => a - b)).toEqual([0, 30, 50]);
  });

  test('keeps one mean for a channel that does not know of the states', () => {
    const temperatures = new Set([2, 5, 8].map((index) => model.states.centres[index]));
    expect(temperatures.size).toBe(1);
  });

  test('raises nothing when it starts, stops and changes its speed as it did', () => {
    expect(largestScore(model, machine(inTurn), { from: 1080, to: 2160 })).toBeLessThan(1);
  });

  test('raises nothing when it changes at other times and in another order', () => {
    const other: Plan = (row) => [0, 2, 1, 2][Math.floor(row / 77) % 4] ?? 0;
    expect(largestScore(model, machine(other), { from: 1500, to: 2500 })).toBeLessThan(1);
  });

  test('is abnormal in a state that was not learned', () => {
    const faster: Cell = (_, column) => [80, 11, 20][column] ?? 0;
    const cell: Cell = (row, column) => (row < 1500 ? machine(inTurn) : faster)(row, column);
    expect(scoreAt(model, cell, 1515)).toBeGreaterThan(1);
    expect(scoreAt(model, cell, 1600)).toBeGreaterThan(1);
  });

  test('is abnormal between two states', () => {
    const between: Cell = (_, column) => [40, 5.5, 20][column] ?? 0;
    const cell: Cell = (row, column) => (row < 1500 ? machine(inTurn) : between)(row, column);
    expect(scoreAt(model, cell, 1515)).toBeGreaterThan(1);
  });

  test.each([0, 1, 2])('shows a fault in state %i as well as in the others', (state) => {
    const steady = machine(() => state);
    expect(scoreAt(model, steady, 1600)).toBeLessThan(1);
    expect(scoreAt(model, moved(steady, { row: 1585, column: 0, by: 3 }), 1600)).toBeGreaterThan(1);
    expect(scoreAt(model, moved(steady, { row: 1585, column: 2, by: 3 }), 1600)).toBeGreaterThan(1);
  });

  test('is judged by the graph as by a plain computation, with any states and gaps', async () => {
    const session = await InferenceSession.create(normalModelGraph(model));
    const spans = fc.array(
      fc.record({ state: fc.integer({ min: 0, max: 2 }), rows: fc.integer({ min: 1, max: 60 }) }),
      {
        minLength: 40,
        maxLength: 40,
      },
    );
    const gaps = fc.array(fc.integer({ min: 0, max: 479 }), { maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(spans, gaps, fc.integer({ min: 0, max: 9999 }), async (plan, missing, first) => {
        const states = plan.flatMap(({ state, rows }) => Array<number>(rows).fill(state));
        const cell = machine((row) => states[row - first] ?? 0);
        const window = Float32Array.from({ length: 480 }, (_, k) => cell(first + Math.floor(k / 3), k % 3));
        for (const at of missing) window[at] = Number.NaN;
        const plain = plainVerdict(model, window);
        const { score, value, baseline } = await session.run({
          window: new Tensor('float32', window, [160, 3]),
        });
        expect(score?.data[0]).toBeCloseTo(plain.score, 4);
        plain.value.forEach((wanted, i) => {
          expect(value?.data[i]).toBeCloseTo(wanted, 3);
        });
        plain.baseline.forEach((wanted, i) => {
          expect(baseline?.data[i]).toBeCloseTo(wanted, 3);
        });
      }),
    );
  });
});

describe('what is no state of its own', () => {
  test('is a level that lasts too short', () => {
    const flickering: Plan = (row) => Number(row % 12 < 6);
    expect(learn(machine(flickering), LEARNED).states.count).toBe(1);
  });

  test('is a level that was seen too seldom', () => {
    const once: Plan = (row) => Number(row >= 5000 && row < 5060);
    expect(learn(machine(once), { rows: 10_000, width: 3 }).states.count).toBe(1);
  });

  test('is a level that drifts', () => {
    const warming: Cell = (row, column) => (column === 0 ? row / 10 : 0) + noise(row, column);
    expect(learn(warming, LEARNED).states.count).toBe(1);
  });

  test('is noise', () => {
    expect(learn(noise, { rows: 600, width: 4 }).states.count).toBe(1);
  });
});
