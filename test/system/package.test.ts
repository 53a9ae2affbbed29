import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { buildDeb, commitEpochS } from '../../deploy/deb/build.ts';
import { run } from '../../deploy/deb/run.ts';
import { targetOf } from '../../deploy/deb/target.ts';
import { needsCommand, needsInstalled } from '../support/needs.ts';
import { root } from '../support/source-tree.ts';
import { timed } from '../support/timed.ts';

const PACKAGE_MB_MAX = 60;
const INSTALLED_MB_MAX = 170;
/** Tenths: systemd-analyze says 1.4. The updater is root, and may read the bundles that belong to the agent. */
const EXPOSURE_MAX: [name: string, max: number][] = [
  ['fieldnote', 14],
  ['fieldnote-update-recover', 14],
  ['fieldnote-update', 15],
];
const MINUTES_10 = 600_000;

const canBuild = [
  needsCommand('dh', 'debhelper'),
  needsCommand('aarch64-linux-gnu-gcc', 'gcc-aarch64-linux-gnu'),
  needsCommand('lintian'),
  needsCommand('file'),
  needsInstalled('build/qemu-user/usr/bin/qemu-aarch64'),
].every(Boolean);

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fieldnote-package-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe.runIf(canBuild)('the package for arm64, built on another processor', () => {
  const laidOut = join(root, 'build/deb/arm64/fieldnote/app');
  let deb = '';

  beforeAll(() => {
    const options = { target: targetOf('arm64'), compression: 'xz', epochS: commitEpochS() } as const;
    deb = timed('the package for arm64', () => buildDeb(options));
  }, MINUTES_10);

  test(`is ${PACKAGE_MB_MAX} MB at most, and ${INSTALLED_MB_MAX} MB when it is installed`, () => {
    const packageMB = statSync(deb).size / 1e6;
    const installedMB = (Number(run('dpkg-deb', ['--field', deb, 'Installed-Size'])) * 1024) / 1e6;
    console.log(`arm64: ${packageMB.toFixed(1)} MB, ${installedMB.toFixed(1)} MB installed`);
    expect(packageMB).toBeLessThan(PACKAGE_MB_MAX);
    expect(installedMB).toBeLessThan(INSTALLED_MB_MAX);
  });

  test(
    'is what lintian wants, but for the overrides that say why',
    () => {
      const args = ['--no-cfg', '--allow-root', '--fail-on', 'error,warning', deb];
      expect(timed('lintian', () => run('lintian', args)).trim()).toBe('');
    },
    MINUTES_10,
  );

  test('holds native files of its processor alone', () => {
    const script = String.raw`find . -type f \( -name '*.node' -o -name '*.so*' -o -path ./bin/node \) -exec file {} + `;
    const files = run('sh', ['-c', script], { cwd: laidOut }).trim().split('\n');
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter((line) => !line.includes('ARM aarch64'))).toEqual([]);
  });

  test(
    'runs every native part on an emulated arm64',
    () => {
      const emulator = join(root, 'build/qemu-user/usr/bin/qemu-aarch64');
      const emulated = ['-cpu', 'cortex-a72', '-L', '/usr/aarch64-linux-gnu', join(laidOut, 'bin/node')];
      const smoke = join(root, 'test/support/package-smoke.js');
      const args = [...emulated, smoke, laidOut, newFolder()];
      const said = JSON.parse(timed('arm64 under emulation', () => run(emulator, args)));
      console.log(said);
      expect(said).toEqual({
        ...{ node: expect.stringMatching(/^v24\./), arch: 'arm64', boot: 1, pending: 0 },
        ...{ differences: [], mqtt: 'function', notified: -1 },
        serial: expect.stringContaining('Inappropriate ioctl'),
      });
    },
    MINUTES_10,
  );

  test('has a manual page without faults that names every command', () => {
    const page = join(root, 'build/deb/arm64/fieldnote/fieldnote.8');
    const shown = run('sh', ['-c', 'man -l -Tutf8 "$0" | col -b', page]);
    expect(shown).toContain('fieldnote models activate');
    expect(run('sh', ['-c', 'man --warnings -l -Tutf8 "$0" 2>&1 >/dev/null', page])).toBe('');
  });
});

describe.runIf(needsCommand('systemd-analyze', 'systemd'))('the unit', () => {
  test.each(EXPOSURE_MAX)('%s is exposed by %d tenths at most', (name, max) => {
    const unit = join(root, 'deploy/systemd', `${name}.service`);
    const gate = (threshold: number) =>
      run('systemd-analyze', ['security', '--offline=true', `--threshold=${threshold}`, unit]);
    console.log(gate(max).trim().split('\n').at(-1));
    // The gate does close.
    expect(() => gate(5)).toThrow(/Overall exposure/);
  });
});
