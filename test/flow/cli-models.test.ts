import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { healthyRows, MADE_ASSET, setUpCliPlant } from '../support/cli-plant.ts';
import { madeManifest, writeMadePackage } from '../support/made-models.ts';

const GOOD = madeManifest('good').sha256;
const MEAN = madeManifest('mean').sha256;
/** An asset whose channels only its device knows. */
const described = { pump: { source: 'mcu' } };
const short = (sha256: string) => sha256.slice(0, 12);

describe.concurrent('fieldnote models', { timeout: 120_000 }, () => {
  test('list says of an asset without a package that it is still to be learned', async () => {
    await using plant = await setUpCliPlant();
    const { exitCode, stdout } = await plant.fieldnote('models', 'list');
    expect(stdout).toContain('pump (Feed pump 7)\n  no package yet');
    expect(exitCode).toBe(0);
  });

  test('activate installs a package from anywhere, and list shows it as the active one', async () => {
    await using plant = await setUpCliPlant();
    writeMadePackage(plant.folder, 'good');
    const { exitCode, stdout } = await plant.fieldnote('models', 'activate', join(plant.folder, GOOD));
    expect(stdout).toMatch(/^ok +package.*\nok +asset.*\nok +trial.*\npump is judged by [0-9a-f]{12} now/);
    expect(exitCode).toBe(0);
    expect(readFileSync(join(plant.models, 'active'), 'utf8')).toBe(`${GOOD}\n`);
    const listed = (await plant.fieldnote('models', 'list')).stdout;
    expect(listed).toMatch(new RegExp(`^ {2}active +${short(GOOD)} +good +1 +2026-11-01`, 'm'));
  });

  test('activate keeps the model before, puts the new one on trial, and rollback brings the old one back', async () => {
    await using plant = await setUpCliPlant();
    const { fieldnote, folder } = plant;
    for (const name of ['good', 'mean'] as const) writeMadePackage(folder, name);
    await fieldnote('models', 'activate', join(folder, GOOD));
    const { stdout } = await fieldnote('models', 'activate', join(folder, MEAN));
    expect(stdout).toMatch(/It is on trial: .*\n.*fieldnote models rollback pump/);
    const uses = async () => {
      const { assets } = await plant.json('models', 'list');
      const rows: { sha256: string; use: string }[] = assets.pump;
      return Object.fromEntries(rows.map(({ sha256, use }) => [sha256, use]));
    };
    expect(await uses()).toEqual({ [GOOD]: 'previous', [MEAN]: 'active, on trial' });
    const back = await fieldnote('models', 'rollback', 'pump');
    expect(back).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`${short(GOOD)} again`) });
    expect(await uses()).toEqual({ [GOOD]: 'active', [MEAN]: 'kept' });
    expect(await fieldnote('models', 'rollback')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('nothing to roll back to'),
    });
  });

  test('activate takes a package that is kept by the beginning of its sha256', async () => {
    await using plant = await setUpCliPlant();
    for (const name of ['good', 'mean'] as const) writeMadePackage(plant.models, name);
    const { exitCode } = await plant.fieldnote('models', 'activate', MEAN.slice(0, 8));
    expect(exitCode).toBe(0);
    expect(readFileSync(join(plant.models, 'active'), 'utf8')).toBe(`${MEAN}\n`);
  });

  test.for([
    ['a model that gives nonsense', 'wide', {}, /^failed +trial +model "wide".*nonsense/m],
    ['a model that was cut off', 'truncated', {}, /^failed +trial +model "truncated" cannot be used/m],
    [
      'a model for other channels',
      'good',
      {
        channels: [
          { name: 'flow', unit: 'L/min' },
          { name: 'heat', unit: '°C' },
        ],
      },
      /^failed +asset +model "good" does not fit the asset: .*heat/m,
    ],
    ['a manifest that is none', 'good', { window: 7 }, /^failed +package +.*model\.json window/m],
  ] as const)('check and activate refuse %s, and nothing changes', async ([, name, changes, says]) => {
    await using plant = await setUpCliPlant();
    writeMadePackage(plant.folder, name, changes);
    const folder = join(plant.folder, madeManifest(name).sha256);
    for (const command of [
      ['check', folder, '--asset', 'pump'],
      ['activate', folder],
    ]) {
      const { exitCode, stdout, stderr } = await plant.fieldnote('models', ...command);
      expect(stdout).toMatch(says);
      expect(stderr).toMatch(/^fieldnote: /);
      expect(exitCode).toBe(1);
    }
    expect(() => readdirSync(plant.dataDir)).toThrow(/ENOENT/);
  });

  test('check of a package alone needs no configuration, and says what it did not look at', async () => {
    await using plant = await setUpCliPlant();
    writeMadePackage(plant.folder, 'good', {
      channels: [
        { name: 'x', unit: '1' },
        { name: 'y', unit: '1' },
      ],
    });
    const folder = join(plant.folder, GOOD);
    const { exitCode, stdout } = await plant.fieldnote(
      'models',
      'check',
      folder,
      '--config',
      '/nowhere.yaml',
    );
    expect(stdout).toMatch(/^ok +package .*\nok +trial .*\nIts fit to a machine was not checked/);
    expect(exitCode).toBe(0);
  });

  test('check --json tells each check, also when one fails', async () => {
    await using plant = await setUpCliPlant();
    writeMadePackage(plant.folder, 'root');
    const folder = join(plant.folder, madeManifest('root').sha256);
    appendFileSync(join(folder, 'model.onnx'), 'x');
    const { checks } = await plant.json('models', 'check', folder);
    expect(checks).toEqual([{ what: 'package', isPassed: false, detail: expect.stringContaining('sha256') }]);
  });

  test('show tells what the active package says about itself, and any other by its sha256', async () => {
    await using plant = await setUpCliPlant();
    for (const name of ['good', 'mean'] as const) writeMadePackage(plant.models, name);
    await plant.fieldnote('models', 'activate', GOOD);
    const { stdout } = await plant.fieldnote('models', 'show');
    for (const line of [
      /^name +good 1$/m,
      new RegExp(`^sha256 +${GOOD}$`, 'm'),
      /^window +8 rows at 1 Hz \(8 s\), every 1 s$/m,
      /^limits +judges when at least 50 % of each channel holds a value$/m,
      /^tells .*labels: leak, blockage$/m,
      /^ {2}flow +L\/min$/m,
    ])
      expect(stdout).toMatch(line);
    expect(await plant.json('models', 'show', 'pump', MEAN.slice(0, 6))).toMatchObject({
      name: 'mean',
      sha256: MEAN,
    });
  });

  test('list names the fault of a package that is damaged, and show refuses it', async () => {
    await using plant = await setUpCliPlant();
    writeMadePackage(plant.models, 'good');
    appendFileSync(join(plant.models, GOOD, 'model.json'), '}');
    const { exitCode, stdout } = await plant.fieldnote('models', 'list');
    expect(stdout).toMatch(/^ {2}kept +[0-9a-f]{12} +cannot be used: .*model\.json is no JSON/m);
    expect(exitCode).toBe(0);
    const shown = await plant.fieldnote('models', 'show', 'pump', GOOD);
    expect(shown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is no JSON') });
  });

  test('try sets what a model would have reported beside the active one, and changes nothing', async () => {
    await using plant = await setUpCliPlant();
    for (const name of ['good', 'mean'] as const) writeMadePackage(plant.models, name);
    await plant.fieldnote('models', 'activate', GOOD);
    const fault = healthyRows(100).map(([flow, pressure]): [number, number] => [flow + 30, pressure]);
    const recording = plant.record([...healthyRows(200), ...fault, ...healthyRows(200)]);
    const before = readdirSync(plant.models);
    const { exitCode, stdout } = await plant.fieldnote('models', 'try', recording, '--model', MEAN);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^ +tried ${short(MEAN)} +active ${short(GOOD)}$`, 'm'));
    expect(stdout).toMatch(/^windows +492 +492$/m);
    expect(stdout).toMatch(/^active [0-9a-f]{12} would have reported\n {2}2026-01-01T00:0.*Feed pump 7: /m);
    expect(readdirSync(plant.models)).toEqual(before);
    const [tried, active] = await plant.json('models', 'try', recording, '--model', MEAN);
    // The mean of the healthy rows is 1.5, over its limit all the time; the other alarms on the fault alone.
    expect(tried).toMatchObject({ model: 'tried', sha256: MEAN, windows: 492, incidentCount: 1 });
    expect(tried.alarmShare).toBeGreaterThan(0.9);
    expect(tried.score.p50).toBeCloseTo(1.5, 0);
    expect(active).toMatchObject({ model: 'active', sha256: GOOD, incidentCount: 1 });
    expect(active.alarmShare).toBeGreaterThan(0.15);
    expect(active.alarmShare).toBeLessThan(0.35);
    expect(active.score.max).toBeGreaterThan(10);
  });

  test('try works without an active model, and for a package that is not installed', async () => {
    await using plant = await setUpCliPlant();
    writeMadePackage(plant.folder, 'good');
    const recording = plant.record(healthyRows(60));
    const outcomes = await plant.json('models', 'try', recording, '--model', join(plant.folder, GOOD));
    expect(outcomes).toMatchObject([
      { model: 'tried', sha256: GOOD, incidentCount: 0, alarmShare: 0, incidents: [] },
    ]);
    expect(() => readdirSync(plant.dataDir)).toThrow(/ENOENT/);
  });

  test('leaves it to the daemon whether a model fits channels that only a device knows', async () => {
    await using plant = await setUpCliPlant(described);
    writeMadePackage(plant.folder, 'good');
    const { exitCode, stdout } = await plant.fieldnote('models', 'activate', join(plant.folder, GOOD));
    expect(stdout).toContain('The channels of pump come from its device: the daemon checks');
    expect(exitCode).toBe(0);
    expect(readFileSync(join(plant.models, 'active'), 'utf8')).toBe(`${GOOD}\n`);
  });

  test('check says that units are converted, and refuses those that do not convert', async () => {
    const inUnits = (unit: string) => {
      const { flow } = MADE_ASSET.channels;
      return { pump: { ...MADE_ASSET, channels: { flow, pressure: { from: 'mcu.bar', unit } } } };
    };
    for (const [unit, says] of [
      ['psi', /^ok +asset +its channels, units \(1 are converted\) and window fit pump$/m],
      ['mm/s', /^failed +asset .*unit of pressure.*does not convert/m],
    ] as const) {
      await using plant = await setUpCliPlant(inUnits(unit));
      writeMadePackage(plant.folder, 'good');
      const checked = await plant.fieldnote('models', 'check', join(plant.folder, GOOD), '--asset', 'pump');
      expect(checked.stdout).toMatch(says);
    }
  });

  const two = { pump: MADE_ASSET, fan: MADE_ASSET };
  test.for([
    { assets: two, line: ['show'], says: 'name the asset: the configuration has pump, fan' },
    { assets: two, line: ['activate', '/tmp', '--asset', 'mill'], says: 'there is no asset mill' },
    { line: ['show'], says: 'pump has no active package; it has: none yet' },
    { line: ['show', 'pump', 'abcd'], says: 'pump has no package that begins with abcd' },
    { line: ['activate', 'abcd1234'], says: 'abcd1234 is no folder, and no package of pump begins with it' },
    {
      assets: described,
      line: ['try', 'x.csv', '--model', '/tmp'],
      says: 'the channels of pump come from its device',
    },
    { line: ['try', 'x.csv'], says: "required option '--model <folder|sha256>' not specified" },
  ])('ends with 2 on $line', async ({ assets, line, says }) => {
    await using plant = await setUpCliPlant(assets);
    const { exitCode, stdout, stderr } = await plant.fieldnote('models', ...line);
    expect(stderr).toContain(says);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  test('ends with 78 when there is no configuration', async () => {
    await using plant = await setUpCliPlant();
    const { exitCode } = await plant.fieldnote('models', 'list', '--config', '/nowhere.yaml');
    expect(exitCode).toBe(78);
  });

  test('asks for more of a sha256 that begins several packages', async () => {
    await using plant = await setUpCliPlant();
    const names = [`${'a'.repeat(63)}1`, `${'a'.repeat(63)}2`];
    for (const name of names) mkdirSync(join(plant.models, name), { recursive: true });
    const { exitCode, stderr } = await plant.fieldnote('models', 'activate', 'aaaa');
    expect(stderr).toContain('aaaa begins the name of 2 packages of pump');
    expect(exitCode).toBe(2);
  });

  test.skipIf(process.getuid?.() !== 0)('what root installs belongs to the owner of the data', async () => {
    await using plant = await setUpCliPlant();
    const owner = 12_345;
    mkdirSync(plant.dataDir);
    chownSync(plant.dataDir, owner, owner);
    chmodSync(plant.folder, 0o755);
    // Root may read this package, the owner of the data may not.
    const hidden = join(plant.folder, 'hidden');
    writeMadePackage(hidden, 'good');
    chmodSync(hidden, 0o700);
    expect(await plant.fieldnote('models', 'activate', join(hidden, GOOD))).toMatchObject({ exitCode: 0 });
    for (const path of ['', 'active', GOOD, `${GOOD}/model.json`, `${GOOD}/model.onnx`]) {
      const { uid, gid } = statSync(join(plant.models, path));
      expect({ path, uid, gid }).toEqual({ path, uid: owner, gid: owner });
    }
  });
});
