import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { activeModelDir, forgetModel, modelDir, rollBackModel } from '../../src/models/active.ts';
import { newTrial, readTrial, writeTrial } from '../../src/models/trial.ts';
import { type MadeModel, madeManifest } from '../support/made-models.ts';
import { WatchedPump } from '../support/watched-pump.ts';

const shaOf = (model: MadeModel) => madeManifest(model).sha256;
const trialFileOf = ({ folder }: WatchedPump, model: MadeModel) => join(folder, `${shaOf(model)}.trial.json`);
const isActive = async ({ dataDir }: WatchedPump, model: MadeModel) =>
  (await activeModelDir(dataDir, 'pump')) === modelDir(dataDir, 'pump', shaOf(model));
const unjudgedIn = ({ counters }: WatchedPump) =>
  Object.entries(counters.snapshot()).filter(([name]) => name.startsWith('not_judged'));

/** Both channels as the model "good" knows them; its score is 0, that of the model "mean" an alarm. */
const NORMAL = 1.5;
/** Not far from normal for "good"; nonsense comes out of "narrow". */
const HIGH = 2.2;
/** An alarm for every model; the model "slow" never comes back from it. */
const ENDLESS = 1e12;
/** No alarm for "mean" and "slow". */
const LOW = 0.5;

/** Hangs are noticed soon. */
const HURRIED = { deadlineMs: 500 };

/** Ends the judge process in the middle of a run, and not between two. */
async function crashRun(pump: WatchedPump): Promise<void> {
  const deathsOf = async () => (await readTrial(pump.folder, shaOf('slow')))?.deaths;
  const before = await deathsOf();
  while ((await deathsOf()) === before) {
    pump.skip(60_000);
    await pump.run(10, LOW);
    const running = pump.run(2, ENDLESS);
    await sleep(300);
    if (pump.judge.pid) process.kill(pump.judge.pid, 'SIGSEGV');
    await running;
    // While the model is left out, so that the next window is one that it comes back from.
    await pump.run(10, LOW);
  }
}

describe('the daemon', { timeout: 120_000 }, () => {
  test('takes over another model that was activated, and misses no window', async () => {
    await using pump = await WatchedPump.start(['good']);
    await pump.run(20, NORMAL);
    expect(pump.asset.health).toMatchObject({
      phase: 'watching',
      model: shaOf('good'),
      score: expect.closeTo(0, 3),
    });
    await pump.activate('mean');
    await pump.run(10, NORMAL);
    expect(pump.asset.health).toMatchObject({ model: shaOf('mean'), score: 1.5, trial: expect.any(Number) });
    expect(unjudgedIn(pump)).toEqual([]);
    expect(pump.counters.get('verdicts')).toBe(pump.counters.get('windows_cut'));
  });

  test('takes over the model before when somebody rolled back', async () => {
    await using pump = await WatchedPump.start(['good', 'mean']);
    await rollBackModel(pump.dataDir, 'pump');
    await pump.run(4, NORMAL);
    expect(pump.asset.health).toMatchObject({ phase: 'watching', model: shaOf('good') });
    expect(pump.asset.health.trial).toBeUndefined();
  });

  test('takes a package over that was changed and activated again', async () => {
    await using pump = await WatchedPump.start(['good']);
    await pump.activate('good', { outputs: { deviations: false, labels: [] } });
    await pump.run(4, NORMAL);
    expect(pump.log.filter((line) => line === 'watching pump')).toHaveLength(2);
  });

  test('learns again when its model was forgotten, and judges nothing meanwhile', async () => {
    await using pump = await WatchedPump.start(['good']);
    await pump.run(20, NORMAL);
    await forgetModel(pump.dataDir, 'pump');
    await pump.run(20, NORMAL);
    expect(pump.asset.health).toMatchObject({ phase: 'learning', notJudged: 'learning' });
    expect(pump.asset.health.model).toBeUndefined();
    expect(pump.asset.health.learned).toBeGreaterThan(0);
  });

  test('ends its learning when a model was brought', async () => {
    await using pump = await WatchedPump.start([]);
    await pump.run(20, NORMAL);
    expect(pump.asset.health.phase).toBe('learning');
    await pump.activate('good');
    await pump.run(10, NORMAL);
    expect(pump.asset.health).toMatchObject({ phase: 'watching', model: shaOf('good') });
    expect(pump.asset.health.learned).toBeUndefined();
  });

  test('tells a deviation in the units of the asset, whatever the units of the model', async () => {
    const verdicts: unknown[] = [];
    const channels = {
      pressure: { from: 'mcu.pressure', unit: 'kPa' },
      flow: { from: 'mcu.flow', unit: 'm³/h' },
    };
    await using pump = await WatchedPump.start(['good'], { channels });
    const judged = pump.judge.judge.bind(pump.judge);
    pump.judge.judge = async (window) => {
      const verdict = await judged(window);
      verdicts.push(verdict);
      return verdict;
    };
    await pump.run(9, 150);
    // 150 m³/h are 2500 L/min, 150 kPa are 1.5 bar. The model knows 1.5 ± 0.5 of both.
    expect(verdicts.at(-1)).toHaveProperty('deviations', [
      {
        channel: 'flow',
        value: expect.closeTo(150, 4),
        baseline: expect.closeTo(0.09, 6),
        spread: expect.closeTo(0.03, 6),
        share: expect.closeTo(1, 6),
      },
      {
        channel: 'pressure',
        value: expect.closeTo(150, 4),
        baseline: expect.closeTo(150, 4),
        spread: expect.closeTo(50, 4),
        share: expect.closeTo(0, 6),
      },
    ]);
  });
});

