import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { strainOf } from '../../src/system/strain.ts';

const LIMITS = { heatMaxC: 80, memoryMinMiB: 100, batteryMinPercent: 30 };
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fieldnote-strain-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

test('says nothing where the kernel tells nothing', () => {
  expect(strainOf(LIMITS, root)).toBeUndefined();
});

test('says nothing on a device that is well', () => {
  put('sys/class/thermal/thermal_zone0/temp', '54000\n');
  put('proc/meminfo', 'MemTotal: 4000000 kB\nMemAvailable:  900000 kB\n');
  put('sys/class/power_supply/BAT0/uevent', 'POWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_CAPACITY=70\n');
  expect(strainOf(LIMITS, root)).toBeUndefined();
});

test('waits for the hottest sensor', () => {
  put('sys/class/thermal/thermal_zone0/temp', '54000\n');
  put('sys/class/thermal/thermal_zone1/temp', '84600\n');
  expect(strainOf(LIMITS, root)).toBe('the device has 85 °C, over 80 °C');
});

test('does not mind a sensor that cannot be read', () => {
  put('sys/class/thermal/thermal_zone0/type', 'gpu\n');
  put('sys/class/thermal/thermal_zone1/temp', 'unknown\n');
  expect(strainOf(LIMITS, root)).toBeUndefined();
  put('sys/class/thermal/thermal_zone2/temp', '91000\n');
  expect(strainOf(LIMITS, root)).toBe('the device has 91 °C, over 80 °C');
});

test('waits for memory', () => {
  put('proc/meminfo', 'MemAvailable:   51200 kB\n');
  expect(strainOf(LIMITS, root)).toBe('50 MiB of memory are free, under 100 MiB');
});

test.each(['Discharging', 'Unknown'])('waits for a battery that is %s', (status) => {
  put('sys/class/power_supply/ups/uevent', `POWER_SUPPLY_STATUS=${status}\nPOWER_SUPPLY_CAPACITY=12\n`);
  expect(strainOf(LIMITS, root)).toBe('the battery has 12 %, under 30 %');
});

test('waits for the emptiest battery, also for one that tells no state', () => {
  put('sys/class/power_supply/BAT0/uevent', 'POWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_CAPACITY=70\n');
  put('sys/class/power_supply/BAT1/uevent', 'POWER_SUPPLY_CAPACITY=9\n');
  expect(strainOf(LIMITS, root)).toBe('the battery has 9 %, under 30 %');
});

test.each(['Charging', 'Full', 'Not charging'])('does not wait for a battery that is %s', (status) => {
  put('sys/class/power_supply/BAT0/uevent', `POWER_SUPPLY_STATUS=${status}\nPOWER_SUPPLY_CAPACITY=10\n`);
  expect(strainOf(LIMITS, root)).toBeUndefined();
});

test('does not mind the battery of a mouse, nor one that tells no charge', () => {
  const mouse = ['STATUS=Discharging', 'SCOPE=Device', 'CAPACITY=3'].map((line) => `POWER_SUPPLY_${line}\n`);
  put('sys/class/power_supply/hidpp_battery_0/uevent', mouse.join(''));
  put('sys/class/power_supply/BAT0/uevent', 'POWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_CAPACITY=\n');
  expect(strainOf(LIMITS, root)).toBeUndefined();
});

test('waits for a battery that is being discharged, not for one that is charging', () => {
  put('sys/class/power_supply/BAT0/uevent', 'POWER_SUPPLY_STATUS=Charging\nPOWER_SUPPLY_CAPACITY=10\n');
  put('sys/class/power_supply/AC/uevent', 'POWER_SUPPLY_ONLINE=1\n');
  expect(strainOf(LIMITS, root)).toBeUndefined();
  put('sys/class/power_supply/BAT1/uevent', 'POWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_CAPACITY=20\n');
  expect(strainOf(LIMITS, root)).toBe('the battery has 20 %, under 30 %');
});
