import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { listModels } from '../../src/models/active.ts';
import { writeMadePackage } from '../support/made-models.ts';

const KILLS = 15;

const root = mkdtempSync(join(tmpdir(), 'fieldnote-models-kill-'));
afterAll(() => rmSync(root, { recursive: true }));

const packages = (['good', 'mean'] as const).map((name) =>
  dirname(writeMadePackage(join(root, 'packages'), name).onnxPath),
);

/** Lets somebody choose between two models, kills that at a random moment, and returns what is left to judge by. */
async function leftAfterKill(dataDir: string, how: 'well' | 'carelessly') {
  const program = join(import.meta.dirname, 'models-chooser.ts');
  const child = spawn(process.execPath, [program, dataDir, ...packages, how], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  await sleep(Math.random() * 100);
  child.kill('SIGKILL');
  await closed;
  const models = await listModels(dataDir, 'pump');
  return {
    active: models.filter(({ isActive }) => isActive).length,
    faults: models.filter(({ fault }) => fault),
  };
}

test(`after ${KILLS} kill -9 there is a chosen model, and every package is whole`, async () => {
  const dataDir = mkdtempSync(join(root, 'data-'));
  for (let kill = 0; kill < KILLS; kill++)
    expect(await leftAfterKill(dataDir, 'well')).toEqual({ active: 1, faults: [] });
}, 120_000);

test('the same check notices a choice that goes before the next one is there', async () => {
  const dataDir = mkdtempSync(join(root, 'data-'));
  let withoutModel = 0;
  for (let kill = 0; kill < 20 && withoutModel === 0; kill++)
    if ((await leftAfterKill(dataDir, 'carelessly')).active === 0) withoutModel++;
  expect(withoutModel).toBe(1);
}, 120_000);
