import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../../src/cli/check.ts';
import { configurationOf } from '../../src/cli/found-source.ts';
import { init } from '../../src/cli/init.ts';
import { ports } from '../../src/cli/ports.ts';
import { holdersOf, serialPorts } from '../../src/link/serial-ports.ts';
import type { Probed } from '../../src/probe-port.ts';
import { newFolder } from '../support/daemon.ts';
import { addThermometer, FakeSysfs } from '../support/sysfs.ts';

const PORTS = ['ttyAMA0', 'ttyTHS1', 'ttyUSB0', 'ttymxc2'];

function machine() {
  const tree = new FakeSysfs();
  for (const name of PORTS) tree.link(`sys/class/tty/${name}/device`, `sys/devices/${name}`);
  tree.link('sys/class/tty/ttyS0/device', 'sys/devices/serial8250').write({
    'sys/class/tty/ttyS0/type': '0\n',
    'sys/class/tty/tty1/dev': '4:1\n',
    'sys/class/tty/ttyGS0/dev': '250:0\n',
  });
  tree.remove('sys/class/tty/ttyUSB0/device');
  tree.link('sys/class/tty/ttyUSB0/device', 'sys/devices/usb1/1-1/1-1:1.0/ttyUSB0');
  tree.link('sys/devices/usb1/1-1/1-1:1.0/ttyUSB0/driver', 'sys/bus/usb-serial/drivers/ch341-uart');
  tree.write({
    'sys/devices/usb1/1-1/idVendor': '1a86\n',
    'sys/devices/usb1/1-1/idProduct': '7523\n',
    'sys/devices/usb1/1-1/product': 'USB Serial\n',
    'proc/locks': '',
    'proc/consoles': 'tty0                 -WU (EC  p  )    4:7\n',
  });
  for (const name of PORTS) tree.write({ [`dev/${name}`]: '' });
  tree.link('dev/serial/by-id/usb-1a86_USB_Serial-if00-port0', 'dev/ttyUSB0');
  const folders = { sys: tree.path('sys'), dev: tree.path('dev'), proc: tree.path('proc') };
  return { tree, folders, [Symbol.dispose]: () => tree[Symbol.dispose]() };
}

describe('serial ports', () => {
  it('are those of every kind, without empty slots and terminals', () => {
    using pc = machine();
    const found = serialPorts(pc.folders)
      .map(({ path }) => path)
      .sort();
    expect(found).toEqual([...PORTS, 'ttyGS0'].sort().map((name) => pc.tree.path(`dev/${name}`)));
  });

  it('tell their USB identity, their driver and the name that stays', () => {
    using pc = machine();
    expect(serialPorts(pc.folders).find(({ path }) => path.endsWith('ttyUSB0'))).toMatchObject({
      bestPath: pc.tree.path('dev/serial/by-id/usb-1a86_USB_Serial-if00-port0'),
      driver: 'ch341-uart',
      usb: { vendorId: '1a86', productId: '7523', product: 'USB Serial', serial: undefined },
      heldBy: [],
    });
  });

  it('tell which program has them open', () => {
    using pc = machine();
    pc.tree.link('proc/4711/fd/7', 'dev/ttyTHS1').write({ 'proc/4711/comm': 'gpsd\n' });
    pc.tree.link('proc/4712/fd/7', 'dev/other').write({ 'proc/4712/comm': 'cat\n' });
    expect(holdersOf(pc.tree.path('dev/ttyTHS1'), pc.folders)).toEqual([{ pid: 4711, command: 'gpsd' }]);
  });

  it('tell whose file says that it is locked, if that program lives', () => {
    using pc = machine();
    pc.tree.write({ 'var/lock/LCK..ttyAMA0': '  4711\n', 'proc/4711/comm': 'minicom\n' });
    pc.tree.write({ 'var/lock/LCK..ttymxc2': '  99\n' });
    expect(holdersOf(pc.tree.path('dev/ttyAMA0'), pc.folders)).toEqual([{ pid: 4711, command: 'minicom' }]);
    expect(holdersOf(pc.tree.path('dev/ttymxc2'), pc.folders)).toEqual([]);
  });

  it('tell that the kernel writes its console there', () => {
    using pc = machine();
    pc.tree.write({ 'proc/consoles': 'ttyAMA0              -W- (EC  p  )  204:64\n' });
    expect(holdersOf(pc.tree.path('dev/ttyAMA0'), pc.folders)).toMatchObject([{ pid: undefined }]);
  });

  it('are none, without a fault, on a machine that has none', () => {
    expect(serialPorts({ sys: '/nowhere', dev: '/nowhere', proc: '/nowhere' })).toEqual([]);
  });
});

