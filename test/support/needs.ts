import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './source-tree.ts';

/** Recorded data sets beside the checkout; read, never copied. */
const SHARED_DATA = join(import.meta.dirname, '../../../shared/data');

const isCI = process.env['CI'] === 'true';

/**
 * Whether a program is installed, for `describe.runIf(needsCommand('socat'))`. Says why its tests are skipped;
 * in CI nothing is skipped, so there it throws.
 * @param debianPackage what to install, when it is not called like the program
 */
export function needsCommand(name: string, debianPackage = name): boolean {
  const isInstalled = spawnSync('sh', ['-c', 'command -v "$0"', name]).status === 0;
  return isInstalled || missing(`${name} (apt-get install ${debianPackage})`, isCI);
}

/**
 * Whether a file or folder of the shared data is there. A clone without the shared data skips, everywhere; in CI
 * a missing file of data that is there is an error.
 * @param path relative to the shared data
 */
export function needsShared(path: string): boolean {
  return existsSync(sharedPath(path)) || missing(sharedPath(path), isCI && existsSync(SHARED_DATA));
}

/**
 * Whether what one of the scripts test/system/install*.sh makes is there.
 * @param path relative to the repository
 */
export function needsInstalled(path: string): boolean {
  return existsSync(join(root, path)) || missing(`${path} (npm run test:system brings it)`, isCI);
}

export function sharedPath(path: string): string {
  return join(SHARED_DATA, path);
}

function missing(what: string, isFatal: boolean): false {
  if (isFatal) throw new Error(`These tests need ${what}`);
  console.warn(`Skipped: these tests need ${what}`);
  return false;
}
