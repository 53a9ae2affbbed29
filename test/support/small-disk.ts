import { spawnSync } from 'node:child_process';

/** Whether this user may mount, in a namespace of his own. */
export const canMount =
  spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0 ||
  unmountable('these tests mount a small disk, which this user may not');

/**
 * Runs a Node program that finds a disk of its own at `folder`, gone afterwards.
 * @param mountOptions of tmpfs, such as `size=4m`
 * @param program path and arguments
 */
export function runOnSmallDisk(folder: string, mountOptions: string, ...program: string[]) {
  const script = 'mount -t tmpfs -o "$2" none "$1" && shift 2 && exec "$@"';
  const command = ['-rm', 'sh', '-c', script, 'sh', folder, mountOptions, process.execPath, ...program];
  return spawnSync('unshare', command, { encoding: 'utf8' });
}

function unmountable(why: string): false {
  console.warn(`Skipped: ${why}`);
  return false;
}
