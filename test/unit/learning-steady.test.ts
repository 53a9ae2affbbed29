import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { LearningPeriod } from '../../src/learning.ts';
import { systemClock } from '../../src/system/clock.ts';
import { noise } from '../support/made-learning.ts';

const NEEDED_ROWS = 400;

const folder = await mkdtemp(join(tmpdir(), 'fieldnote-learning-'));
afterAll(() => rm(folder, { recursive: true }));

const config = configSchema.parse({
  site: 'plant',
  node: 'skid1',
  sources: { mcu: { link: { type: 'unix', path: '/run/mcu' } } },
  assets: {
    pump: {
      channels: { flow: { from: 'mcu.flow', unit: 'L/min' }, current: { from: 'mcu.current', unit: 'A' } },
      learn: { for: `${NEEDED_ROWS}s` },
    },
  },
}).assets['pump'];

/** A period, and the rows that would survive a restart. */
function newPeriod() {
  if (config?.channels === undefined) throw new Error('the asset has no channels');
  const kept: Float32Array[] = [];
  const period = new LearningPeriod({
    asset: 'pump',
    config: { ...config, channels: config.channels },
    dataDir: folder,
    clock: systemClock(() => 0),
    keeper: {
      append: (rows) => kept.push(...rows),
      clear: () => {
        kept.length = 0;
      },
      settled: async () => undefined,
    },
    restored: [],
  });
  return { period, kept };
}

const calm = (row: number) => Float32Array.of(30 + noise(row, 0), 4 + noise(row, 1) / 10);
const stopped = (row: number) => Float32Array.of(0, row % 2);

describe('a learning period that was not steady', () => {
  test('makes a package of a steady time, and keeps no rows then', async () => {
    const { period, kept } = newPeriod();
    for (let row = 0; row < NEEDED_ROWS; row++) period.push(calm(row));
    const { directory } = await period.finish();
    expect((await readdir(directory)).sort()).toEqual(['model.json', 'model.onnx']);
    expect(kept).toEqual([]);
  });

  test('goes on after an unsteady time with what came after it', async () => {
    const { period, kept } = newPeriod();
    for (let row = 0; row < NEEDED_ROWS; row++)
      period.push(row >= 80 && row < 100 ? stopped(row) : calm(row));
    await expect(period.finish()).rejects.toMatchObject({ code: 'LEARN_UNSTEADY' });
    period.again();
    expect(period.progress).toBeGreaterThan(0.6);
    expect(period.progress).toBeLessThan(0.76);
    expect(kept.length).toBe(Math.round(period.progress * NEEDED_ROWS));
    for (let row = NEEDED_ROWS; period.progress < 1; row++) period.push(calm(row));
    await expect(period.finish()).resolves.toBeDefined();
  });

  test('begins anew when nothing of it can be used', async () => {
    const { period, kept } = newPeriod();
    for (let row = 0; row < 2 * NEEDED_ROWS; row++) period.push(Float32Array.of(Number.NaN, Number.NaN));
    await expect(period.finish()).rejects.toMatchObject({ code: 'LEARN_UNSTEADY' });
    period.again();
    expect(period.progress).toBe(0);
    expect(kept).toEqual([]);
  });
});
