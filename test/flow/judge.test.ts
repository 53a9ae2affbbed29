import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Judge, type JudgeOptions } from '../../src/judge/judge.ts';
import type { FieldnoteError } from '../../src/system/errors.ts';
import type { Verdict } from '../../src/values/verdict.ts';
import type { Window } from '../../src/values/window.ts';
import { type MadeModel, madeManifest, madeWindow, writeMadePackage } from '../support/made-models.ts';

const root = mkdtempSync(join(tmpdir(), 'fieldnote-judge-'));
afterAll(() => rmSync(root, { recursive: true }));

const running: Judge[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((judge) => judge.stop()));
});

/** A judge with an active model for each asset that is named, and a way over its back-off. */
async function judging(models: Record<string, MadeModel>, options: Partial<JudgeOptions> = {}) {
  const restarts: FieldnoteError[] = [];
  let skippedMs = 0;
  const judge = new Judge({
    clock: { monoMs: () => performance.now() + skippedMs },
    random: () => 1,
    deadlineMs: 10_000,
    queueLengthMax: 64,
    onRestart: (reason) => restarts.push(reason),
    ...options,
  });
  running.push(judge);
  const skip = (ms: number) => {
    skippedMs += ms;
  };
  for (const [asset, name] of Object.entries(models)) await judge.activate(asset, packageOf(name));
  return { judge, restarts, skip };
}

function packageOf(name: MadeModel, changes: object = {}) {
  return writeMadePackage(mkdtempSync(join(root, 'package-')), name, changes);
}

/** A word for each verdict: its reason, or its score. */
function words(verdicts: readonly Verdict[]): (string | number)[] {
  return verdicts.map((verdict) => (verdict.kind === 'judged' ? verdict.score : verdict.reason));
}

/** What the model "scaled" takes beside the window. */
const GAIN = { name: 'gain', unit: '1', min: 1, max: 4 };

/** Never comes back from the model "slow". */
const ENDLESS = 1e12;

