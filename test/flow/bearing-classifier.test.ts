import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Judge } from '../../src/judge/judge.ts';
import { readModelPackage } from '../../src/models/read-package.ts';
import type { Judged, Verdict } from '../../src/values/verdict.ts';
import {
  BURST_RATE_HZ,
  faultyBurst,
  healthyBurst,
  ODD_BUT_SOUND,
  SHAFT_HZ,
  SKF_6205,
} from '../support/bearing-burst.ts';
import { root } from '../support/source-tree.ts';

const directory = join(root, 'models/bearing');
const model = await readModelPackage(directory);
const { rows } = model.manifest.window;
const judge = new Judge({
  clock: { monoMs: () => performance.now() },
  random: () => 1,
  deadlineMs: 10_000,
  queueLengthMax: 64,
  onRestart() {},
});
afterAll(() => judge.stop());
// Refuses a graph that is not what the manifest says.
await judge.activate('bearing', model);

const told = { ...SKF_6205, rateHz: BURST_RATE_HZ, shaftHz: SHAFT_HZ };

function ask(data: Float32Array, changed: Partial<Record<keyof typeof told, number>> = {}): Promise<Verdict> {
  const constants = { ...told, ...changed };
  const part = { asset: 'bearing', endMs: 0, rateHz: constants.rateHz, rows, data, constants };
  return judge.judge({ ...part, channels: ['acceleration'], coverage: [1] });
}

async function judged(...asked: Parameters<typeof ask>): Promise<Judged> {
  const verdict = await ask(...asked);
  if (verdict.kind !== 'judged') throw new Error(`not judged: ${verdict.reason}`);
  return verdict;
}

const best = ({ labels }: Judged) => labels[0]?.name;
const SEEDS = [1, 2, 3, 4, 5];

describe('the bearing package', () => {
  test('is at most one megabyte', async () => {
    expect((await stat(join(directory, 'model.onnx'))).size).toBeLessThanOrEqual(1_000_000);
  });

  test('shows in its card every figure that it claims', async () => {
    const card = await readFile(join(directory, 'README.md'), 'utf8');
    const claimed = Object.entries(model.manifest.provenance.figures);
    const missing = claimed.filter(([name, value]) => !card.includes(`| \`${name}\` | ${value} |`));
    expect(missing).toEqual([]);
    expect(claimed.map(([name]) => name)).toContain('recordedMacroF1');
  });
});

describe('the bearing classifier', () => {
  test.each(['inner race', 'outer race'] as const)('finds a made fault of the %s', async (race) => {
    const verdicts = await Promise.all(SEEDS.map((seed) => judged(faultyBurst(rows, seed, race))));
    expect(verdicts.map(best)).toEqual(SEEDS.map(() => race));
    expect(Math.min(...verdicts.map(({ score }) => score))).toBeGreaterThanOrEqual(1);
  });

  test('raises no alarm about a made machine with nothing wrong', async () => {
    const verdicts = await Promise.all(SEEDS.map((seed) => judged(healthyBurst(rows, seed))));
    expect(verdicts.map(best)).toEqual(SEEDS.map(() => 'healthy'));
    expect(Math.max(...verdicts.map(({ score }) => score))).toBeLessThan(1);
  });

  test.for(Object.entries(ODD_BUT_SOUND))('raises no alarm about a machine that %s', async ([, change]) => {
    const scores = await Promise.all(
      SEEDS.map(async (seed) => {
        const verdict = await ask(change(healthyBurst(rows, seed)));
        return verdict.kind === 'judged' ? verdict.score : 0;
      }),
    );
    expect(scores.filter((score) => score >= 1)).toEqual([]);
  });

  test('finds a fault under a whine as loud as everything else', async () => {
    const whine = (value: number, at: number) =>
      value + 2 * Math.sin((2 * Math.PI * 1500 * at) / BURST_RATE_HZ);
    const verdicts = await Promise.all(
      SEEDS.map((seed) => judged(faultyBurst(rows, seed, 'outer race').map(whine))),
    );
    expect(verdicts.map(best)).toEqual(SEEDS.map(() => 'outer race'));
  });

  test('does not call the same impacts an outer race when the bearing has another geometry', async () => {
    const verdict = await ask(faultyBurst(rows, 1, 'outer race'), { balls: 13 });
    expect(verdict.kind === 'judged' && best(verdict)).not.toBe('outer race');
  });

  test('finds the fault at another sampling rate, when it is told', async () => {
    const rateHz = 24_000;
    const faster = { rateHz, shaftHz: SHAFT_HZ * (rateHz / BURST_RATE_HZ) };
    expect(best(await judged(faultyBurst(rows, 7, 'outer race'), faster))).toBe('outer race');
  });

  test.each([
    ['silent', 0],
    ['stuck', 9.81],
  ])('raises no alarm about a sensor that is %s', async (_, value) => {
    expect(best(await judged(new Float32Array(rows).fill(value)))).toBe('healthy');
  });

  test('judges no speed and no rate that it did not learn', async () => {
    const burst = healthyBurst(rows, 1);
    const odd = [{ shaftHz: 5 }, { shaftHz: 100 }, { rateHz: 48_000 }, { balls: 5 }];
    const verdicts = await Promise.all(odd.map((constants) => ask(burst, constants)));
    expect(verdicts).toEqual(odd.map(() => expect.objectContaining({ reason: 'out-of-range' })));
  });

  test('does not depend on the gain or the offset of the sensor', async () => {
    const burst = faultyBurst(rows, 3, 'inner race');
    const { score } = await judged(burst);
    const exponent = fc.double({ min: -4, max: 4, noNaN: true });
    const offset = fc.double({ min: -10, max: 10, noNaN: true });
    await fc.assert(
      fc.asyncProperty(exponent, offset, async (power, shift) => {
        const altered = await judged(burst.map((value) => 10 ** power * (value + shift)));
        expect(altered.score).toBeCloseTo(score, 2);
        expect(best(altered)).toBe('inner race');
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  test('gives a verdict for anything that a sensor can send', async () => {
    const clipped = (seed: number, clip: number) =>
      healthyBurst(rows, seed).map((value) => Math.max(-clip, Math.min(clip, value)));
    const anything = fc.oneof(
      fc.constant(new Float32Array(rows).fill(1, rows / 2, rows / 2 + 1)),
      fc.tuple(fc.integer(), fc.double({ min: 0.01, max: 10, noNaN: true })).map((made) => clipped(...made)),
      fc.double({ min: -1e12, max: 1e12, noNaN: true }).map((value) => new Float32Array(rows).fill(value)),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (burst) => {
        const verdict = await ask(burst);
        expect(verdict.kind === 'judged' || verdict.reason === 'unsure').toBe(true);
      }),
      { numRuns: 25, seed: 1 },
    );
  });
});
