import { cpSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { buildDeb, commitEpochS } from '../../deploy/deb/build.ts';
import { run } from '../../deploy/deb/run.ts';
import { TARGETS, type Target } from '../../deploy/deb/target.ts';
import { Chroot } from '../support/chroot.ts';
import { needsCommand, needsInstalled } from '../support/needs.ts';
import { root } from '../support/source-tree.ts';

const PACKAGE_MB_MAX = 60;
const INSTALLED_MB_MAX = 170;
/** Tenths: systemd-analyze says 1.4. */
const EXPOSURE_MAX = 14;
const MINUTES_5 = 300_000;

const canBuild = [
  needsCommand('dh', 'debhelper'),
  needsCommand('aarch64-linux-gnu-gcc', 'gcc-aarch64-linux-gnu'),
  needsCommand('lintian'),
  needsCommand('file'),
  needsCommand('mmdebstrap'),
  needsInstalled('build/qemu-user/usr/bin/qemu-aarch64'),
].every(Boolean);

function targetOf(debian: Target['debian']): Target {
  const target = TARGETS.find((one) => one.debian === debian);
  if (target === undefined) throw new Error(`no target ${debian}`);
  return target;
}

function sha256Of(path: string): string {
  return run('sha256sum', [path]).slice(0, 64);
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fieldnote-package-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe.runIf(canBuild)('the package for arm64, built on another processor', () => {
  const laidOut = join(root, 'build/deb/arm64/fieldnote/app');
  let deb = '';

  beforeAll(() => {
    deb = buildDeb({ target: targetOf('arm64'), compression: 'xz', epochS: commitEpochS() });
  }, MINUTES_5);

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
      expect(run('lintian', args).trim()).toBe('');
    },
    MINUTES_5,
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
      const begin = performance.now();
      const emulated = ['-cpu', 'cortex-a72', '-L', '/usr/aarch64-linux-gnu', join(laidOut, 'bin/node')];
      const smoke = join(root, 'test/support/package-smoke.js');
      const said = JSON.parse(run(emulator, [...emulated, smoke, laidOut, newFolder()]));
      console.log(`arm64 under emulation: ${((performance.now() - begin) / 1000).toFixed(1)} s`, said);
      expect(said).toEqual({
        ...{ node: expect.stringMatching(/^v24\./), arch: 'arm64', boot: 1, pending: 0 },
        ...{ differences: [], mqtt: 'function', notified: -1 },
        serial: expect.stringContaining('Inappropriate ioctl'),
      });
    },
    MINUTES_5,
  );

  test('has a manual page without faults that names every command', () => {
    const page = join(root, 'build/deb/arm64/fieldnote/fieldnote.8');
    const shown = run('sh', ['-c', 'man -l -Tutf8 "$0" | col -b', page]);
    expect(shown).toContain('fieldnote models activate');
    expect(run('sh', ['-c', 'man --warnings -l -Tutf8 "$0" 2>&1 >/dev/null', page])).toBe('');
  });
});

describe.runIf(needsCommand('systemd-analyze', 'systemd'))('the unit', () => {
  test('is exposed by 1.4 at most', () => {
    const unit = join(root, 'deploy/systemd/fieldnote.service');
    const gate = (threshold: number) =>
      run('systemd-analyze', ['security', '--offline=true', `--threshold=${threshold}`, unit]);
    console.log(gate(EXPOSURE_MAX).trim().split('\n').at(-1));
    // The gate does close.
    expect(() => gate(5)).toThrow(/Overall exposure/);
  });
});