describe('the judge', () => {
  test('gives score, deviations and labels, and says which model it was', async () => {
    const { judge } = await judging({ pump: 'good' });
    const verdict = await judge.judge(madeWindow('pump', 3, 42));
    expect(verdict).toMatchObject({
      kind: 'judged',
      asset: 'pump',
      endMs: 42,
      model: madeManifest('good').sha256,
    });
    // Each channel is 3 of its spreads off: the root of 3² + 3², over the limit of 3.
    expect(verdict).toHaveProperty('score', expect.closeTo(Math.SQRT2, 4));
    expect(verdict).toHaveProperty('deviations', [
      { channel: 'flow', value: 3, baseline: 1.5, spread: 0.5, share: 0.5 },
      { channel: 'pressure', value: 3, baseline: 1.5, spread: 0.5, share: 0.5 },
    ]);
    expect(verdict).toHaveProperty('labels', [
      { name: 'leak', probability: 0.5 },
      { name: 'blockage', probability: 0.5 },
    ]);
  });

  test('is still learning while an asset has no model', async () => {
    const { judge } = await judging({ pump: 'mean' });
    const verdict = await judge.judge(madeWindow('fan', 2, 7));
    expect(verdict).toEqual({ kind: 'not-judged', asset: 'fan', endMs: 7, reason: 'learning' });
  });

  test('does not judge a window with too many gaps in one channel', async () => {
    const { judge } = await judging({ pump: 'mean' });
    const windows = [madeWindow('pump', 2, 0, 0.49), madeWindow('pump', 2, 1, 0.5)];
    expect(words(await Promise.all(windows.map((window) => judge.judge(window))))).toEqual(['gap', 2]);
  });

  test('gives a model the constants of the asset that it takes, and only these', async () => {
    const { judge } = await judging({});
    await judge.activate('pump', packageOf('scaled', { constants: [GAIN] }));
    const verdict = await judge.judge({ ...madeWindow('pump', 2), constants: { gain: 3, other: 5 } });
    expect(words([verdict])).toEqual([6]);
  });

  test('does not judge by a constant that is unknown or outside of what the model knows', async () => {
    const { judge } = await judging({});
    await judge.activate('pump', packageOf('scaled', { constants: [GAIN] }));
    const window = madeWindow('pump', 2);
    const odd = [{}, { gain: 0.9 }, { gain: 4.1 }, { gain: Number.NaN }].map((constants) => ({
      ...window,
      constants,
    }));
    const verdicts = await Promise.all([window, ...odd].map((each) => judge.judge(each)));
    expect(words(verdicts)).toEqual(verdicts.map(() => 'out-of-range'));
  });

  test('says nothing where a model finds its best label too improbable', async () => {
    const { judge } = await judging({});
    const outputs = { deviations: true, labels: ['leak', 'blockage'], unsureBelow: 0.51 };
    await judge.activate('pump', packageOf('good', { outputs }));
    expect(words([await judge.judge(madeWindow('pump', 3))])).toEqual(['unsure']);
  });

  test('judges without a sensor that is at fault, if the model can, and never without all of them', async () => {
    const { judge } = await judging({ needy: 'mean' });
    await judge.activate('able', packageOf('mean', { toleratesMissing: true }));
    const seen = async (asset: string, excluded: readonly string[]) =>
      judge.judge({ ...madeWindow(asset, 2, 0, excluded.length > 0 ? 0 : 1), excluded });
    expect(words([await seen('needy', []), await seen('needy', ['pressure'])])).toEqual([2, 'sensor-fault']);
    expect(words([await seen('able', ['pressure']), await seen('able', ['flow', 'pressure'])])).toEqual([
      2,
      'sensor-fault',
    ]);
  });

  test('judges without a channel that gives nothing, if the model can', async () => {
    const { judge } = await judging({ needy: 'mean' });
    await judge.activate('able', packageOf('mean', { toleratesMissing: true }));
    const seen = (asset: string, coverage: readonly number[]) =>
      judge.judge({ ...madeWindow(asset, 2), coverage });
    const windows = [
      seen('needy', [1, 0]),
      seen('able', [1, 0]),
      seen('able', [1, 0.2]),
      seen('able', [0, 0]),
    ];
    expect(words(await Promise.all(windows))).toEqual(['gap', 2, 'gap', 'gap']);
  });

  test('does not take a gap for a sensor that was left out', async () => {
    const { judge } = await judging({});
    await judge.activate('pump', packageOf('mean', { toleratesMissing: true }));
    const window = { ...madeWindow('pump', 2, 0, 0), excluded: ['flow'] };
    expect(words([await judge.judge(window)])).toEqual(['gap']);
  });

  test.each([
    ['a negative score', 'mean'],
    ['NaN', 'root'],
  ] as const)('says so when a model gives %s, and goes on', async (_, name) => {
    const { judge, restarts } = await judging({ pump: name });
    const fills = [1, -4, 1];
    const verdicts = await Promise.all(fills.map((fill) => judge.judge(madeWindow('pump', fill))));
    expect(words(verdicts)).toEqual([1, 'bad-output', 1]);
    expect(restarts).toEqual([]);
  });

  test('says so when a window does not fit the model', async () => {
    const { judge } = await judging({ pump: 'mean' });
    const window = { ...madeWindow('pump', 1), data: new Float32Array(3) };
    expect(words([await judge.judge(window)])).toEqual(['bad-output']);
  });

  test('gives the verdicts of each asset in the order of its windows', async () => {
    const { judge } = await judging({ pump: 'slow', fan: 'mean' });
    const order: string[] = [];
    const note = (verdict: Verdict) => order.push(`${verdict.asset} ${verdict.endMs}`);
    const windows = [
      madeWindow('pump', 1e5, 0),
      madeWindow('pump', 1, 1, 0),
      madeWindow('fan', 1, 2),
      madeWindow('pump', 1, 3),
      madeWindow('fan', 1, 4, 0),
    ];
    await Promise.all(windows.map((window) => judge.judge(window).then(note)));
    expect(order.filter((line) => line.startsWith('pump'))).toEqual(['pump 0', 'pump 1', 'pump 3']);
    expect(order.filter((line) => line.startsWith('fan'))).toEqual(['fan 2', 'fan 4']);
  });

  test('sheds the oldest waiting windows when it is busy, and nothing else', async () => {
    const { judge } = await judging({ pump: 'slow', fan: 'mean' }, { queueLengthMax: 2 });
    const busy = judge.judge(madeWindow('pump', 1e5));
    const verdicts = await Promise.all([3, 4, 5, 6].map((fill) => judge.judge(madeWindow('fan', fill))));
    expect(words(verdicts)).toEqual(['shed', 'shed', 5, 6]);
    expect(words([await busy])).toEqual([1e5]);
  });

  test('answers a window after its end', async () => {
    const { judge } = await judging({ pump: 'mean' });
    const waiting = [1, 2].map((fill) => judge.judge(madeWindow('pump', fill)));
    await judge.stop();
    const late = judge.judge(madeWindow('pump', 3));
    expect(words(await Promise.all([...waiting, late]))).toEqual(['judge-down', 'judge-down', 'judge-down']);
    expect(judge.pid).toBeUndefined();
  });
});

