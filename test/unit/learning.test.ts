import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { type LearningKeeper, LearningPeriod } from '../../src/learning.ts';
import { activateModel, activeModelDir, modelDir, proposedModel } from '../../src/models/active.ts';
import { readModelPackage } from '../../src/models/read-package.ts';
import { recordingClock } from '../../src/system/clock.ts';
import { MADE_ASSET } from '../support/cli-plant.ts';
import { writeMadePackage } from '../support/made-models.ts';

const root = mkdtempSync(join(tmpdir(), 'fieldnote-learning-'));
afterAll(() => rmSync(root, { recursive: true }));

/** Configuration of the pump, with another learning. */
function pumpConfig(learn: object) {
  const { assets } = configSchema.parse({
    ...{ site: 's', node: 'n', sources: { mcu: { link: { type: 'file', path: 'x' } } } },
    assets: { pump: { ...MADE_ASSET, learn: { for: '40s', ...learn } } },
  });
  const { channels, ...pump } = assets['pump'] ?? expect.unreachable();
  return { ...pump, channels: channels ?? {} };
}

interface LearningOptions {
  readonly rows?: number;
  readonly approve?: boolean;
  readonly dataDir?: string;
  readonly chosenBefore?: string;
  readonly recording?: string;
}

const newDataDir = () => mkdtempSync(join(root, 'data-'));

/** A learning of the pump that has seen so many of its 40 rows, and what its keeper was told. */
function learning({ rows = 40, approve = false, ...options }: LearningOptions = {}) {
  const dataDir = options.dataDir ?? newDataDir();
  const kept: unknown[] = [];
  const keeper: LearningKeeper = {
    append: (added, learned) => kept.push([added.length, learned]),
    clear: (rejected) => kept.push(rejected ?? 'cleared'),
    settled: async () => undefined,
  };
  const clock = recordingClock();
  const config = pumpConfig({ approve });
  const period = new LearningPeriod({
    ...{ asset: 'pump', config, clock, keeper, restored: [] },
    ...{ ...options, dataDir },
  });
  for (let row = 0; row < rows; row++) period.push(Float32Array.of(Math.sin(row * row), Math.cos(row)));
  return { dataDir, kept, period, clock };
}

describe('a learning period', () => {
  test('makes what was learned the active model, and forgets the rows', async () => {
    const { dataDir, kept, period } = learning();
    const { directory, as } = await period.finish();
    expect(as).toBe('active');
    expect(await activeModelDir(dataDir, 'pump')).toBe(directory);
    expect(kept).toEqual(['cleared']);
  });

  test('only proposes it where a yes is asked for', async () => {
    const { dataDir, kept, period } = learning({ approve: true });
    const { directory, as } = await period.finish();
    expect(as).toBe('proposed');
    expect(await activeModelDir(dataDir, 'pump')).toBeUndefined();
    expect(modelDir(dataDir, 'pump', (await proposedModel(dataDir, 'pump')) ?? '')).toBe(directory);
    expect(kept).toEqual(['cleared']);
  });

  test('leaves the model that a person chose meanwhile', async () => {
    const { dataDir, period } = learning();
    const { manifest } = writeMadePackage(join(dataDir, 'models', 'pump'), 'good');
    await activateModel(dataDir, 'pump', manifest.sha256);
    const chosen = modelDir(dataDir, 'pump', manifest.sha256);
    expect(await period.finish()).toEqual({ directory: chosen, as: 'overtaken' });
    expect(await activeModelDir(dataDir, 'pump')).toBe(chosen);
  });

  test('replaces the model because of which it learns', async () => {
    const broken = 'f'.repeat(64);
    const dataDir = newDataDir();
    const folder = join(dataDir, 'models', 'pump');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'active'), `${broken}\n`);
    const { period } = learning({ dataDir, chosenBefore: modelDir(dataDir, 'pump', broken) });
    const { directory, as } = await period.finish();
    expect(as).toBe('active');
    expect(await activeModelDir(dataDir, 'pump')).toBe(directory);
  });

  test('lies among the temporary files when the disk refuses', async () => {
    const { dataDir, period } = learning();
    writeFileSync(join(dataDir, 'models'), 'no folder');
    const { directory, as, unwritable } = await period.finish();
    expect([as, unwritable]).toEqual(['temporary', expect.objectContaining({ code: 'STORE_UNWRITABLE' })]);
    expect((await readModelPackage(directory)).manifest.name).toBe('normal');
    rmSync(join(directory, '..'), { recursive: true });
  });

  test('is refused when the disk refuses and a yes is asked for: nothing can wait in a temporary file', async () => {
    const { dataDir, period } = learning({ approve: true });
    writeFileSync(join(dataDir, 'models'), 'no folder');
    await expect(period.finish()).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
  });

  test('tells its keeper how far it is with the rows, and why it began anew', () => {
    const { kept, period, clock } = learning({ rows: 10 });
    clock.advanceTo(10_000);
    period.push(Float32Array.of(1, 1));
    period.again('it was not steady');
    expect(kept).toEqual([[11, 11 / 40], 'it was not steady']);
    expect(period.progress).toBe(0);
  });

  test('says in its package which recording it was learned from', async () => {
    const { dataDir, period } = learning({ recording: 'monday.csv' });
    const { directory } = await period.finish();
    expect(readFileSync(join(directory, 'model.json'), 'utf8')).toContain('from the recording monday.csv');
    expect(readdirSync(join(dataDir, 'models', 'pump')).sort()).toEqual(
      ['active', directory.slice(-64)].sort(),
    );
  });
});
