import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { fitNormal, type NormalModel } from '../../src/learn/fit.ts';
import { normalModelGraph } from '../../src/learn/normal-model-graph.ts';
import { plainVerdict } from '../support/plain-normal.ts';

interface Golden {
  readonly windowRows: number;
  readonly channels: readonly string[];
  readonly learnedRows: number;
  /** NaN is written as null. */
  readonly readings: readonly (number | null)[];
  readonly baseline: readonly number[];
  readonly drift: readonly number[];
  readonly spread: readonly number[];
  readonly judged: readonly {
    /** Row after the newest window. */
    readonly end: number;
    readonly score: number;
    readonly value: readonly number[];
    readonly share: readonly number[];
  }[];
}

/** Made by learn-golden.py beside it. */
const golden: Golden = JSON.parse(
  readFileSync(new URL('../vectors/learn-golden.json', import.meta.url), 'utf8'),
);

const WIDTH = 4;
const WINDOWS = 16;
const CELLS = WINDOWS * golden.windowRows * WIDTH;

const readings = Float32Array.from(golden.readings, (value) => value ?? Number.NaN);
const windowAt = (end: number) => readings.slice(end * WIDTH - CELLS, end * WIDTH);
const model = fitNormal({ ...golden, data: readings.subarray(0, golden.learnedRows * WIDTH) });

async function load(learned: NormalModel) {
  const session = await InferenceSession.create(normalModelGraph(learned));
  const shape = [WINDOWS * learned.windowRows, learned.baseline.length];
  return async (window: Float32Array) => {
    const outputs = await session.run({ window: new Tensor('float32', window, shape) });
    const numbers = (name: string) => Array.from(outputs[name]?.data as Float32Array);
    return {
      score: numbers('score')[0] ?? Number.NaN,
      value: numbers('value'),
      baseline: numbers('baseline'),
      spread: numbers('spread'),
      share: numbers('share'),
    };
  };
}

const run = await load(model);

function expectClose(given: readonly number[], wanted: readonly number[], tolerance = 1e-5): void {
  expect(given.length).toBe(wanted.length);
  given.forEach((value, i) => {
    const want = wanted[i] ?? Number.NaN;
    expect(Math.abs(value - want), `${value} for ${want}`).toBeLessThan(
      tolerance * Math.max(Math.abs(want), 0.1),
    );
  });
}

/** Offsets in spreads from the baseline as a window. */
const atOffsets = (offsets: readonly number[], { baseline, spread }: NormalModel) =>
  Float32Array.from(offsets, (offset, k) => {
    const column = k % baseline.length;
    return (baseline[column] ?? 0) + offset * (spread[column] ?? 0);
  });

const offset = fc.double({ min: -3, max: 3, noNaN: true });
const offsetOrGap = fc.oneof({ arbitrary: offset, weight: 4 }, fc.constant(Number.NaN));
const windowOf = (cell: fc.Arbitrary<number>, cells = CELLS) =>
  fc.array(cell, { minLength: cells, maxLength: cells });

