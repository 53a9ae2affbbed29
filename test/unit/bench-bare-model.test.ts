import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { bareModel } from '../../bench/bare-model.ts';
import { newFolder } from '../support/daemon.ts';
import { writeMadePackage } from '../support/made-models.ts';

async function packageOf(name: Parameters<typeof writeMadePackage>[1], folder: string, changes = {}) {
  return dirname(writeMadePackage(folder, name, changes).onnxPath);
}

test('runs a package, and beside it a model that takes the same and gives a constant', async () => {
  await using folder = await newFolder();
  const { run, runEmpty, window } = await bareModel(await packageOf('mean', folder.path));
  const scores = await Promise.all([run(), runEmpty()].map(async (run) => scoreOf(await run)));
  const mean = window.data.reduce((sum, value) => sum + value, 0) / window.data.length;
  expect(scores).toEqual([expect.closeTo(mean, 5), 0]);
});

test('gives a package its constants, from the middle of what it knows', async () => {
  await using folder = await newFolder();
  const constants = [{ name: 'gain', unit: '1', min: 2, max: 4 }];
  const scaled = await bareModel(await packageOf('scaled', folder.path, { constants }));
  const mean = scaled.window.data.reduce((sum, value) => sum + value, 0) / scaled.window.data.length;
  expect(scaled.window.constants).toEqual({ gain: 3 });
  expect(scoreOf(await scaled.run())).toBeCloseTo(3 * mean, 4);
  expect(scoreOf(await scaled.runEmpty())).toBe(0);
});

test('weighs the files of a package, not its recipe', async () => {
  await using folder = await newFolder();
  const directory = await packageOf('mean', folder.path);
  mkdirSync(join(directory, 'recipe'));
  writeFileSync(join(directory, 'recipe/train.py'), 'x'.repeat(100_000));
  const files = ['model.onnx', 'model.json'].map((name) => statSync(join(directory, name)).size);
  const { sizeBytes } = await bareModel(directory);
  expect(sizeBytes).toBe(files.reduce((sum, size) => sum + size));
});

function scoreOf(outputs: unknown): number | undefined {
  return (outputs as Record<string, Tensor>)['score']?.data[0] as number | undefined;
}
