import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { needsCommand } from '../support/needs.ts';
import { canMount } from '../support/small-disk.ts';
import { root } from '../support/source-tree.ts';
import { temporaryFolder } from '../support/store-samples.ts';
import { bundleOf } from '../support/update-line.ts';

const MIB = 1024 * 1024;

/**
 * Runs the real script in a mount namespace. A stand-in for `mount` shows a folder in place of the stick, read-only as
 * asked, because a kernel for tests may know neither FAT nor block devices: those are for a machine that is booted.
 * @returns what it said, and afterwards the folder of the updater with the sizes of its files
 */
function plugIn(stick: string, { diskMiB = 200, state = '' } = {}) {
  const folder = temporaryFolder();
  const asked = join(folder, 'asked');
  writeFileSync(
    join(folder, 'mount'),
    `#!/bin/sh\necho "$@" > ${asked}\n/bin/mount --bind ${stick} "$6" && /bin/mount -o remount,bind,ro "$6"\n`,
  );
  chmodSync(join(folder, 'mount'), 0o755);
  const script = [
    `mount -t tmpfs -o size=${diskMiB}m none /var/lib`,
    'mkdir -p /var/lib/fieldnote-releases/incoming',
    state && `printf '%s' '${state}' > /var/lib/fieldnote-releases/state.json`,
    `PATH=${folder}:$PATH TMPDIR=${folder} sh ${join(root, 'deploy/deb/usb-update')} /dev/sdz1`,
    'echo "= $?"',
    "cd /var/lib/fieldnote-releases/incoming && find . -type f -printf '%f %s %m\\n' | sort",
    `cat ${asked}; find ${folder} -type d -mindepth 1`,
  ];
  const { stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', script.filter(Boolean).join('\n')], {
    encoding: 'utf8',
  });
  const [said = '', rest = ''] = stdout.split(/^= /m);
  const lines = rest.trim().split('\n');
  return { said: said + stderr, status: lines[0], files: lines.slice(1, -1), asked: lines.at(-1) };
}

function stickWith(files: Readonly<Record<string, Buffer | string>>): string {
  const stick = temporaryFolder();
  mkdirSync(join(stick, 'fieldnote'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(stick, name), content);
  return stick;
}

describe.runIf(canMount)('a stick', () => {
  const bundle = bundleOf(MIB);

  test('brings its bundles to the updater, under names of ours', () => {
    const stick = stickWith({ '$(reboot) ; a.update': bundle, 'fieldnote/b.update': bundle, 'c.txt': 'c' });
    const { said, status, files, asked } = plugIn(stick);
    expect([status, files]).toEqual([
      '0',
      [`usb-sdz1-1.update ${bundle.length} 644`, `usb-sdz1-2.update ${bundle.length} 644`],
    ]);
    expect(said).toContain('$(reboot) ; a.update: copied');
    expect(asked).toMatch(/^-t vfat,exfat -o ro,nosuid,nodev,noexec \/dev\/sdz1 /);
  });

  test('without bundles, or with links, folders and other files of that name, brings nothing', () => {
    const stick = stickWith({ 'fieldnote.yaml': 'site: x' });
    symlinkSync('/etc/shadow', join(stick, 'link.update'));
    mkdirSync(join(stick, 'folder.update'));
    const { said, status, files } = plugIn(stick);
    expect([status, files]).toEqual(['0', []]);
    expect(said).toContain('/dev/sdz1: nothing to take from it');
  });

  test('brings four bundles at most', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [`${name}.update`, bundle]);
    const { said, files } = plugIn(stickWith(Object.fromEntries(names)));
    expect(files).toHaveLength(4);
    expect(said.match(/left on the stick: a stick may bring 4/g)).toHaveLength(2);
  });

  test('with a bundle that is larger than any is left alone', () => {
    const stick = stickWith({ 'huge.update': '' });
    truncateSync(join(stick, 'huge.update'), 521 * MIB);
    const { said, files } = plugIn(stick, { diskMiB: 2000 });
    expect(files).toEqual([]);
    expect(said).toContain('no bundle has more than 520');
  });

  test('leaves the store its room', () => {
    const stick = stickWith({ 'a.update': bundleOf(8 * MIB) });
    const { said, files } = plugIn(stick, { diskMiB: 70 });
    expect(files).toEqual([]);
    expect(said).toMatch(/it has 9 MiB, and only \d+ MiB are free/);
  });

  test('that stays plugged in is not copied again at each start', () => {
    const stick = stickWith({ 'a.update': bundle });
    const withHighest = (highestSequence: number) =>
      plugIn(stick, { state: JSON.stringify({ highestSequence }, null, 2) });
    expect(withHighest(5).said).toContain('its sequence 5 was here already');
    expect(withHighest(5).files).toEqual([]);
    expect(withHighest(4).files).toHaveLength(1);
  });
});

describe.runIf(needsCommand('systemd-analyze', 'systemd'))('the unit for sticks', () => {
  const EXPOSURE_MAX = 15;

  test('is exposed by 1.5 at most, though it mounts', () => {
    const unit = join(root, 'deploy/systemd/fieldnote-usb-update@.service');
    const analyze = (threshold: number) =>
      spawnSync('systemd-analyze', ['security', '--offline=true', `--threshold=${threshold}`, unit], {
        encoding: 'utf8',
      });
    const { status, stdout } = analyze(EXPOSURE_MAX);
    console.log(stdout.trim().split('\n').at(-1));
    expect([status, analyze(5).status]).toEqual([0, 1]);
  });
});
