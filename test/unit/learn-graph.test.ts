import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { fitNormal, type NormalModel } from '../../src/learn/fit.ts';
import { normalModelGraph } from '../../src/learn/normal-model-graph.ts';

interface Golden {
  readonly windowRows: number;
  readonly channels: readonly string[];
  readonly learned: readonly (number | null)[];
  readonly baseline: readonly number[];
  readonly spread: readonly number[];
  readonly judged: readonly {
    readonly window: readonly (number | null)[];
    readonly score: number;
    readonly value: readonly number[];
    readonly share: readonly number[];
  }[];
}

/** Made by learn-golden.py beside it; NaN is written as null. */
const golden: Golden = JSON.parse(
  readFileSync(new URL('../vectors/learn-golden.json', import.meta.url), 'utf8'),
);

const withGaps = (values: readonly (number | null)[]) =>
  Float32Array.from(values, (value) => value ?? Number.NaN);

const model = fitNormal({ ...golden, data: withGaps(golden.learned) });
const session = await InferenceSession.create(normalModelGraph(model));

async function run(window: Float32Array, { baseline, windowRows }: NormalModel = model, graph = session) {
  const outputs = await graph.run({ window: new Tensor('float32', window, [windowRows, baseline.length]) });
  const numbers = (name: string) => Array.from(outputs[name]?.data as Float32Array);
  const [score = Number.NaN] = numbers('score');
  return {
    score,
    value: numbers('value'),
    baseline: numbers('baseline'),
    spread: numbers('spread'),
    share: numbers('share'),
  };
}

function expectClose(given: readonly number[], wanted: readonly number[]): void {
  expect(given.length).toBe(wanted.length);
  given.forEach((value, i) => {
    expect(Math.abs(value / (wanted[i] ?? Number.NaN) - 1)).toBeLessThan(1e-5);
  });
}

/** The score in double precision by another way than the graph's: the root of mᵀ(WᵀW)m, without ever whitening m. */
function plainScore({ baseline, deviation, whitening }: NormalModel, window: Float32Array): number {
  const size = baseline.length;
  const mean = [...baseline].map((normal, column) => {
    const held = [...window].filter((value, k) => k % size === column && !Number.isNaN(value));
    const offset = held.reduce((sum, value) => sum + (value - normal) / held.length, 0);
    return offset / (deviation[column] ?? 1);
  });
  let square = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      for (let k = 0; k < size; k++)
        square +=
          (mean[i] ?? 0) * (whitening[k * size + i] ?? 0) * (whitening[k * size + j] ?? 0) * (mean[j] ?? 0);
  return Math.sqrt(square);
}

describe('the written model, run by onnxruntime', () => {
  test('takes and gives what a model package promises', () => {
    expect(session.inputMetadata).toMatchObject([{ name: 'window', type: 'float32', shape: [12, 4] }]);
    expect(session.outputMetadata).toMatchObject([
      { name: 'score', type: 'float32', shape: [1] },
      ...['value', 'baseline', 'spread', 'share'].map((name) => ({ name, type: 'float32', shape: [4] })),
    ]);
  });

  test.each(golden.judged)('gives the score that numpy computed: $score', async ({ window, score }) => {
    expectClose([(await run(withGaps(window))).score], [score]);
  });

  test.each(golden.judged)(
    'gives the values that numpy computed for score $score',
    async ({ window, value }) => {
      expectClose((await run(withGaps(window))).value, value);
    },
  );

  test.each(golden.judged)(
    'gives the shares that numpy computed for score $score',
    async ({ window, share }) => {
      const given = (await run(withGaps(window))).share;
      given.forEach((part, i) => {
        expect(Math.abs(part - (share[i] ?? Number.NaN))).toBeLessThan(1e-5);
      });
    },
  );

  test('gives the baselines and spreads that numpy computed', async () => {
    const { baseline, spread } = await run(withGaps(golden.judged[0]?.window ?? []));
    expectClose(baseline, golden.baseline);
    expectClose(spread, golden.spread);
  });

  test('names the channel that left its normal', async () => {
    const shares = await Promise.all(
      golden.judged.map(async ({ window }) => (await run(withGaps(window))).share),
    );
    expect(shares[3]?.indexOf(Math.max(...(shares[3] ?? [])))).toBe(golden.channels.indexOf('state'));
  });

  test('agrees with a plain computation for any window', async () => {
    const cell = fc.oneof(fc.constant(Number.NaN), fc.double({ min: -3, max: 3, noNaN: true }));
    const cells = fc.array(cell, { minLength: 48, maxLength: 48 });
    await fc.assert(
      fc.asyncProperty(cells, async (offsets) => {
        const window = Float32Array.from(offsets, (offset, k) => {
          return (golden.baseline[k % 4] ?? 0) + offset * (golden.spread[k % 4] ?? 0);
        });
        const { score, share } = await run(window);
        expect(Math.abs(score - plainScore(model, window))).toBeLessThan(1e-5 * (1 + score));
        expect(share.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 5);
        expect(Math.min(...share)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('loses no precision to a large offset', async () => {
    const shifted = golden.learned.map((value, k) =>
      value === null || k % 4 > 0 ? value : value - 32 + 2 ** 17,
    );
    const data = withGaps(shifted);
    const far = fitNormal({ ...golden, data });
    const window = data.subarray(0, 48);
    const { score } = await run(window, far, await InferenceSession.create(normalModelGraph(far)));
    expectClose([score], [plainScore(far, window)]);
  });

  test('gives finite numbers whatever the sensor says', async () => {
    const extreme = fc.constantFrom(Number.NaN, 0, 3.4e38, -3.4e38, 1e-45, 1e20);
    await fc.assert(
      fc.asyncProperty(fc.array(extreme, { minLength: 48, maxLength: 48 }), async (cells) => {
        const { score, value, share } = await run(Float32Array.from(cells));
        expect([score, ...value, ...share].every(Number.isFinite)).toBe(true);
      }),
    );
  });

  test('counts a channel without any value as on its baseline', async () => {
    const { score, value, share } = await run(new Float32Array(48).fill(Number.NaN));
    expect(score).toBe(0);
    expectClose(value, golden.baseline);
    expect(share).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  test('is the same file for the same model', () => {
    expect(normalModelGraph(model)).toEqual(normalModelGraph(model));
  });

  test('works for as many channels as an asset may have', async () => {
    const width = 64;
    const data = Float32Array.from({ length: width * 80 }, (_, k) => Math.sin(k * k));
    const wide = fitNormal({
      data,
      channels: Array.from({ length: width }, (_, i) => `c${i}`),
      windowRows: 8,
    });
    const graph = await InferenceSession.create(normalModelGraph(wide));
    const window = data.subarray(0, 8 * width);
    expectClose([(await run(window, wide, graph)).score], [plainScore(wide, window)]);
  });
});
