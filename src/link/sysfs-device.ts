import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FieldnoteError } from '../system/errors.ts';

/**
 * Sensors that the kernel itself reads, over I²C, SPI, 1-Wire or an ADC of its own: chips of Industrial I/O
 * (`/sys/bus/iio`) and of hardware monitoring (`/sys/class/hwmon`). One file is one value as text. Units are those of the
 * kernel's ABI documents (sysfs-bus-iio, hwmon/sysfs-interface), made those of everyone else: °C from thousandths of it,
 * V from mV.
 *
 * Everything here blocks: a chip that does not answer holds its reader for as long as its driver waits.
 */

export type SysfsKind = 'iio' | 'hwmon';

export const SYSFS_FOLDERS: Readonly<Record<SysfsKind, string>> = {
  iio: '/sys/bus/iio/devices',
  hwmon: '/sys/class/hwmon',
};

/** A chip with its identities, of which the bus address alone stays the same from boot to boot. */
export interface SysfsDevice {
  /** Such as `/sys/class/hwmon/hwmon2`. */
  readonly folder: string;
  /** What the driver calls the chip, such as `bme280`. */
  readonly name: string;
  /** Where it is on its bus, such as `1-0076` (I²C) or `28-0000054bf3a6` (1-Wire); empty where it is on none. */
  readonly address: string;
}

export interface SysfsReading {
  readonly name: string;
  readonly unit: string;
  /** NaN where the chip gave none. */
  readonly value: number;
}

const CHANNELS_MAX = 64;
const TEXT_SIZE_MAX = 64;

/** Unit, and how many of it the kernel's is. Kinds that are not listed have none. */
const IIO_UNITS: Readonly<Record<string, readonly [unit: string, factor: number]>> = {
  accel: ['m/s2', 1],
  anglvel: ['rad/s', 1],
  capacitance: ['nF', 1],
  current: ['A', 1e-3],
  distance: ['m', 1],
  energy: ['J', 1],
  gravity: ['m/s2', 1],
  humidityrelative: ['%', 1e-3],
  illuminance: ['lx', 1],
  incli: ['deg', 1],
  magn: ['G', 1],
  power: ['W', 1e-3],
  pressure: ['kPa', 1],
  resistance: ['ohm', 1],
  concentration: ['%', 1],
  temp: ['°C', 1e-3],
  velocity: ['m/s', 1],
  voltage: ['V', 1e-3],
};

const HWMON_UNITS: Readonly<Record<string, readonly [unit: string, factor: number]>> = {
  curr: ['A', 1e-3],
  energy: ['J', 1e-6],
  fan: ['rpm', 1],
  freq: ['Hz', 1],
  humidity: ['%', 1e-3],
  in: ['V', 1e-3],
  power: ['W', 1e-6],
  temp: ['°C', 1e-3],
};

/** Every chip there is; none where the kernel has no such folder. */
export function sysfsDevices(kind: SysfsKind, root = SYSFS_FOLDERS[kind]): SysfsDevice[] {
  return names(root)
    .filter((name) => name.startsWith(kind === 'iio' ? 'iio:device' : 'hwmon'))
    .map((name) => deviceAt(kind, join(root, name)));
}

/**
 * The chip that the configuration names by its address, its name or its folder.
 * @throws FieldnoteError LINK_UNAVAILABLE when there is none, or more than one of that name
 */
export function findDevice(kind: SysfsKind, device: string, root: string = SYSFS_FOLDERS[kind]): SysfsDevice {
  const devices = sysfsDevices(kind, root);
  const isNamed = ({ folder, name, address }: SysfsDevice) =>
    [basename(folder), name, address].includes(device);
  const found = devices.filter(isNamed);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const known = devices.map(({ name, address, folder }) => `${name} at ${address || basename(folder)}`);
  const reason =
    found.length > 1
      ? `${found.length} are called that: name one by its address`
      : `there is no such chip (present: ${known.join(', ') || 'none'}); check its overlay, wiring and power`;
  throw new FieldnoteError('LINK_UNAVAILABLE', `Cannot read ${kind} device ${device}: ${reason}`, {
    kind,
    device,
  });
}