describe('fieldnote ports', () => {
  it('prints ports and chips, and what it was asked for and is not there', async () => {
    using pc = machine();
    addThermometer(pc.tree, 0, '28-01', 20_000);
    pc.tree.link('sys/class/hwmon', 'class/hwmon');
    const text = await ports([pc.tree.path('dev/ttyUSB0'), '/dev/ttyUSB9'], { folders: pc.folders });
    expect(text).toMatch(/ttyUSB0 +ch341-uart +1a86:7523 USB Serial +free/);
    expect(text).toContain('/dev/ttyUSB9: there is no such port');
    expect(text).toContain('hwmon device w1_slave_temp');
    expect(text).not.toContain('ttyAMA0');
  });

  it('never opens a port that somebody holds', async () => {
    using pc = machine();
    // Opening it would be told as a fault: behind these names is no serial port.
    for (const name of [...PORTS, 'ttyGS0']) pc.tree.link(`proc/4711/fd/${name}`, `dev/${name}`);
    const text = await ports([], { folders: pc.folders, probe: true });
    expect(text.match(/not looked at: it is in use/g)).toHaveLength(PORTS.length + 1);
    expect(text).not.toContain('Cannot open');
  });

  it('says of a port that cannot be opened why, and goes on', async () => {
    using pc = machine();
    const text = await ports([], { folders: pc.folders, probe: true });
    expect(text.match(/Cannot open/g)).toHaveLength(PORTS.length + 1);
  });
});

describe('what to configure', () => {
  const probed = (protocol: Probed['protocol'], channels: readonly string[] = []): Probed => ({
    ...{ protocol, channels, sizeBytes: 1, unit: protocol === 'modbus' ? 2 : undefined },
    link: { type: 'serial', path: '/dev/ttyUSB0', baudRate: 9600, dataBits: 8, parity: 'even', stopBits: 1 },
  });

  it('names each source after what speaks, and numbers the second of a kind', () => {
    const { sources } = configurationOf(
      [probed('nmea'), probed('text'), probed('bridge'), probed(undefined), probed('modbus')].map((one) => ({
        probed: one,
        bestPath: '/dev/serial/by-id/x',
      })),
    );
    expect(sources.match(/^ {2}\S+:$/gm)).toEqual(['  gps:', '  mcu:', '  mcu2:', '  meter:']);
    expect(sources).toContain('modbus: { unit: 2, profile: NAME }');
    expect(sources).toContain('path: /dev/serial/by-id/x');
  });

  it('says in comments what a person has to fill in: the profile of a Modbus device, and units of text', () => {
    const found = [probed('modbus'), probed('text', ['vib'])].map((one) => ({
      probed: one,
      bestPath: '/dev/ttyUSB0',
    }));
    const { sources, assets } = configurationOf(found);
    expect(sources).toMatch(
      /# In place of NAME: which device it is \(.*eastron-sdm.*\),\n +# or the path of your own/,
    );
    expect(assets).toContain('  meter-asset:\n    source: meter\n');
    expect(assets).toContain('# In place of each "?": the unit of its values, as reports will say it.');
  });

  it('is a configuration that is checked once the profile is said, and what is missing is named', async () => {
    await using folder = await newFolder();
    const path = join(folder.path, 'found.yaml');
    const found = [probed('modbus'), { ...probed('text', ['vib', 'temp']) }].map((one, at) => ({
      probed: one,
      bestPath: `/dev/ttyUSB${at}`,
    }));
    expect(init(path, configurationOf(found))).toContain(
      'Fill in what stands there as "?" or NAME, if anything does',
    );
    expect(() => check(path)).toThrow(
      /^source meter, modbus.profile: Cannot use Modbus profile NAME: there is no such profile; those that ship are /,
    );
    writeFileSync(path, readFileSync(path, 'utf8').replace('profile: NAME', 'profile: eastron-sdm'));
    expect(check(path)).toContain('say the unit of vib, temp: reports would write "?"');
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('unit: "?"', 'unit: g'));
    expect(check(path)).toMatch(/ is good .*\n/);
    expect(check(path)).not.toContain('say the unit');
  });

  it('lists channels under names that the configuration takes', () => {
    const { assets } = configurationOf([
      { probed: probed('text', ['Vib RMS', 'vib_rms', 'vib-rms', 'ä']), bestPath: '/dev/ttyUSB0' },
    ]);
    expect(assets).toContain('vib-rms: { from: "mcu.Vib RMS", unit: "?" }');
    expect(assets).toContain('channel-3: { from: "mcu.vib-rms", unit: "?" }');
    expect(assets).toContain('channel-4: { from: "mcu.ä", unit: "?" }');
  });
});
