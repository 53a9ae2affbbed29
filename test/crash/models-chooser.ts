import { rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  activateModel,
  approveModel,
  installModel,
  modelsFolder,
  proposeModel,
  rollBackModel,
} from '../../src/models/active.ts';

/**
 * Installs two packages and chooses between them without pause until it is killed; says so once one was chosen. To show
 * that the test would notice, it chooses `carelessly`: the old choice goes before the new one is there.
 */
const [dataDir = '', first = '', second = '', how = 'well'] = process.argv.slice(2);

async function activate(sha256: string): Promise<void> {
  if (how === 'well') return activateModel(dataDir, 'pump', sha256);
  const path = join(modelsFolder(dataDir, 'pump'), 'active');
  rmSync(path, { force: true });
  await sleep(20);
  writeFileSync(path, sha256);
}

for (;;) {
  const one = await installModel(dataDir, 'pump', first);
  await activate(one);
  writeSync(1, 'chosen\n');
  const other = await installModel(dataDir, 'pump', second);
  await activate(other);
  if (how !== 'well') continue;
  await rollBackModel(dataDir, 'pump');
  await proposeModel(dataDir, 'pump', other);
  await approveModel(dataDir, 'pump');
}
