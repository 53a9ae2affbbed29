import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { PROPELLER_CHANNELS, propellerFeatures } from '../../src/learn/propeller/features.ts';
import { propellerGraph } from '../../src/learn/propeller/graph.ts';
import { fitPropellerModel, judgePropellers, type PropellerModel } from '../../src/learn/propeller/model.ts';
import { writePropellerPackage } from '../../src/learn/propeller/package.ts';
import { fitSoftmax, softmaxOf } from '../../src/learn/propeller/softmax.ts';
import { modelManifestSchema } from '../../src/models/package.ts';
import { readModelPackage } from '../../src/models/read-package.ts';
import { newFolder } from '../support/daemon.ts';

const ROWS = 20;
const WIDTH = PROPELLER_CHANNELS.length;

interface Flown {
  /** Outputs of motors 1 to 4, in µs. */
  readonly outputs?: readonly number[];
  readonly voltage?: number;
  readonly seed?: number;
}

/** A window of a quadcopter that hovers, busy and shaking a little. */
function windowOf({ outputs = [1600, 1600, 1600, 1600], voltage = 11, seed = 0 }: Flown = {}): Float32Array {
  const centres = [...outputs, voltage, 16, 2, 4, 6];
  return Float32Array.from({ length: ROWS * WIDTH }, (_, at) => {
    const column = at % WIDTH;
    return (centres[column] ?? 0) * (1 + 0.01 * Math.sin(at * (column + 1) + seed));
  });
}

const good = (seed: number) => ({ data: windowOf({ seed }), damageMm: 0 });
/** The pair 1 and 2 turns faster, and all of them do. */
const cut = (damageMm: number) => (seed: number) => {
  const outputs = [1600 + 6 * damageMm, 1600 + damageMm, 1600, 1600];
  return { data: windowOf({ outputs, seed }), damageMm };
};
const SEEDS = Array.from({ length: 12 }, (_, seed) => seed);
const flights = [good, cut(10), cut(20)].flatMap((flight) => SEEDS.map(flight));
const model = fitPropellerModel(flights, 20) as PropellerModel;
const goodModel = fitPropellerModel(SEEDS.map(good), 20) as PropellerModel;

describe('propellerFeatures', () => {
  test('tells which way the motors work harder, as a share of the thrust', () => {
    const level = { outputs: [1700, 1700, 1500, 1500] };
    const [roll = 1, pitch = 1, yaw = 0] = propellerFeatures(windowOf(level)) ?? [];
    expect(roll).toBeCloseTo(0, 1);
    expect(pitch).toBeCloseTo(0, 1);
    expect(yaw).toBeCloseTo(100 / 600, 1);
  });

  test('knows no features of a vehicle on the ground', () => {
    expect(propellerFeatures(windowOf({ outputs: [1100, 1100, 1100, 1100] }))).toBeUndefined();
  });

  test('knows none where a channel is empty', () => {
    const data = windowOf().map((value, at) => (at % WIDTH === 5 ? Number.NaN : value));
    expect(propellerFeatures(data)).toBeUndefined();
  });
});

describe('fitSoftmax', () => {
  const rows = SEEDS.map((seed) => {
    return { features: Float64Array.of(Math.sin(seed), 3 * seed), label: seed < 6 ? 0 : 1 };
  });

  test('learns which side of a line is which', () => {
    const fitted = fitSoftmax(rows, 2);
    for (const { features, label } of rows) {
      const probabilities = softmaxOf(fitted, features);
      expect(probabilities.indexOf(Math.max(...probabilities))).toBe(label);
    }
  });

  test('has no slope left: the mean probability of each class is its share', () => {
    const fitted = fitSoftmax(rows, 2);
    const mean = rows.reduce((sum, { features }) => sum + (softmaxOf(fitted, features)[1] ?? 0), 0);
    expect(mean / rows.length).toBeCloseTo(0.5, 5);
  });

  test('does not care about the unit of a feature', () => {
    const converted = rows.map(({ features: [a = 0, b = 0], label }) => {
      return { features: Float64Array.of(1000 * a + 5, b), label };
    });
    const [one, other] = [fitSoftmax(rows, 2), fitSoftmax(converted, 2)];
    for (const [at, { features }] of rows.entries()) {
      const expected = softmaxOf(one, features)[1] ?? Number.NaN;
      const found = softmaxOf(other, converted[at]?.features ?? features)[1];
      expect(found).toBeCloseTo(expected, 5);
    }
  });
});

