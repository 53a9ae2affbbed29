import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { source } from '../../src/config/source.ts';
import { SysfsSource } from '../../src/sysfs-source.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import type { Device } from '../../src/values/device.ts';
import type { Sample } from '../../src/values/sample.ts';
import { addThermometer, FakeSysfs } from '../support/sysfs.ts';

const UNTIL = { timeout: 20_000, interval: 10 };

function open(sysfs: FakeSysfs, device: string, every = 20) {
  const realClock = systemClock(() => 1);
  let aheadMs = 0;
  const [samples, gaps, devices]: [Sample[], string[], Device[]] = [[], [], []];
  const reader = new SysfsSource({
    ...{ key: 'air', root: sysfs.path('class/hwmon'), link: { type: 'hwmon', device, every } },
    config: source.parse({ link: { type: 'hwmon', device, every: `${every}ms` }, silenceTimeout: '1s' }),
    clock: { ...realClock, monoMs: () => realClock.monoMs() + aheadMs },
    ...{ random: () => 0.5, counters: new Counters() },
    log: pino({ level: 'silent' }),
    descriptorCache: { get: () => undefined, put() {} },
    onSample: (sample) => samples.push(sample),
    onDevice: (told) => devices.push(told),
    onGap: (detail) => gaps.push(detail),
    onWaveform() {},
    onTime() {},
  });
  const jump = (ms: number) => {
    aheadMs += ms;
  };
  return { source: reader, samples, gaps, devices, jump };
}

test('a chip that vanishes is away, and read again when it returns', async () => {
  using sysfs = new FakeSysfs();
  addThermometer(sysfs, 0, '28-01', 21_500);
  const { source: chip, samples, gaps, devices } = open(sysfs, '28-01');
  chip.start();
  await vi.waitFor(() => expect(samples.length).toBeGreaterThan(2), UNTIL);
  expect(samples[0]).toMatchObject({ source: 'air', names: ['temp1'], values: [21.5] });
  expect(samples[1]?.names).toBe(samples[0]?.names);
  expect(devices).toMatchObject([
    { board: 'w1_slave_temp', uid: '28-01', channels: [{ name: 'temp1', unit: '°C' }] },
  ]);

  sysfs.remove('class/hwmon/hwmon0');
  await vi.waitFor(() => expect(chip.state).toMatch(/waiting: .*28-01: there is no such chip/), UNTIL);
  sysfs.remove('devices/w1/28-01');
  addThermometer(sysfs, 3, '28-01', 30_000);
  await vi.waitFor(() => expect(chip.state).toBe('open'), UNTIL);
  await vi.waitFor(() => expect(samples.at(-1)?.values).toEqual([30]), UNTIL);
  expect(gaps).toMatchObject([expect.stringMatching(/^source air was away for/)]);
  await chip.stop();
});

test('chips that never answer show so in their state, and delay neither another nor the rest of the program', async () => {
  using sysfs = new FakeSysfs();
  addThermometer(sysfs, 0, '28-good', 20_000);
  const dead = ['28-a', '28-b', '28-c', '28-d', '28-e', '28-f'];
  const inputs = dead.map((address, at) => {
    addThermometer(sysfs, at + 1, address, 0);
    const input = sysfs.path(`class/hwmon/hwmon${at + 1}/temp1_input`);
    // Who reads a pipe that nobody writes to waits in the kernel, as at a chip on a dead bus.
    execFileSync('sh', ['-c', 'rm "$1" && mkfifo "$1"', 'sh', input]);
    return input;
  });
  const good = open(sysfs, '28-good');
  const all = [...dead.map((address) => open(sysfs, address)), good];
  for (const { source: chip } of all) chip.start();
  await vi.waitFor(() => {
    for (const { source: chip } of all.slice(0, -1)) expect(chip.state).toMatch(/has not answered for/);
  }, UNTIL);
  const before = good.samples.length;
  await vi.waitFor(() => expect(good.samples.length).toBeGreaterThan(before + 10), UNTIL);
  expect(good.source.state).toBe('open');
  // A new process would wait at them as this one does.
  for (const { source: chip, jump } of all.slice(0, -1)) {
    jump(20);
    expect(chip.stuck).toBeUndefined();
  }
  expect(all.slice(0, -1).every(({ samples }) => samples.length === 0)).toBe(true);
  await Promise.all(all.map(({ source: chip }) => chip.stop()));
  // Lets the threads go.
  for (const input of inputs) writeFileSync(input, '');
});

test('a chip that is not there is away for an hour, and its reader is not stuck', async () => {
  using sysfs = new FakeSysfs();
  addThermometer(sysfs, 0, '28-01', 21_500);
  const { source: chip, jump } = open(sysfs, '28-none');
  chip.start();
  await vi.waitFor(() => expect(chip.state).toMatch(/there is no such chip/), UNTIL);
  expect(chip.stuck).toBeUndefined();
  jump(3_600_000);
  await vi.waitFor(() => expect(chip.stuck).toBeUndefined(), UNTIL);
  await chip.stop();
});

test('a reader whose next round does not come is stuck, until it comes or is stopped', async () => {
  using sysfs = new FakeSysfs();
  addThermometer(sysfs, 0, '28-01', 21_500);
  const { source: chip, samples, jump } = open(sysfs, '28-01', 60_000);
  expect(chip.stuck).toBeUndefined();
  chip.start();
  await vi.waitFor(() => expect(samples).toHaveLength(1), UNTIL);
  jump(85_000);
  expect(chip.stuck).toBeUndefined();
  jump(10_000);
  expect(chip.stuck).toMatch(/^is 3\d s late with its round$/);
  await chip.stop();
  expect(chip.stuck).toBeUndefined();
});

test('a thread that does not start makes its reader stuck', async () => {
  using sysfs = new FakeSysfs();
  addThermometer(sysfs, 0, '28-01', 21_500);
  const { source: chip, samples, jump } = open(sysfs, '28-01', 600_000);
  chip.start();
  jump(40_000);
  expect(chip.stuck).toBe('starts its thread for 40 s');
  await vi.waitFor(() => expect(samples).toHaveLength(1), UNTIL);
  expect(chip.stuck).toBeUndefined();
  await chip.stop();
});
