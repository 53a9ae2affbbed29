import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Runs one suite and says in one line what came of it. `unit` needs nothing but npm; `system` starts real brokers,
 * pseudo-terminals and programs from Debian packages and PyPI, which the scripts test/system/install*.sh bring.
 * The counts go to build/<suite>-counts.json, from which .ci/run prints its closing line.
 */
const SUITES = {
  unit: {
    install: [],
    workers: [],
    folders: [
      'test/tidy.test.ts',
      'test/unit',
      'test/flow',
      'test/fuzz',
      'test/crash',
      'firmware-bridge/test/tools.test.ts',
    ],
  },
  system: {
    install: [
      'test/system/install.sh',
      'test/system/install-python.sh',
      'test/system/install-npm.sh',
      'test/system/install-stock-model.sh',
      'test/system/install-qemu-user.sh',
    ],
    folders: ['test/system'],
    // Emulated boards and compilers need the machine for themselves.
    workers: ['--maxWorkers=1'],
  },
} as const;

interface Counts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
}

const root = join(import.meta.dirname, '..');
const suite = process.argv[2] as keyof typeof SUITES;
if (!(suite in SUITES)) {
  console.error(`usage: node test/run.ts ${Object.keys(SUITES).join('|')}`);
  process.exit(2);
}
process.exit(runSuite(suite));

function runSuite(name: keyof typeof SUITES): number {
  const { install, folders, workers } = SUITES[name];
  const isCi = process.env['CI'] === 'true';
  for (const script of install) {
    if (run('sh', [script]) !== 0 && isCi) return 1;
  }
  if (name === 'unit' && run('npm', ['run', '--silent', 'check']) !== 0) return 1;

  mkdirSync(join(root, 'build'), { recursive: true });
  const report = join(root, `build/${name}.json`);
  writeFileSync(report, '{}');
  const status = run('vitest', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...workers,
    ...folders,
  ]);
  const counts = JSON.parse(readFileSync(report, 'utf8')) as Partial<Counts>;
  const passed = counts.numPassedTests ?? 0;
  // A file that fails to load has no tests to count; it must not look like success.
  const failed = Math.max(counts.numFailedTests ?? 0, status === 0 ? 0 : 1);
  const skipped = counts.numPendingTests ?? 0;
  writeFileSync(join(root, `build/${name}-counts.json`), JSON.stringify({ passed, failed, skipped }));
  console.log(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (skipped > 0 && isCi && name === 'system') console.error('in CI a skipped system test is a failure');
  return failed > 0 || (skipped > 0 && isCi && name === 'system') ? 1 : 0;
}

function run(command: string, args: readonly string[]): number {
  return spawnSync(command, args, { stdio: 'inherit', cwd: root }).status ?? 1;
}