describe('the judge outlives', () => {
  test('a model that does not answer in time', async () => {
    const { judge, restarts, skip } = await judging({ pump: 'slow', fan: 'mean' }, { deadlineMs: 300 });
    const late = judge.judge(madeWindow('pump', ENDLESS));
    const waiting = judge.judge(madeWindow('fan', 1));
    expect(words(await Promise.all([late, waiting]))).toEqual(['deadline', 'judge-down']);
    expect(restarts.map(({ code }) => code)).toEqual(['CHILD_DEADLINE']);
    await comesBack(judge, skip);
    expect(
      words([await judge.judge(madeWindow('fan', 1)), await judge.judge(madeWindow('pump', 1))]),
    ).toEqual([1, 1]);
    expect(restarts).toHaveLength(1);
  });

  test('a model that ended its process: it is left out while others are judged, then tried again', async () => {
    const { judge, restarts, skip } = await judging({ pump: 'slow', fan: 'mean' }, { deadlineMs: 300 });
    const fills = { pump: ENDLESS, fan: 1 };
    const turn = async () =>
      words(
        await Promise.all(
          ['pump', 'fan'].map((asset) => judge.judge(madeWindow(asset, fills[asset as 'fan']))),
        ),
      );
    expect(await turn()).toEqual(['deadline', 'judge-down']);
    skip(600);
    await expect.poll(turn).toEqual(['deadline', 1]);
    expect(restarts).toHaveLength(1);
    skip(5000);
    expect(await turn()).toEqual(['deadline', 'judge-down']);
    expect(restarts).toHaveLength(2);
    skip(2000);
    fills.pump = 3;
    await expect.poll(turn).toEqual(['deadline', 1]);
    skip(10_000);
    expect(await turn()).toEqual([3, 1]);
  });

  test('a native crash in the middle of a run', async () => {
    const { judge, restarts, skip } = await judging({ pump: 'slow', fan: 'mean' });
    const { pid } = judge;
    const crashing = judge.judge(madeWindow('pump', ENDLESS));
    const waiting = judge.judge(madeWindow('fan', 1));
    setTimeout(() => process.kill(pid as number, 'SIGSEGV'), 50);
    expect(words(await Promise.all([crashing, waiting]))).toEqual(['judge-down', 'judge-down']);
    expect(restarts.map(({ message }) => message)).toEqual([expect.stringContaining('SIGSEGV')]);
    expect(words([await judge.judge(madeWindow('fan', 1))])).toEqual(['judge-down']);
    await comesBack(judge, skip);
    expect(judge.pid).not.toBe(pid);
    expect(
      words([await judge.judge(madeWindow('fan', 2)), await judge.judge(madeWindow('pump', 3))]),
    ).toEqual([2, 3]);
    expect(restarts).toHaveLength(1);
  });

  test('the end of its process while nothing is asked', async () => {
    const { judge, restarts, skip } = await judging({ pump: 'good' });
    process.kill(judge.pid as number, 'SIGKILL');
    await expect.poll(() => restarts, { timeout: 10_000 }).toHaveLength(1);
    skip(60_000);
    expect(await judge.judge(madeWindow('pump', 1))).toMatchObject({ kind: 'judged' });
  });

  /** Waits until the process may start again: an activation does. */
  async function comesBack(judge: Judge, skip: (ms: number) => void): Promise<void> {
    skip(60_000);
    await judge.activate('other', packageOf('mean'));
  }
});

