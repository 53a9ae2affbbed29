import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Tells this device, with the disk that holds a folder, from others: 16 hex digits, or undefined when the system tells
 * nothing. A copied card brings everything along that is a file, so hardware counts too: the serial number of the board
 * (Documentation/devicetree, `serial-number`) and that of the card or disk (Documentation/ABI/testing/sysfs-block-device).
 * @param folder need not exist yet
 * @param root of /etc, /proc and /sys
 */
export function deviceIdOf(folder: string, root = '/'): string | undefined {
  const { dev } = statSync(existing(folder));
  // Numbers as glibc's gnu_dev_major and gnu_dev_minor take them apart.
  const number = `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
  const disk = ['device/cid', '../device/cid', 'device/serial', '../device/serial', 'wwid', '../wwid'];
  const parts = [
    read(join(root, 'etc/machine-id')),
    read(join(root, 'proc/device-tree/serial-number')),
    // By the kernel's path: the folder of a partition is a link into that of its disk.
    disk.map((file) => read(`${join(root, 'sys/dev/block', number)}/${file}`)).find((text) => text !== ''),
  ].map((part) => part ?? '');
  if (parts.every((part) => part === '')) return undefined;
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

function existing(folder: string): string {
  return statSync(folder, { throwIfNoEntry: false }) === undefined ? existing(dirname(folder)) : folder;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1').replaceAll('\0', '').trim();
  } catch {
    return '';
  }
}