describe('the written model, run by onnxruntime', () => {
  test('takes and gives what a model package promises', async () => {
    const session = await InferenceSession.create(normalModelGraph(model));
    expect(session.inputMetadata).toMatchObject([{ name: 'window', type: 'float32', shape: [192, 4] }]);
    const outputs = session.outputMetadata.map(({ name }) => name).sort();
    expect(outputs).toEqual(['baseline', 'score', 'share', 'spread', 'value']);
    for (const output of session.outputMetadata)
      expect(output).toMatchObject({ type: 'float32', shape: output.name === 'score' ? [1] : [4] });
  });

  test.each(golden.judged)('gives at $end the score that numpy computed: $score', async ({ end, score }) => {
    expectClose([(await run(windowAt(end))).score], [score]);
  });

  test.each(golden.judged)('gives at $end the values that numpy computed', async ({ end, value }) => {
    expectClose((await run(windowAt(end))).value, value);
  });

  test.each(golden.judged)('gives at $end the shares that numpy computed', async ({ end, share }) => {
    const given = (await run(windowAt(end))).share;
    given.forEach((part, i) => {
      expect(Math.abs(part - (share[i] ?? Number.NaN))).toBeLessThan(1e-5);
    });
  });

  test('gives the baselines and spreads that numpy computed', async () => {
    const { baseline, spread } = await run(windowAt(golden.learnedRows));
    expectClose(baseline, golden.baseline);
    expectClose(spread, golden.spread);
  });

  test('agrees with a plain computation for any whole window', async () => {
    await fc.assert(
      fc.asyncProperty(windowOf(offset), async (offsets) => {
        const window = atOffsets(offsets, model);
        const plain = plainVerdict(model, window);
        const { score, share, value } = await run(window);
        expectClose([score], [plain.score], 1e-4);
        expectClose(value, plain.value);
        share.forEach((part, i) => {
          expect(part).toBeCloseTo(plain.share[i] ?? Number.NaN, 4);
        });
      }),
      { numRuns: 50 },
    );
  });

  test('agrees with a plain computation where the memory is far out', async () => {
    const levels = fc.array(fc.double({ min: -200, max: 200, noNaN: true }), {
      minLength: 16,
      maxLength: 16,
    });
    await fc.assert(
      fc.asyncProperty(levels, windowOf(offset), async (windows, offsets) => {
        const level = (k: number) => windows[Math.floor(k / (CELLS / WINDOWS))] ?? 0;
        const window = atOffsets(
          offsets.map((value, k) => value + (k % WIDTH === 0 ? level(k) : 0)),
          model,
        );
        expectClose([(await run(window)).score], [plainVerdict(model, window).score], 1e-4);
      }),
      { numRuns: 50 },
    );
  });

  test('agrees with a plain computation whatever has gaps, while all channels are present', async () => {
    await fc.assert(
      fc.asyncProperty(windowOf(offsetOrGap), async (offsets) => {
        const held = offsets.map((value, k) =>
          k >= CELLS - 48 && k % 8 < 4 && Number.isNaN(value) ? 0 : value,
        );
        const window = atOffsets(held, model);
        const plain = plainVerdict(model, window);
        const { score, value } = await run(window);
        expectClose([score], [plain.score], 1e-4);
        expectClose(value, plain.value);
      }),
      { numRuns: 50 },
    );
  });

  test('has shares that sum to one', async () => {
    await fc.assert(
      fc.asyncProperty(windowOf(offsetOrGap), async (offsets) => {
        const { share } = await run(atOffsets(offsets, model));
        const total = share.reduce((sum, part) => sum + part, 0);
        expect(Math.min(Math.abs(total - 1), total)).toBeLessThan(1e-5);
        expect(Math.min(...share)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 50 },
    );
  });

  test('loses no precision to a large offset', async () => {
    const shifted = readings.map((value, k) => (k % WIDTH > 0 ? value : value - 32 + 2 ** 17));
    const far = fitNormal({ ...golden, data: shifted.subarray(0, golden.learnedRows * WIDTH) });
    const window = shifted.slice(0, CELLS);
    const { score } = await (await load(far))(window);
    expectClose([score], [plainVerdict(far, window).score]);
  });

  test('gives finite numbers whatever the sensor says', async () => {
    const extreme = fc.constantFrom(Number.NaN, 0, 3.4e38, -3.4e38, 1e-45, 1e20, 30);
    await fc.assert(
      fc.asyncProperty(windowOf(extreme), async (cells) => {
        const { score, value, share } = await run(Float32Array.from(cells));
        expect([score, ...value, ...share].every(Number.isFinite)).toBe(true);
      }),
    );
  });

  test('is the same file for the same model', () => {
    expect(normalModelGraph(model)).toEqual(normalModelGraph(model));
  });

  test.each([1, 64])('works for %i channels', async (width) => {
    const data = Float32Array.from({ length: width * 160 }, (_, k) => Math.sin(k * k));
    const channels = Array.from({ length: width }, (_, i) => `c${i}`);
    const learned = fitNormal({ data, channels, windowRows: 8 });
    const window = data.slice(0, WINDOWS * 8 * width);
    expectClose([(await (await load(learned))(window)).score], [plainVerdict(learned, window).score], 1e-4);
  });

  test('works for a window as long as the configuration allows, in less than a megabyte', async () => {
    const windowRows = 4500;
    const data = Float32Array.from({ length: 2 * 4 * windowRows }, (_, k) => Math.sin(k * k));
    const learned = fitNormal({ data, channels: ['a', 'b'], windowRows });
    expect(normalModelGraph(learned).length).toBeLessThan(1024 * 1024);
    const window = new Float32Array(2 * WINDOWS * windowRows).fill(Number.NaN);
    window.set(data, window.length - data.length);
    expectClose([(await (await load(learned))(window)).score], [plainVerdict(learned, window).score], 1e-4);
  });
});

describe('a channel that is absent from the newest window', () => {
  const without = (window: Float32Array, columns: readonly number[]) =>
    window.map((value, k) => (k >= CELLS - 48 && columns.includes(k % WIDTH) ? Number.NaN : value));
  const column = fc.integer({ min: 0, max: WIDTH - 1 });

  test('has no share, and the others are judged as without it', async () => {
    await fc.assert(
      fc.asyncProperty(windowOf(offset), column, async (offsets, absent) => {
        const window = without(atOffsets(offsets, model), [absent]);
        const plain = plainVerdict(model, window);
        const { score, share } = await run(window);
        expect(share[absent]).toBe(0);
        expectClose([score], [plain.score], 1e-4);
        expectClose([share.reduce((sum, part) => sum + part, 0)], [1]);
      }),
      { numRuns: 50 },
    );
  });

  test('makes the others no more suspicious than all together were', async () => {
    await fc.assert(
      fc.asyncProperty(windowOf(offset), column, async (offsets, absent) => {
        const window = atOffsets(offsets, model);
        const { score } = await run(window);
        expect((await run(without(window, [absent]))).score).toBeLessThanOrEqual(score * (1 + 1e-4));
      }),
      { numRuns: 50 },
    );
  });

  test('may be one of several, and what is made of them stays close', async () => {
    await fc.assert(
      fc.asyncProperty(
        windowOf(offset),
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 2, maxLength: 3 }),
        async (offsets, absent) => {
          const window = without(atOffsets(offsets, model), absent);
          const plain = plainVerdict(model, window);
          const { score, share } = await run(window);
          expect(absent.map((i) => share[i])).toEqual(absent.map(() => 0));
          expectClose([score], [plain.score], 1e-3);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('does not hide what another one says', async () => {
    const window = without(atOffsets(Array(CELLS).fill(0), model), [1]);
    const leaking = window.map((value, k) => (k >= CELLS - 48 && k % WIDTH === 0 ? value - 1.5 : value));
    expect((await run(window)).score).toBeLessThan(0.1);
    const { score, share } = await run(leaking);
    expect(score).toBeGreaterThan(1);
    expect(share[0]).toBeGreaterThan(0.9);
  });

  test('may have said nonsense before: it costs nothing but a part of the sureness', async () => {
    const nonsense = fc.double({ min: -1e30, max: 1e30, noNaN: true });
    await fc.assert(
      fc.asyncProperty(nonsense, column, async (value, broken) => {
        const calm = atOffsets(Array(CELLS).fill(0), model);
        const spiking = calm.map((cell, k) => (k < CELLS - 48 && k % WIDTH === broken ? value : cell));
        expect((await run(without(spiking, [broken]))).score).toBeLessThan(0.1);
      }),
      { numRuns: 50 },
    );
  });

  test('counts as on its baseline when nothing at all is known', async () => {
    const { score, value, share } = await run(new Float32Array(CELLS).fill(Number.NaN));
    expect(score).toBe(0);
    expectClose(value, golden.baseline);
    expect(share).toEqual([0, 0, 0, 0]);
  });
});