describe('activating a model', () => {
  test('replaces the one before it', async () => {
    const { judge } = await judging({ pump: 'mean' });
    await judge.activate('pump', packageOf('root'));
    const verdict = await judge.judge(madeWindow('pump', 4));
    expect(verdict).toMatchObject({ score: 2, model: madeManifest('root').sha256 });
  });

  test('leaves a model alone that judges another asset too', async () => {
    const { judge } = await judging({ pump: 'mean', fan: 'mean' });
    await judge.activate('pump', packageOf('root'));
    expect(words([await judge.judge(madeWindow('fan', 3))])).toEqual([3]);
  });

  test.each([
    ['truncated', 'MODEL_INVALID', /cannot be used: .*protobuf/],
    ['text', 'MODEL_INVALID', /cannot be used: .*protobuf/],
    ['wide', 'MODEL_INVALID', /gave nonsense for a trial window: score \[.*, …\]/],
    ['scoreless', 'MODEL_MISMATCH', /gives no float32 output "score"/],
  ] as const)('is refused for a model that is %s, and the one before stays', async (name, code, message) => {
    const { judge, restarts } = await judging({ pump: 'mean' });
    const refused = judge.activate('pump', packageOf(name));
    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.toThrow(message);
    expect(words([await judge.judge(madeWindow('pump', 3))])).toEqual([3]);
    expect(restarts).toEqual([]);
  });

  test.each([
    ['rows', { window: { rateHz: 1, rows: 9, stepMs: 1000 } }],
    ['channels', { channels: [{ name: 'flow', unit: 'L/min' }] }],
    ['labels', { outputs: { deviations: false, labels: ['leak'] } }],
  ])('is refused for a manifest with other %s than the graph', async (_, changes) => {
    const { judge } = await judging({});
    await expect(judge.activate('pump', packageOf('mean', changes))).rejects.toMatchObject({
      code: 'MODEL_MISMATCH',
    });
    expect(words([await judge.judge(madeWindow('pump', 3))])).toEqual(['learning']);
  });

  test('is refused for a file that is not the one of the manifest', async () => {
    const { judge } = await judging({});
    const refused = judge.activate('pump', packageOf('mean', { sha256: 'f'.repeat(64) }));
    await expect(refused).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await expect(refused).rejects.toThrow(/has the sha256 [0-9a-f]{64}, not ffff/);
  });

  test('is refused for a file that is not there', async () => {
    const { judge } = await judging({});
    const absent = { ...packageOf('mean'), onnxPath: join(root, 'absent.onnx') };
    await expect(judge.activate('pump', absent)).rejects.toThrow(/cannot be used: .*ENOENT/);
  });

  test('is refused for a model that ends the process, and the one before comes back', async () => {
    const { judge, restarts, skip } = await judging({ pump: 'mean' }, { deadlineMs: 300 });
    const refused = judge.activate('pump', packageOf('endless'));
    await expect(refused).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await expect(refused).rejects.toThrow(/no answer within 300 ms/);
    expect(restarts).toHaveLength(1);
    skip(60_000);
    await expect.poll(async () => words([await judge.judge(madeWindow('pump', 3))])).toEqual([3]);
  });

  test('waits for the end of a back-off that another model caused', async () => {
    const { judge, restarts } = await judging({}, { deadlineMs: 300 });
    const bad = judge.activate('pump', packageOf('endless'));
    const good = judge.activate('fan', packageOf('good'));
    await expect(bad).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await good;
    expect(restarts).toHaveLength(1);
    expect(await judge.judge(madeWindow('fan', 1))).toMatchObject({ kind: 'judged' });
  });

  test('of more models than the process holds loads each when it is needed', async () => {
    const names = Array.from({ length: 34 }, (_, i) => `asset-${i}`);
    const { judge, restarts } = await judging({ 'asset-0': 'root', 'asset-1': 'slow' });
    for (const name of names.slice(2)) await judge.activate(name, packageOf('mean'));
    const verdicts = await Promise.all(names.map((name) => judge.judge(madeWindow(name, 4))));
    expect(words(verdicts)).toEqual([2, 4, ...Array(32).fill(4)]);
    expect(restarts).toEqual([]);
  });

  test('is refused for a graph of an operator set that is too new, and says which would do', async () => {
    const { judge } = await judging({});
    await expect(judge.activate('pump', packageOf('newer'))).rejects.toThrow(
      /opset 99 of ai\.onnx, and opsets up to \d+ are supported: export it with opset \d+/,
    );
  });

  test('tells each time that the model ends the process, and of no other model', async () => {
    const { judge, skip } = await judging({ fan: 'slow' }, { deadlineMs: 300 });
    const deaths: string[] = [];
    await judge.activate('pump', packageOf('slow'), { onDeath: ({ code }) => deaths.push(code) });
    for (const asset of ['fan', 'pump', 'pump']) {
      await expect
        .poll(async () => words([await judge.judge(madeWindow(asset, ENDLESS))]))
        .toEqual(['deadline']);
      skip(60_000);
    }
    expect(deaths).toEqual(['CHILD_DEADLINE', 'CHILD_DEADLINE']);
  });

  test('does not blame a model that could not be tried', async () => {
    const { judge } = await judging({});
    await judge.stop();
    await expect(judge.activate('pump', packageOf('good'))).rejects.toMatchObject({ code: 'CHILD_DEAD' });
  });

  test('does not blame a model whose trial was ended by a stop', async () => {
    const { judge } = await judging({ pump: 'mean' });
    const stopped = judge.activate('pump', packageOf('endless'));
    setTimeout(() => judge.stop(), 100);
    await expect(stopped).rejects.toMatchObject({ code: 'CHILD_DEAD' });
  });
});

