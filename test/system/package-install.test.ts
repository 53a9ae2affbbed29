import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { buildDeb, commitEpochS, packDeb } from '../../deploy/deb/build.ts';
import { run } from '../../deploy/deb/run.ts';
import { targetOf } from '../../deploy/deb/target.ts';
import { Chroot } from '../support/chroot.ts';
import { Containers } from '../support/container.ts';
import { needsCommand } from '../support/needs.ts';
import { root } from '../support/source-tree.ts';
import { timed } from '../support/timed.ts';

const MINUTES_10 = 600_000;
const isNightly = process.env['FIELDNOTE_NIGHTLY'] === '1';

const canInstall = [
  needsCommand('dh', 'debhelper'),
  needsCommand('mmdebstrap'),
  needsCommand('buildah'),
].every(Boolean);

function sha256Of(path: string): string {
  return run('sha256sum', [path]).slice(0, 64);
}

describe.runIf(canInstall)('the package for amd64 on a Debian of its own', () => {
  const store = '/var/lib/fieldnote/fieldnote.db';
  const folder = join(root, 'build/chroot');
  const storage = join(root, 'build/containers');
  const containers = new Containers(storage);
  const options = { target: targetOf('amd64'), compression: 'zstd', epochS: commitEpochS() } as const;
  let deb = '';
  let debian: Chroot;

  beforeAll(() => {
    deb = timed('the package for amd64', () => buildDeb(options));
    debian = timed('a Debian', () => new Chroot(folder));
    timed('the base of a container', () => containers.importBase(folder));
    cpSync(deb, join(folder, 'fieldnote.deb'));
    cpSync(newerThan(deb), join(folder, 'newer.deb'));
    debian.run('apt-get', 'install', '--yes', '/fieldnote.deb');
    return () => {
      for (const path of [folder, storage]) rmSync(path, { recursive: true, force: true });
    };
  }, MINUTES_10);

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

  test(
    `is the same, bit for bit, when it is ${isNightly ? 'built' : 'packed'} again, elsewhere and at another time`,
    () => {
      const first = sha256Of(deb);
      const folder = mkdtempSync(join(tmpdir(), 'fieldnote-again-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      onTestFinished(() => void vi.unstubAllEnvs());
      run('cp', ['-r', '--preserve=mode', join(root, 'build/deb/amd64/fieldnote'), folder]);
      run('find', [folder, '-exec', 'touch', '--no-dereference', '--date=2031-05-05', '{}', '+']);
      vi.stubEnv('TZ', 'Pacific/Apia').stubEnv('LC_ALL', 'C.UTF-8');
      const again = () => (isNightly ? buildDeb(options) : packDeb(join(folder, 'fieldnote'), options));
      expect(sha256Of(timed('the same again', again))).toBe(first);
    },
    MINUTES_10,
  );

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

  test('has a unit that older systemd reads too, but for the keys that its drop-in makes up for', () => {
    const dropIn = '/etc/systemd/system/fieldnote.service.d/jetpack6.conf';
    run('install', ['-Dm644', join(root, 'deploy/systemd/jetpack6.conf'), join(folder, dropIn)]);
    const verified = debian.shell('systemd-analyze verify --man=no fieldnote.service 2>&1');
    const unknown = [...verified.matchAll(/Unknown key '(\w+)'/g)].map(([, key]) => key);
    expect(unknown).toEqual(['RestartSteps', 'RestartMaxDelaySec', 'ImportCredential']);
    expect(verified.trim().split('\n')).toHaveLength(unknown.length);
  });

  test('has units of the updater that older systemd reads too', () => {
    const units = ['fieldnote-update.service', 'fieldnote-update.path', 'fieldnote-update-recover.service'];
    const verified = debian.shell(`systemd-analyze verify --man=no ${units.join(' ')} 2>&1`);
    expect(verified.split('\n').filter((line) => line.includes('fieldnote-update'))).toEqual([]);
  });

  test(
    'makes a container that runs as nobody in particular, and whose configuration is a good one',
    () => {
      timed('the container', () => containers.build('fieldnote', { ARCH: 'amd64' }));
      const entry = '/usr/bin/fieldnote';
      expect(containers.settingsOf('fieldnote')).toMatchObject({
        ...{ User: 'fieldnote', Entrypoint: [entry], Volumes: { '/var/lib/fieldnote': {} } },
        Cmd: ['run', '--config', '/etc/fieldnote/fieldnote.yaml'],
      });
      const container = containers.create('fieldnote');
      expect(containers.run(container, 'id')).toMatch(/^uid=\d+\(fieldnote\) .*\(dialout\)/);
      expect(containers.run(container, entry, '--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
      expect(containers.run(container, entry, 'check', '/etc/fieldnote/fieldnote.yaml')).toContain('is good');
    },
    MINUTES_10,
  );

  test('starts the agent of the release in use, and its own where there is none', () => {
    const releases = '/var/lib/fieldnote-releases';
    const node = `${releases}/5/agent/bin/node`;
    expect(debian.shell(`ls ${releases}`)).toBe('incoming\n');
    debian.shell(`mkdir -p ${releases}/4/agent ${releases}/5/agent/bin ${releases}/5/models`);
    debian.write(`${releases}/5/models/kept`, '');
    debian.write(node, '#!/bin/sh\necho "$@"\n', 0o755);
    debian.shell(`ln -s 5 ${releases}/current`);
    const main = `${releases}/current/agent/dist/cli/main.js`;
    expect(debian.run('fieldnote', '--version')).toBe(`${main} --version\n`);
    const arguments_ = `${main} run --config /etc/fieldnote/fieldnote.yaml`;
    expect(debian.run('/usr/lib/fieldnote/start')).toContain(arguments_);
    debian.shell(`chmod 644 ${node}`);
    expect(debian.run('fieldnote', '--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    debian.shell(`chmod 755 ${node}`);
  });

  test('keeps configuration and data when a newer one is installed, and puts the agents of updates aside', () => {
    debian.shell(
      'echo "# mine" >> /etc/fieldnote/fieldnote.yaml; mkdir -p /var/lib/fieldnote; echo kept > /var/lib/fieldnote/kept',
    );
    debian.run('dpkg', '-i', '/newer.deb');
    const releases = debian.shell('cd /var/lib/fieldnote-releases; find [0-9]* | sort');
    expect(releases).toBe('4\n5\n5/models\n5/models/kept\n');
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
