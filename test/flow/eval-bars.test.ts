import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { newFolder } from '../support/daemon.ts';
import { writeSkabFile } from '../support/made-benchmarks.ts';

const MAIN = join(import.meta.dirname, '../../eval/main.ts');
const TIMEOUT_MS = 60_000;

/** `npm run eval -- …` */
async function evaluate(...line: string[]) {
  const child = spawn(process.execPath, [MAIN, ...line], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode: child.exitCode, stdout, stderr };
}

describe.concurrent('npm run eval', () => {
  test('says of each bar what it needs where the recordings are missing', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { exitCode, stdout } = await evaluate('--data', '/nowhere', 'tep', '--check');
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n').filter((line) => line.startsWith('| TEP'));
    expect(lines.length).toBe(2);
    for (const line of lines) expect(line).toMatch(/not measured: needs \/nowhere\/tep/);
  });

  test.for([
    { isLabelled: true, options: ['--check'], exitCode: 0, result: 'reached' },
    { isLabelled: false, options: ['--check'], exitCode: 1, result: 'below the bar' },
    { isLabelled: false, options: [], exitCode: 0, result: 'below the bar' },
  ])(
    'shows what is measured, and with --check fails below a bar: %o',
    {
      timeout: TIMEOUT_MS,
    },
    async ({ isLabelled, options, exitCode, result }) => {
      await using folder = await newFolder();
      writeSkabFile(folder.path, 'skab/one.csv', { isLabelled });
      const outcome = await evaluate('--data', folder.path, 'skab', ...options);
      expect(outcome.stdout).toMatch(new RegExp(`^\\| SKAB outliers, F1 .*\\| ${result} +\\|`, 'm'));
      expect(outcome.exitCode).toBe(exitCode);
    },
  );

  test('gives the scores of altered copies as JSON', { timeout: TIMEOUT_MS }, async () => {
    await using folder = await newFolder();
    writeSkabFile(folder.path, 'skab/one.csv');
    const { exitCode, stdout } = await evaluate('--data', folder.path, 'altered', '--json');
    expect(exitCode).toBe(0);
    const { bars, altered } = JSON.parse(stdout);
    expect(bars).toEqual([]);
    const f1s = altered.map(({ figures }: { figures: number[] }) => figures[0]);
    expect(f1s.length).toBe(6);
    for (const f1 of f1s) expect(f1).toBeGreaterThan(0.8);
  });

  test('measures the learned model beside one that does nothing', { timeout: TIMEOUT_MS }, async () => {
    const { exitCode, stdout } = await evaluate('cost');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^\| learned model, one window +\| +[\d.]+ µs \|.* times the .* that does nothing/m,
    );
    expect(stdout).toMatch(/^\| learned model, package .*\| reached +\|/m);
  });
});
