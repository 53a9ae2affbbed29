import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deviceIdOf } from '../../src/system/device-id.ts';
import { temporaryFolder } from '../support/store-samples.ts';

interface Device {
  readonly machine: string;
  readonly board: string;
  readonly card: string;
}

const device: Device = { machine: 'a1b2', board: '100000001234abcd\0', card: '1b534d454231515430' };

/** The identity of a device whose data folder lies on a partition of its card. */
function idOf({ machine, board, card }: Device, folder?: string): string | undefined {
  const root = temporaryFolder();
  const { dev } = statSync(root);
  const write = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  if (machine !== '') write('etc/machine-id', `${machine}\n`);
  if (board !== '') write('proc/device-tree/serial-number', board);
  if (card !== '') write('sys/devices/mmcblk0/device/cid', `${card}\n`);
  mkdirSync(join(root, 'sys/devices/mmcblk0/mmcblk0p2'), { recursive: true });
  mkdirSync(join(root, 'sys/dev/block'), { recursive: true });
  const number = `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
  symlinkSync('../../devices/mmcblk0/mmcblk0p2', join(root, 'sys/dev/block', number));
  return deviceIdOf(folder ?? root, root);
}

test('is the same each time, whether the folder exists yet or not', () => {
  expect(idOf(device)).toMatch(/^[0-9a-f]{16}$/);
  expect(idOf(device)).toBe(idOf(device));
  expect(idOf(device, join(temporaryFolder(), 'not', 'yet'))).toBe(idOf(device));
});

test.for([
  ['a copied card in another board', { board: '10000000ffffffff' }],
  ['a copy on another card of the same board', { card: '035344534333324780' }],
  ['another installation', { machine: 'c3d4' }],
] as const)('is another one for %s', ([, change]) => {
  expect(idOf({ ...device, ...change })).not.toBe(idOf(device));
});

test('is not known where the system tells nothing', () => {
  expect(idOf({ machine: '', board: '', card: '' })).toBeUndefined();
});