describe.runIf(canBuild)('the package for amd64 on a Debian of its own', () => {
  const store = '/var/lib/fieldnote/fieldnote.db';
  const folder = join(root, 'build/chroot');
  let deb = '';
  let hashes: readonly string[] = [];
  let debian: Chroot;

  beforeAll(() => {
    const options = { target: targetOf('amd64'), compression: 'zstd', epochS: commitEpochS() } as const;
    const first = sha256Of(buildDeb(options));
    deb = buildDeb(options);
    hashes = [first, sha256Of(deb)];
    debian = new Chroot(folder);
    cpSync(deb, join(folder, 'fieldnote.deb'));
    cpSync(newerThan(deb), join(folder, 'newer.deb'));
    debian.run('dpkg', '-i', '/fieldnote.deb');
    return () => rmSync(folder, { recursive: true, force: true });
  }, MINUTES_5);

  /** The same with a higher number, that knows the schema of tomorrow. */
  function newerThan(path: string): string {
    const unpacked = newTree(path);
    run('sed', ['-i', 's/^Version: .*/Version: 99.0/', join(unpacked, 'DEBIAN/control')]);
    run('sed', ['-i', 's/^SCHEMA=.*/SCHEMA=99/', join(unpacked, 'DEBIAN/preinst')]);
    run('dpkg-deb', ['-Znone', '--build', '--root-owner-group', unpacked, join(root, 'build/newer.deb')]);
    rmSync(unpacked, { recursive: true, force: true });
    return join(root, 'build/newer.deb');
  }

  function newTree(path: string): string {
    const unpacked = mkdtempSync(join(tmpdir(), 'fieldnote-newer-'));
    run('dpkg-deb', ['--raw-extract', path, unpacked]);
    run('chmod', ['755', unpacked]);
    return unpacked;
  }

  function writeStore(schema: number, pragmas: string): void {
    const script = `const { DatabaseSync } = require('node:sqlite');
      const database = new DatabaseSync('${store}');
      database.exec("${pragmas}; CREATE TABLE IF NOT EXISTS t (x); PRAGMA user_version = ${schema}");
      process.kill(process.pid, 'SIGKILL');`;
    debian.shell(`rm -f ${store}*; mkdir -p /var/lib/fieldnote`);
    expect(() => debian.run('/usr/lib/fieldnote/bin/node', '-e', script)).toThrow();
  }

  test('is the same, bit for bit, when it is built twice', () => {
    expect(hashes[0]).toBe(hashes[1]);
  });

  test('brings its user, its names of ports and its service', () => {
    expect(debian.run('id', 'fieldnote')).toContain('dialout');
    expect(debian.shell('ls /etc/systemd/system/multi-user.target.wants')).toContain('fieldnote.service');
    const files = debian.shell('ls /lib/udev/rules.d /usr/lib/modules-load.d');
    expect(files).toContain('70-fieldnote.rules');
    expect(files).toContain('fieldnote.conf');
  });

  test('runs its command, and its configuration is a good one', () => {
    expect(debian.run('fieldnote', '--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(debian.run('fieldnote', 'check', '/etc/fieldnote/fieldnote.yaml')).toContain('is good');
  });

  test('keeps configuration and data when a newer one is installed', () => {
    debian.shell(
      'echo "# mine" >> /etc/fieldnote/fieldnote.yaml; mkdir -p /var/lib/fieldnote; echo kept > /var/lib/fieldnote/kept',
    );
    debian.run('dpkg', '-i', '/newer.deb');
    expect(debian.run('dpkg', '--status', 'fieldnote')).toContain('Version: 99.0');
    expect(debian.shell('tail -n 1 /etc/fieldnote/fieldnote.yaml; cat /var/lib/fieldnote/kept')).toBe(
      '# mine\nkept\n',
    );
  });

  test.each([
    ['in the file', 'PRAGMA journal_mode = DELETE'],
    ['in its log alone', 'PRAGMA page_size = 4096; CREATE TABLE first (x); PRAGMA journal_mode = WAL'],
  ])('refuses to replace a newer one whose store it cannot read: the schema stands %s', (_, pragmas) => {
    writeStore(99, pragmas);
    expect(() => debian.run('dpkg', '-i', '/fieldnote.deb')).toThrow(
      /newer Fieldnote \(schema 99; this version knows/,
    );
    const status = debian.run('dpkg', '--status', 'fieldnote');
    expect(status).toContain('Version: 99.0');
    expect(status).toContain('Status: install ok installed');
  });

  test('replaces a newer one whose store it can read', () => {
    writeStore(1, 'PRAGMA journal_mode = DELETE');
    debian.run('dpkg', '-i', '/fieldnote.deb');
    const status = debian.run('dpkg', '--status', 'fieldnote');
    expect(status).not.toContain('Version: 99.0');
    expect(status).toContain('Status: install ok installed');
  });

  test('leaves nothing when it is purged', () => {
    debian.shell('mkdir -p /etc/credstore; echo secret > /etc/credstore/fieldnote.password');
    debian.run('dpkg', '--purge', 'fieldnote');
    const left = debian.shell(
      "find / -xdev \\( -name '*fieldnote*' -o -user 999 \\) ! -path '/fieldnote.deb' ! -path '/proc/*' ! -path '/var/lib/dpkg/*' ! -path '/var/log/*'",
    );
    expect(left).toBe('');
    expect(readFileSync(join(folder, 'etc/passwd'), 'utf8')).not.toContain('fieldnote');
    expect(readFileSync(join(folder, 'etc/group'), 'utf8')).not.toContain('fieldnote');
  });
});