describe('a model that cannot be used', { timeout: 120_000 }, () => {
  test.each([
    ['wide', {}, /gave nonsense for a trial window/],
    [
      'newer',
      {},
      /its graph is of opset 99 of ai\.onnx, and opsets up to \d+ are supported: export it with opset/,
    ],
    ['truncated', {}, /protobuf/],
    [
      'mean',
      { channels: [{ name: 'flow', unit: 'bar' }] },
      /unit of flow: the model wants bar, the asset has L\/min/,
    ],
    [
      'mean',
      { window: { rateHz: 2, rows: 8, stepMs: 1000 } },
      /rate in Hz: the model wants 2, the asset has 1/,
    ],
  ] as const)('never replaces one that can: %s %j', async (model, changes, why) => {
    await using pump = await WatchedPump.start(['good']);
    await pump.run(10, NORMAL);
    const refused = await pump.activate(model, changes);
    await pump.run(10, NORMAL);
    expect(pump.asset.health).toMatchObject({ phase: 'watching', model: shaOf('good') });
    expect(pump.asset.health.refused).toEqual({ model: refused, why: expect.stringMatching(why) });
    expect(await isActive(pump, 'good')).toBe(true);
    expect(unjudgedIn(pump)).toEqual([]);
    expect(pump.counters.get('models_rolled_back', 'pump')).toBe(1);
    expect(pump.log.filter((line) => why.test(line))).toHaveLength(1);
  });

  test('ends in learning when there is no other', async () => {
    await using pump = await WatchedPump.start(['wide']);
    expect(pump.asset.health).toMatchObject({ phase: 'learning', refused: { model: shaOf('wide') } });
    expect(pump.log.join('\n')).toMatch(/nonsense.*; learning pump again/);
  });

  test('ends in learning when the one before it is damaged, too', async () => {
    await using pump = await WatchedPump.start(['good', 'wide']);
    expect(pump.asset.health).toMatchObject({ phase: 'watching', model: shaOf('good') });
    rmSync(join(pump.folder, shaOf('good'), 'model.onnx'));
    await pump.activate('mean', { sha256: shaOf('mean'), channels: [{ name: 'oil', unit: 'bar' }] });
    await pump.restart();
    expect(pump.asset.health).toMatchObject({ phase: 'learning' });
  });

  test('does not keep a model waiting that is chosen instead of it', async () => {
    await using pump = await WatchedPump.start(['good'], HURRIED);
    await pump.activate('endless');
    await pump.runUntil(
      () => expect(pump.log.join('\n')).toMatch(/no answer within .* trying again in 10 s/),
      NORMAL,
    );
    await pump.activate('mean');
    pump.skip(60_000);
    await pump.runUntil(() => expect(pump.asset.health.model).toBe(shaOf('mean')), LOW);
    expect(pump.asset.health.refused).toBeUndefined();
  });
});

