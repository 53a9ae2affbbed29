import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The serial ports of this machine, of every kind, from the kernel's own folders: no program is started for it, and none
 * is forgotten because nobody has written its name into a list (ttyTHS of a Jetson, ttymxc, ttyAMA).
 */

/** Folders of the kernel and of udev; a test has its own. */
export interface SystemFolders {
  readonly sys: string;
  readonly dev: string;
  readonly proc: string;
}

export const SYSTEM_FOLDERS: SystemFolders = { sys: '/sys', dev: '/dev', proc: '/proc' };

export interface UsbIdentity {
  readonly vendorId: string;
  readonly productId: string;
  readonly manufacturer: string | undefined;
  readonly product: string | undefined;
  readonly serial: string | undefined;
}

export interface Holder {
  /** Undefined for the kernel, which writes its console there. */
  readonly pid: number | undefined;
  readonly command: string;
}

export interface SerialPortInfo {
  /** Such as /dev/ttyUSB0. */
  readonly path: string;
  /** The name to configure: by identity, else by the place it is plugged in at, else the path. */
  readonly bestPath: string;
  readonly driver: string | undefined;
  readonly usb: UsbIdentity | undefined;
  readonly heldBy: readonly Holder[];
}

/** Ports without hardware behind them that are ports all the same: USB gadget, Bluetooth. */
const WITHOUT_DEVICE = /^(?:ttyGS|rfcomm)\d+$/;
/** How far up a port's hub or adapter is looked for. */
const PARENTS_MAX = 8;
const EMPTY_SLOT = '0';

/** In the order of their names. Empty slots of a 8250 (type 0) are none. */
export function serialPorts(folders: SystemFolders = SYSTEM_FOLDERS): SerialPortInfo[] {
  const ttys = join(folders.sys, 'class/tty');
  const names = list(ttys).filter((name) => {
    const isPort = list(join(ttys, name)).includes('device') || WITHOUT_DEVICE.test(name);
    return isPort && text(join(ttys, name, 'type')) !== EMPTY_SLOT;
  });
  const order = new Intl.Collator('en', { numeric: true });
  return names.sort(order.compare).map((name) => portOf(name, folders));
}

function portOf(name: string, folders: SystemFolders): SerialPortInfo {
  const path = join(folders.dev, name);
  const device = join(folders.sys, 'class/tty', name, 'device');
  const driver = attempt(() => basename(realpathSync(join(device, 'driver'))));
  return {
    path,
    bestPath: bestPathOf(path, folders),
    driver,
    usb: usbOf(device),
    heldBy: holdersOf(path, folders),
  };
}

function bestPathOf(path: string, { dev }: SystemFolders): string {
  const folders = ['serial/by-id', 'serial/by-path'].map((folder) => join(dev, folder));
  const links = folders.flatMap((folder) => list(folder).map((link) => join(folder, link)));
  return links.find((link) => attempt(() => realpathSync(link)) === path) ?? path;
}

/** The identity of the USB device that a port belongs to, some folders above it. */
function usbOf(device: string): UsbIdentity | undefined {
  let folder = attempt(() => realpathSync(device));
  for (let up = 0; folder !== undefined && up < PARENTS_MAX; up++, folder = dirname(folder)) {
    const vendorId = text(join(folder, 'idVendor'));
    const productId = text(join(folder, 'idProduct'));
    if (vendorId === undefined || productId === undefined) continue;
    const told = (file: string) => text(join(folder as string, file));
    return {
      vendorId,
      productId,
      manufacturer: told('manufacturer'),
      product: told('product'),
      serial: told('serial'),
    };
  }
  return undefined;
}

/** Programs that have it open or locked, as far as this user may see them, and the kernel where it is its console. */
export function holdersOf(path: string, folders: SystemFolders = SYSTEM_FOLDERS): Holder[] {
  const target = attempt(() => realpathSync(path)) ?? path;
  const isConsole = text(join(folders.proc, 'consoles'))
    ?.split('\n')
    .some((line) => line.split(' ')[0] === basename(target));
  const pids = new Set([...openers(target, folders), ...lockers(target, folders)]);
  const programs = [...pids].filter((pid) => pid !== process.pid).sort((a, b) => a - b);
  return [
    ...(isConsole === true ? [{ pid: undefined, command: 'console of the kernel' }] : []),
    ...programs.map((pid) => ({ pid, command: text(join(folders.proc, String(pid), 'comm')) ?? '?' })),
  ];
}

/** Whose descriptors lead to it. Those of other users are seen by root alone. */
function openers(target: string, { proc }: SystemFolders): number[] {
  const pids = list(proc).filter((name) => /^\d+$/.test(name));
  const holds = (pid: string) => {
    const folder = join(proc, pid, 'fd');
    return list(folder).some(
      (descriptor) => attempt(() => readlinkSync(join(folder, descriptor))) === target,
    );
  };
  return pids.filter(holds).map(Number);
}

/** Locks everybody may see: flock in /proc/locks, by the number of the file; and UUCP's files with the number of a process. */
function lockers(target: string, { proc, dev }: SystemFolders): number[] {
  const file = attempt(() => statSync(target));
  const isIt = (major: string, minor: string, inode: string) =>
    file !== undefined &&
    Number.parseInt(major, 16) === ((file.dev >>> 8) & 0xfff) &&
    Number.parseInt(minor, 16) === ((file.dev & 0xff) | ((file.dev >>> 12) & 0xfff00)) &&
    Number(inode) === file.ino;
  const locks = (text(join(proc, 'locks')) ?? '').split('\n').flatMap((line) => {
    const [, pid = '', major = '', minor = '', inode = ''] =
      /^\d+: \S+ +\S+ +\S+ +(\d+) (\w+):(\w+):(\d+) /.exec(line) ?? [];
    return isIt(major, minor, inode) ? [Number(pid)] : [];
  });
  const uucp = text(join(dirname(dev), 'var/lock', `LCK..${basename(target)}`));
  const locker = Number(uucp?.trim());
  const isAlive = locker > 0 && list(join(proc, String(locker))).length > 0;
  return isAlive ? [...locks, locker] : locks;
}

function text(path: string): string | undefined {
  return attempt(() => readFileSync(path, 'utf8').trim());
}

function list(folder: string): string[] {
  return attempt(() => readdirSync(folder)) ?? [];
}

/** What vanishes while it is looked at, or may not be looked at, is not there. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