/**
 * All values of a chip, one after the other.
 * @throws FieldnoteError LINK_LOST when its folder is gone, or when none of its values can be read
 */
export function readDevice(kind: SysfsKind, { folder, name }: SysfsDevice): SysfsReading[] {
  const files = names(folder);
  const readings = kind === 'iio' ? readIio(folder, files) : readHwmon(folder, files);
  if (readings.some(({ value }) => !Number.isNaN(value))) return readings;
  const reason = files.length === 0 ? 'it is gone' : 'it gives no value; check its wiring and power';
  throw new FieldnoteError('LINK_LOST', `Lost ${kind} device ${name}: ${reason}`, { folder });
}

function deviceAt(kind: SysfsKind, folder: string): SysfsDevice {
  // hwmon2/device leads to the chip on its bus; an IIO device lies in the folder of it.
  const address = attempt(() =>
    basename(kind === 'iio' ? dirname(realpathSync(folder)) : realpathSync(join(folder, 'device'))),
  );
  return { folder, name: textOf(folder, 'name') ?? basename(folder), address: address ?? '' };
}

/** `in_<channel>_input` is a value; of `in_<channel>_raw` it is (raw + offset) · scale (sysfs-bus-iio). */
function readIio(folder: string, files: readonly string[]): SysfsReading[] {
  const channels = files.flatMap((file) => {
    const [, channel, form] = /^in_(.+)_(raw|input)$/.exec(file) ?? [];
    return channel === undefined || form === undefined ? [] : [{ file, channel, form }];
  });
  const hasInput = new Set(channels.filter(({ form }) => form === 'input').map(({ channel }) => channel));
  return channels
    .filter(({ form, channel }) => form === 'input' || !hasInput.has(channel))
    .slice(0, CHANNELS_MAX)
    .map(({ file, channel, form }) => {
      const type = /^[a-z]+/.exec(channel)?.[0] ?? '';
      const [unit, factor] = IIO_UNITS[type] ?? ['1', 1];
      const raw = numberOf(folder, file);
      const shared = (what: string) => sharedNumber(folder, files, channel, type, what);
      const value = form === 'input' ? raw : (raw + (shared('offset') ?? 0)) * (shared('scale') ?? 1);
      return { name: channel, unit, value: value * factor };
    });
}

/** Of the channel, or shared by all of its type: `in_voltage0_scale`, `in_voltage-voltage_scale`, `in_voltage_scale`. */
function sharedNumber(
  folder: string,
  files: readonly string[],
  channel: string,
  type: string,
  what: string,
): number | undefined {
  const without = channel.replaceAll(/\d+/g, '');
  const file = [channel, without, type]
    .map((owner) => `in_${owner}_${what}`)
    .find((name) => files.includes(name));
  return file === undefined ? undefined : numberOf(folder, file);
}

/** A value of which the chip says that its sensor is at fault is none. */
function readHwmon(folder: string, files: readonly string[]): SysfsReading[] {
  return files
    .flatMap((file) => {
      const [, name, type] = /^(([a-z]+)\d+)_input$/.exec(file) ?? [];
      const [unit, factor] = (type === undefined ? undefined : HWMON_UNITS[type]) ?? [];
      return name === undefined || unit === undefined || factor === undefined
        ? []
        : [{ file, name, unit, factor }];
    })
    .slice(0, CHANNELS_MAX)
    .map(({ file, name, unit, factor }) => {
      const isFaulty = files.includes(`${name}_fault`) && numberOf(folder, `${name}_fault`) !== 0;
      return { name, unit, value: isFaulty ? Number.NaN : numberOf(folder, file) * factor };
    });
}

function numberOf(folder: string, file: string): number {
  const text = textOf(folder, file);
  return text === undefined || !/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number.NaN : Number(text);
}

function textOf(folder: string, file: string): string | undefined {
  return attempt(() => readFileSync(join(folder, file), 'latin1').trim().slice(0, TEXT_SIZE_MAX));
}

function names(folder: string): string[] {
  return attempt(() => readdirSync(folder).sort()) ?? [];
}

/** A chip may vanish between any two looks at it. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