describe('golden outputs', () => {
  /** Means of 8 cells each of the golden window, worked out by hand from its formula. */
  const meanOfSines = (channel: number) =>
    Array.from({ length: 8 }, (_, row) => Math.sin(2 * row + channel)).reduce((sum, sine) => sum + sine) / 8;
  const golden = {
    center: [1.5, 20],
    swing: [0.5, 8],
    outputs: { value: [1.5 + 0.5 * meanOfSines(0), 20 + 8 * meanOfSines(1)] },
  };

  test('let a model be used that gives them', async () => {
    const { judge } = await judging({});
    await judge.activate('pump', packageOf('good', { golden }));
    expect(await judge.judge(madeWindow('pump', 1))).toMatchObject({ kind: 'judged' });
  });

  test('need a center and a swing for each channel', async () => {
    const { judge } = await judging({});
    const refused = judge.activate('pump', packageOf('good', { golden: { ...golden, swing: [1] } }));
    await expect(refused).rejects.toThrow(/golden\.center and golden\.swing must have 2 values each/);
  });

  test.each([
    ['another value', { value: [1.5, 20] }, /value is \[1\.\d+, \d+\.\d+\] and should be \[1\.5, 20\]/],
    ['another number of values', { value: [...golden.outputs.value, 1] }, /value is \[/],
    ['an output that there is not', { vale: [1.5, 20] }, /vale is \[\] and should be \[1\.5, 20\]/],
  ])('refuse a model that gives %s', async (_, outputs, message) => {
    const { judge } = await judging({ pump: 'mean' });
    const refused = judge.activate('pump', packageOf('good', { golden: { ...golden, outputs } }));
    await expect(refused).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await expect(refused).rejects.toThrow(message);
    expect(words([await judge.judge(madeWindow('pump', 3))])).toEqual([3]);
  });
});

describe('a model of some channels of an asset', () => {
  /** The columns of "flow" and "pressure" among those of the window: the last one, and the first one in another unit. */
  const columns = [
    { at: 2, factor: 1, offset: 0 },
    { at: 0, factor: 0.01, offset: -1 },
  ];
  const windowOf = (row: readonly number[], coverage = [1, 1, 1]): Window => ({
    ...madeWindow('pump', 0),
    channels: ['pressure', 'voltage', 'flow'],
    data: Float32Array.from({ length: 8 * 3 }, (_, i) => row[i % 3] ?? 0),
    coverage,
  });

  test('is given these, in its order and units, and its answer comes back in those of the asset', async () => {
    const { judge } = await judging({});
    await judge.activate('pump', packageOf('good'), { columns });
    expect(await judge.judge(windowOf([300, 1000, 1.5]))).toHaveProperty('deviations', [
      { channel: 'flow', value: 1.5, baseline: 1.5, spread: 0.5, share: expect.closeTo(0, 6) },
      {
        channel: 'pressure',
        value: expect.closeTo(300, 4),
        baseline: expect.closeTo(250, 4),
        spread: expect.closeTo(50, 4),
        share: expect.closeTo(1, 6),
      },
    ]);
  });

  test('is judged when a channel that it does not take has gaps', async () => {
    const { judge } = await judging({});
    await judge.activate('pump', packageOf('mean'), { columns });
    const row = [300, Number.NaN, 4];
    const coverages = [
      [1, 0, 1],
      [0.4, 1, 1],
    ];
    const verdicts = coverages.map((coverage) => judge.judge(windowOf(row, coverage)));
    expect(words(await Promise.all(verdicts))).toEqual([3, 'gap']);
  });
});

describe('forgetting a model', () => {
  test('leaves its asset without one, and other assets alone', async () => {
    const { judge } = await judging({ pump: 'mean', fan: 'mean' });
    await judge.deactivate('pump');
    const verdicts = ['pump', 'fan'].map((asset) => judge.judge(madeWindow(asset, 3)));
    expect(words(await Promise.all(verdicts))).toEqual(['learning', 3]);
  });

  test('that there is not changes nothing', async () => {
    const { judge } = await judging({});
    await judge.deactivate('pump');
    await judge.activate('pump', packageOf('mean'));
    expect(words([await judge.judge(madeWindow('pump', 3))])).toEqual([3]);
  });
});
