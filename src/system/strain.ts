import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** When work that can wait should wait. */
export interface StrainLimits {
  /** Of the hottest sensor that the kernel knows. */
  readonly heatMaxC: number;
  readonly memoryMinMiB: number;
  /** Of a battery of the device that does not say that it is full or being charged. */
  readonly batteryMinPercent: number;
}

/**
 * Why work that can wait should wait now, in words for a person; undefined when nothing speaks against it. What the
 * kernel does not tell (Documentation/ABI/testing/sysfs-class-thermal, sysfs-class-power, proc(5)) does not count.
 * @param root of /sys and /proc
 */
export function strainOf(limits: StrainLimits, root = '/'): string | undefined {
  const heats = readAll(root, 'sys/class/thermal', 'temp').map((text) => Number(text) / 1000);
  const heatC = Math.max(...heats.filter((heat) => !Number.isNaN(heat)));
  if (heatC > limits.heatMaxC) return `the device has ${Math.round(heatC)} °C, over ${limits.heatMaxC} °C`;
  const memoryMiB = Number(/^MemAvailable:\s+(\d+)/m.exec(read(root, 'proc/meminfo') ?? '')?.[1]) / 1024;
  if (memoryMiB < limits.memoryMinMiB)
    return `${Math.round(memoryMiB)} MiB of memory are free, under ${limits.memoryMinMiB} MiB`;
  const batteries = readAll(root, 'sys/class/power_supply', 'uevent').map(propertiesOf).filter(isDrained);
  const percents = batteries.map((battery) => Number(battery.get('CAPACITY') ?? Number.NaN));
  const percent = Math.min(...percents.filter((value) => !Number.isNaN(value)));
  if (percent < limits.batteryMinPercent)
    return `the battery has ${percent} %, under ${limits.batteryMinPercent} %`;
  return undefined;
}

/** "POWER_SUPPLY_STATUS=Discharging" as STATUS → Discharging. */
function propertiesOf(uevent: string): ReadonlyMap<string, string> {
  return new Map(
    [...uevent.matchAll(/^POWER_SUPPLY_(\w+)=(.+)$/gm)].map(([, key = '', value = '']) => [key, value]),
  );
}

/** Gauges of UPS boards often do not know whether they are being charged; a mouse has a battery too, of scope Device. */
function isDrained(supply: ReadonlyMap<string, string>): boolean {
  const isOwn = supply.get('SCOPE') !== 'Device';
  return isOwn && !['Charging', 'Full', 'Not charging'].includes(supply.get('STATUS') ?? 'Unknown');
}

function readAll(root: string, folder: string, file: string): string[] {
  try {
    return readdirSync(join(root, folder)).flatMap((name) => read(root, join(folder, name, file)) ?? []);
  } catch {
    return [];
  }
}

function read(root: string, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}