describe('a model on trial', { timeout: 120_000 }, () => {
  test('goes when it alarms on most of its first hour', async () => {
    await using pump = await WatchedPump.start(['good']);
    await pump.run(20, NORMAL);
    const refused = await pump.activate('mean');
    await pump.run(1900, NORMAL);
    expect(pump.asset.health).toMatchObject({
      phase: 'watching',
      model: shaOf('good'),
      score: expect.closeTo(0, 3),
    });
    const why = 'it found 1801 of its first 1801 windows abnormal, the model before it 0 %';
    expect(pump.asset.health.refused).toEqual({ model: refused, why });
    expect(pump.log).toContain(`rolled back the model ${refused} of pump: ${why}`);
    expect(pump.counters.get('models_rolled_back', 'pump')).toBe(1);
    expect(await isActive(pump, 'good')).toBe(true);
    expect(existsSync(trialFileOf(pump, 'mean'))).toBe(false);
    expect(unjudgedIn(pump)).toEqual([]);
  });

  test('stays when the one before alarmed as well: it is the machine then', async () => {
    await using pump = await WatchedPump.start(['good']);
    await pump.run(40, 4);
    await pump.activate('mean');
    await pump.run(1900, 4);
    expect(pump.asset.health).toMatchObject({ model: shaOf('mean'), score: 4 });
    expect(pump.counters.get('models_rolled_back')).toBe(0);
  });

  test('stays when the asset was abnormal before it came, while no daemon ran', async () => {
    await using pump = await WatchedPump.start(['good']);
    await pump.run(40, 4);
    await pump.activate('mean');
    await pump.restart();
    await pump.run(1900, 4);
    expect(pump.asset.health).toMatchObject({ model: shaOf('mean'), score: 4 });
    expect(pump.counters.get('models_rolled_back')).toBe(0);
  });

  test('stays when it alarms without a trial: nothing was there to compare it with', async () => {
    await using pump = await WatchedPump.start(['mean']);
    await pump.run(1900, NORMAL);
    expect(pump.asset.health).toMatchObject({ model: shaOf('mean'), score: 1.5 });
    expect(pump.counters.get('models_rolled_back')).toBe(0);
  });

  test('stays when its hour went well', async () => {
    await using pump = await WatchedPump.start(['good', 'mean']);
    await pump.run(3700, LOW);
    expect(pump.asset.health).toMatchObject({ model: shaOf('mean') });
    expect(pump.asset.health.trial).toBeUndefined();
    expect(existsSync(trialFileOf(pump, 'mean'))).toBe(false);
    expect(pump.log).toContain('pump keeps its model: the trial is over');
  });

  test('goes when most of what it says is nonsense', async () => {
    await using pump = await WatchedPump.start(['good']);
    await pump.run(20, NORMAL);
    await pump.activate('narrow');
    await pump.run(1900, HIGH);
    expect(pump.asset.health).toMatchObject({ model: shaOf('good'), refused: { model: shaOf('narrow') } });
    expect(pump.counters.get('not_judged_bad-output')).toBe(1801);
  });

  test('goes when it wants to know what the asset cannot tell', async () => {
    await using pump = await WatchedPump.start(['good']);
    await pump.run(20, NORMAL);
    const constants = [{ name: 'gain', unit: '1', min: 0, max: 2 }];
    await pump.activate('scaled', { constants });
    await pump.run(1900, NORMAL);
    expect(pump.asset.health).toMatchObject({ model: shaOf('good'), refused: { model: shaOf('scaled') } });
    expect(pump.counters.get('not_judged_out-of-range')).toBe(1801);
  });

  test('goes when it hangs again and again', async () => {
    await using pump = await WatchedPump.start(['mean', 'slow'], HURRIED);
    await pump.run(10, LOW);
    await pump.runUntil(() => {
      // It is left out for longer and longer; after its last time, the one before is loaded meanwhile.
      if (pump.counters.get('child_restarts') < 3) pump.skip(20_000);
      expect(pump.asset.health.refused).toEqual({ model: shaOf('slow'), why: 'its process ended 3 times' });
    }, ENDLESS);
    expect(pump.counters.get('child_restarts')).toBe(3);
    pump.skip(60_000);
    await pump.runUntil(
      () => expect(pump.asset.health).toMatchObject({ model: shaOf('mean'), score: LOW }),
      LOW,
    );
  });

  test('goes when it crashes its process again and again, also with a restart in between', async () => {
    await using pump = await WatchedPump.start(['mean', 'slow']);
    await crashRun(pump);
    expect((await readTrial(pump.folder, shaOf('slow')))?.deaths).toBe(1);
    await pump.restart();
    await crashRun(pump);
    expect((await readTrial(pump.folder, shaOf('slow')))?.deaths).toBe(2);
    await crashRun(pump);
    expect(pump.asset.health.refused).toEqual({ model: shaOf('slow'), why: 'its process ended 3 times' });
    expect(await isActive(pump, 'mean')).toBe(true);
  });

  test('goes when the daemon itself ends three times soon after it was loaded', async () => {
    await using pump = await WatchedPump.start(['good', 'mean']);
    for (let end = 1; end <= 3; end++) {
      await pump.run(10, LOW);
      expect(pump.asset.health.model).toBe(shaOf('mean'));
      await pump.crash();
    }
    expect(pump.asset.health).toMatchObject({ model: shaOf('good'), refused: { model: shaOf('mean') } });
    expect(pump.log.join('\n')).toMatch(/rolled back the model .* of pump: its process ended 3 times/);
  });

  test('stays when the daemon is stopped in order, or has run for a while', async () => {
    await using pump = await WatchedPump.start(['good', 'mean']);
    for (let end = 1; end <= 4; end++) {
      await pump.run(10, LOW);
      await pump.restart();
    }
    for (let end = 1; end <= 4; end++) {
      await pump.run(80, LOW);
      await pump.crash();
    }
    expect(pump.asset.health).toMatchObject({ model: shaOf('mean'), trial: expect.any(Number) });
  });

  test('does not begin its hour anew with a restart', async () => {
    await using pump = await WatchedPump.start(['good']);
    await pump.run(20, NORMAL);
    await pump.activate('mean');
    await pump.run(1000, NORMAL);
    await pump.restart();
    expect(pump.asset.health.model).toBe(shaOf('mean'));
    await pump.run(900, NORMAL);
    expect(pump.asset.health.model).toBe(shaOf('good'));
  });

  test('that replaced another one on trial has its own, and goes back to the one before both', async () => {
    await using pump = await WatchedPump.start(['good']);
    await pump.run(20, LOW);
    await pump.activate('slow');
    await pump.run(10, LOW);
    expect(pump.asset.health).toMatchObject({ model: shaOf('slow'), trial: expect.any(Number) });
    await pump.activate('mean');
    const begun = readFileSync(trialFileOf(pump, 'mean'), 'utf8');
    // The daemon has not noticed, and writes down how "slow" does.
    pump.asset.stop();
    await pump.asset.settled();
    expect(await readTrial(pump.folder, shaOf('slow'))).toBeDefined();
    expect(readFileSync(trialFileOf(pump, 'mean'), 'utf8')).toBe(begun);
    await pump.crash();
    await pump.run(1900, NORMAL);
    expect(pump.asset.health).toMatchObject({ model: shaOf('good'), refused: { model: shaOf('mean') } });
  });

  test('that ends the process while it is loaded goes, and the one before judges on', async () => {
    await using pump = await WatchedPump.start(['good'], HURRIED);
    await pump.run(10, NORMAL);
    const refused = await pump.activate('endless');
    await writeTrial(pump.folder, { ...newTrial(refused), deaths: 2 });
    await pump.runUntil(() => expect(pump.asset.health.refused?.model).toBe(refused), NORMAL);
    pump.skip(60_000);
    await pump.runUntil(() => expect(pump.asset.health.score).toBeCloseTo(0, 3), NORMAL);
    expect(await isActive(pump, 'good')).toBe(true);
  });

  test('of which the file was damaged is on no trial any more, and judges on', async () => {
    await using pump = await WatchedPump.start(['good', 'mean']);
    const path = trialFileOf(pump, 'mean');
    writeFileSync(path, readFileSync(path).subarray(0, 20));
    await pump.crash();
    await pump.run(10, NORMAL);
    expect(pump.asset.health).toMatchObject({ phase: 'watching', model: shaOf('mean') });
    expect(pump.asset.health.trial).toBeUndefined();
  });
});
