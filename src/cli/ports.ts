import type { FoundSources } from '../config/example.ts';
import {
  type SerialPortInfo,
  SYSTEM_FOLDERS,
  type SystemFolders,
  serialPorts,
} from '../link/serial-ports.ts';
import { type SysfsDevice, sysfsDevices } from '../link/sysfs-device.ts';
import { type Probed, probePort } from '../probe-port.ts';
import { systemClock } from '../system/clock.ts';
import { messageOf } from '../system/errors.ts';
import { configurationOf } from './found-source.ts';
import { alignedRows } from './table.ts';

/** A port with what was found on it, or why it was not looked at. */
interface LookedAt {
  readonly port: SerialPortInfo;
  readonly probed: Probed | undefined;
  readonly fault: string | undefined;
}

export interface PortsOptions {
  readonly probe?: true;
  readonly json?: true;
  readonly folders?: SystemFolders;
}

/**
 * `fieldnote ports`: the serial ports and the chips that the kernel reads; with `--probe` also who speaks there, and what to
 * configure for it. A port that somebody holds is never opened.
 * @returns what to print
 */
export async function ports(
  paths: readonly string[],
  { probe, json, folders = SYSTEM_FOLDERS }: PortsOptions = {},
): Promise<string> {
  const known = serialPorts(folders);
  const chosen =
    paths.length === 0 ? known : known.filter(({ path, bestPath }) => isIn(paths, path, bestPath));
  const missing = paths.filter((path) => !known.some((port) => isIn([path], port.path, port.bestPath)));
  const looked = probe
    ? await probeAll(chosen)
    : chosen.map((port) => ({ port, probed: undefined, fault: undefined }));
  const chips = (['iio', 'hwmon'] as const).map(
    (kind) => [kind, sysfsDevices(kind, chipFolder(kind, folders))] as const,
  );
  if (json)
    return JSON.stringify({ ports: looked.map(jsonOf), ...Object.fromEntries(chips), missing }, undefined, 2);
  return [
    ...(looked.length === 0 ? ['No serial port.'] : alignedRows(looked.map(rowOf))),
    ...missing.map((path) => `${path}: there is no such port`),
    ...chips.flatMap(([kind, devices]) => devices.map((device) => chipLine(kind, device))),
    ...(probe ? ['', snippetOf(looked)] : []),
  ].join('\n');
}

/** What `fieldnote init --probe` writes. */
export async function foundSources(say: (text: string) => void): Promise<FoundSources> {
  const looked = await probeAll(serialPorts());
  for (const row of alignedRows(looked.map(rowOf))) say(row);
  return configurationOf(spoken(looked));
}

/** All at once, since each waits most of the time. */
function probeAll(found: readonly SerialPortInfo[]): Promise<LookedAt[]> {
  const clock = systemClock(() => 0);
  return Promise.all(
    found.map(async (port) => {
      if (port.heldBy.length > 0) return { port, probed: undefined, fault: 'not looked at: it is in use' };
      try {
        return { port, probed: await probePort({ path: port.path, clock }), fault: undefined };
      } catch (error) {
        return { port, probed: undefined, fault: messageOf(error) };
      }
    }),
  );
}

function isIn(paths: readonly string[], ...names: readonly string[]): boolean {
  return names.some((name) => paths.includes(name));
}

function chipFolder(kind: 'iio' | 'hwmon', { sys }: SystemFolders): string {
  return kind === 'iio' ? `${sys}/bus/iio/devices` : `${sys}/class/hwmon`;
}

function jsonOf({ port, probed, fault }: LookedAt) {
  return { ...port, ...(probed && { probed }), ...(fault !== undefined && { fault }) };
}

function rowOf({ port, probed, fault }: LookedAt): string[] {
  const { usb, driver, heldBy } = port;
  const product = [usb?.manufacturer, usb?.product].filter((text) => text !== undefined).join(' ');
  const identity = usb === undefined ? '' : `${usb.vendorId}:${usb.productId} ${product}`.trim();
  const holders = heldBy.map(({ pid, command }) => (pid === undefined ? command : `${command} (${pid})`));
  const held = holders.length === 0 ? 'free' : `held by ${holders.join(', ')}`;
  return [
    port.path,
    driver ?? '',
    identity,
    held,
    probed === undefined ? (fault ?? '') : wordsOf(probed),
    nameOf(port),
  ];
}

function nameOf({ path, bestPath }: SerialPortInfo): string {
  return bestPath === path ? '' : bestPath;
}

function wordsOf({ protocol, link, unit, sizeBytes }: Probed): string {
  if (protocol === undefined)
    return sizeBytes === 0 ? 'silent' : `${sizeBytes} bytes that no known protocol explains`;
  return `${protocol} at ${link.baudRate} baud${unit === undefined ? '' : `, unit ${unit}`}`;
}

function chipLine(kind: string, { name, address, folder }: SysfsDevice): string {
  return `${kind} device ${name}${address === '' ? '' : ` at ${address}`} (${folder})`;
}

function spoken(looked: readonly LookedAt[]) {
  return looked.flatMap(({ port, probed }) => (probed ? [{ probed, bestPath: port.bestPath }] : []));
}

function snippetOf(looked: readonly LookedAt[]): string {
  const found = spoken(looked).filter(({ probed }) => probed.protocol !== undefined);
  if (found.length === 0)
    return 'Nothing speaks that is known. Check wiring, power and the device; see docs/sensors.md.';
  const { sources, assets } = configurationOf(found);
  return `For the configuration:\n\n${sources}\n${assets}`.trimEnd();
}
