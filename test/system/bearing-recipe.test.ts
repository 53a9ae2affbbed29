import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { Judge } from '../../src/judge/judge.ts';
import { readModelPackage } from '../../src/models/read-package.ts';
import { newFolder } from '../support/daemon.ts';
import { needsCommand } from '../support/needs.ts';
import { root } from '../support/source-tree.ts';

const exec = promisify(execFile);
const RECIPE = join(root, 'models/bearing/recipe');
/** Where the card says to put it. */
const VENV = join(root, 'build/recipe');
const INSTALL_MS = 300_000;
const TRAIN_MS = 240_000;
/** A fortieth of the recipe: seconds instead of minutes. */
const BURSTS = '1500';

async function installRequirements(): Promise<void> {
  if (existsSync(join(VENV, 'bin/python'))) return;
  await exec('python3', ['-m', 'venv', VENV]);
  await exec(join(VENV, 'bin/pip'), ['install', '--quiet', '-r', join(RECIPE, 'requirements.txt')]);
}

/** Runs the recipe on few bursts, in an environment as the card describes it. */
async function train(into: string) {
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const command = ['-B', join(RECIPE, 'train.py'), '--bursts', BURSTS, '--into', into];
  await exec(join(VENV, 'bin/python'), command, { env });
  return readModelPackage(into);
}

describe.runIf(needsCommand('python3'))('the recipe of the bearing classifier', () => {
  beforeAll(installRequirements, INSTALL_MS);

  test(
    'makes a package like the one that ships, which works, and the same one again',
    async () => {
      await using folder = await newFolder();
      const made = await train(join(folder.path, 'first'));
      const shipped = await readModelPackage(join(root, 'models/bearing'));
      const { sha256, provenance, ...format } = made.manifest;
      expect(shipped.manifest).toMatchObject(format);
      expect(provenance.figures['simulatedMacroF1']).toBeGreaterThan(0.6);

      await using parts = new AsyncDisposableStack();
      const judge = parts.adopt(newJudge(), (one) => one.stop());
      await judge.activate('bearing', made);
      expect((await train(join(folder.path, 'second'))).manifest.sha256).toBe(sha256);
    },
    TRAIN_MS,
  );
});

function newJudge(): Judge {
  const clock = { monoMs: () => performance.now() };
  return new Judge({ clock, random: () => 1, deadlineMs: 10_000, queueLengthMax: 1, onRestart() {} });
}
