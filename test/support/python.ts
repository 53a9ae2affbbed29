import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './source-tree.ts';

/** Debian's own Python: the one that sees Debian's packages, whatever else is in the PATH. */
export const DEBIAN_PYTHON = '/usr/bin/python3';

/** With what docs/examples/requirements.txt lists; test/system/install-python.sh makes it. */
export const PINNED_PYTHON = join(root, 'build/python/bin/python');

/** Whether a Python has a module, for `describe.runIf`. Says why its tests are skipped; in CI it throws. */
export function needsModule(python: string, module: string): boolean {
  if (existsSync(python) && spawnSync(python, ['-c', `import ${module}`]).status === 0) return true;
  const what = `${module} in ${python} (npm run test:system installs it)`;
  if (process.env['CI'] === 'true') throw new Error(`These tests need ${what}`);
  console.warn(`Skipped: these tests need ${what}`);
  return false;
}

/**
 * Runs a program of the repository to its end.
 * @returns how long it took
 * @throws Error with what it printed, when it fails
 */
export function runPython(python: string, script: string, ...commandLine: readonly string[]): number {
  const startMs = performance.now();
  const { status, stderr } = spawnSync(python, [join(root, script), ...commandLine], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script} ended with ${status}:\n${stderr}`);
  return performance.now() - startMs;
}