describe('the propeller model', () => {
  test('finds the damage that it was shown, in windows that it was not shown', () => {
    for (const seed of [0.5, 3.3, 7.7]) {
      expect(judgePropellers(model, cut(20)(seed).data).score).toBeGreaterThan(1);
      expect(judgePropellers(model, good(seed).data).score).toBeLessThan(1);
      const { labels } = judgePropellers(model, cut(10)(seed).data);
      expect(model.gradesMm[labels.indexOf(Math.max(...labels))]).toBe(10);
    }
  });

  test('is not made of nothing, nor of damaged flights alone', () => {
    expect(fitPropellerModel(SEEDS.map(cut(20)), 20)).toBeUndefined();
    expect(fitPropellerModel([], 20)).toBeUndefined();
  });

  test('of good flights alone says whether the propellers turn 4 % faster than in those', () => {
    const faster = (share: number) => {
      const outputs = Array.from({ length: 4 }, () => 1000 + 600 * (1 + share));
      return judgePropellers(goodModel, windowOf({ outputs, seed: 3.3 }));
    };
    expect(faster(0.02).score).toBeLessThan(1);
    expect(faster(0.06).score).toBeGreaterThan(1);
    expect(faster(0.06).labels).toHaveLength(0);
  });

  test('raises no alarm on the ground', () => {
    const { score, labels } = judgePropellers(model, windowOf({ outputs: [1300, 1100, 1000, 1000] }));
    expect(score).toBe(0);
    expect([...labels]).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });
});

describe('the graph of the propeller model', async () => {
  const session = await InferenceSession.create(propellerGraph(model, ROWS));
  const run = async (window: Float32Array) => {
    const outputs = await session.run({ window: new Tensor('float32', window, [ROWS, WIDTH]) });
    const numbers = (name: string) => Array.from(outputs[name]?.data as Float32Array);
    return { score: numbers('score')[0] ?? Number.NaN, labels: numbers('labels') };
  };

  const cells = { minLength: ROWS * WIDTH, maxLength: ROWS * WIDTH };
  const gaps = fc.array(fc.integer({ min: 0, max: 9 }), cells);
  const anyFlight = fc.record({
    outputs: fc.array(fc.integer({ min: 1000, max: 1900 }), { minLength: 4, maxLength: 4 }),
    voltage: fc.integer({ min: 8, max: 13 }),
    seed: fc.integer({ min: 0, max: 100 }),
  });

  test('says what the model says, on the ground and with gaps too', async () => {
    await fc.assert(
      fc.asyncProperty(anyFlight, gaps, async (flight, isGap) => {
        const window = windowOf(flight).map((value, at) => (isGap[at] === 0 ? Number.NaN : value));
        const wanted = judgePropellers(model, window);
        const given = await run(window);
        expect(given.score).toBeCloseTo(wanted.score, 3);
        for (const [at, label] of given.labels.entries())
          expect(label).toBeCloseTo(wanted.labels[at] ?? 0, 3);
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  test('of good flights alone says what that model says, and names nothing', async () => {
    const alone = await InferenceSession.create(propellerGraph(goodModel, ROWS));
    const window = windowOf({ outputs: [1640, 1620, 1600, 1610], seed: 2 });
    const outputs = await alone.run({ window: new Tensor('float32', window, [ROWS, WIDTH]) });
    expect(Object.keys(outputs)).toEqual(['score']);
    expect(outputs['score']?.data[0]).toBeCloseTo(judgePropellers(goodModel, window).score, 3);
  });

  test('gives numbers for a window that holds nothing', async () => {
    const { score, labels } = await run(new Float32Array(ROWS * WIDTH).fill(Number.NaN));
    expect(score).toBe(0);
    expect(labels.reduce((sum, label) => sum + label, 0)).toBeCloseTo(1, 5);
  });
});

describe('the propeller package', () => {
  test('is one that can be read, with a label for each grade', async () => {
    await using folder = await newFolder();
    const told = { data: 'made flights', trainedAt: '2026-11-23T00:00:00.000Z' };
    const window = { rateHz: 10, rows: ROWS };
    await writePropellerPackage({ directory: folder.path, model, window, ...told });
    const { manifest } = await readModelPackage(folder.path);
    expect(modelManifestSchema.parse(manifest).outputs.labels).toEqual([
      'good propellers',
      'propeller 10 mm short',
      'propeller 20 mm short',
    ]);
    expect(manifest.golden?.outputs['labels']).toHaveLength(3);
  });

  test('has no labels when it was trained on good flights alone', async () => {
    await using folder = await newFolder();
    const told = { data: 'made flights', trainedAt: '2026-11-23T00:00:00.000Z' };
    const window = { rateHz: 10, rows: ROWS };
    await writePropellerPackage({ directory: folder.path, model: goodModel, window, ...told });
    const { manifest } = await readModelPackage(folder.path);
    expect(manifest.outputs.labels).toEqual([]);
    expect(Object.keys(manifest.golden?.outputs ?? {})).toEqual(['score']);
  });
});
