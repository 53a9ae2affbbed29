import { describe, expect, it, test } from 'vitest';
import { findDevice, readDevice, type SysfsKind, sysfsDevices } from '../../src/link/sysfs-device.ts';
import { addThermometer, FakeSysfs } from '../support/sysfs.ts';

function made(kind: SysfsKind, files: Readonly<Record<string, string>>): FakeSysfs {
  const name = kind === 'iio' ? 'iio:device0' : 'hwmon0';
  const sysfs = new FakeSysfs().link(`all/${name}`, `devices/1-0076/${name}`);
  sysfs.link(`devices/1-0076/${name}/device`, 'devices/1-0076');
  const placed = Object.entries(files).map(([file, text]) => [`all/${name}/${file}`, `${text}\n`]);
  return sysfs.write({ [`all/${name}/name`]: 'chip\n', ...Object.fromEntries(placed) });
}

function read(kind: SysfsKind, files: Readonly<Record<string, string>>): Record<string, unknown> {
  using sysfs = made(kind, files);
  const readings = readDevice(kind, findDevice(kind, 'chip', sysfs.path('all')));
  return Object.fromEntries(
    readings.map(({ name, unit, value }) => [name, [Number(value.toPrecision(9)), unit]]),
  );
}

describe('a chip of Industrial I/O', () => {
  test.each([
    ['a value that the driver has computed', { in_temp_input: '21870' }, { temp: [21.87, '°C'] }],
    [
      '(raw + offset) · scale',
      { in_temp_raw: '600', in_temp_offset: '-100', in_temp_scale: '62.5' },
      { temp: [31.25, '°C'] },
    ],
    [
      'a scale that the axes share',
      { in_accel_x_raw: '-256', in_accel_scale: '0.0383' },
      { accel_x: [-9.8048, 'm/s2'] },
    ],
    [
      'a scale of its own',
      { in_voltage0_raw: '10', in_voltage0_scale: '3', in_voltage_scale: '5' },
      { voltage0: [0.03, 'V'] },
    ],
    [
      'a scale of pairs',
      { 'in_voltage0-voltage1_raw': '8', 'in_voltage-voltage_scale': '0.5' },
      { 'voltage0-voltage1': [0.004, 'V'] },
    ],
    ['no scale: the value is in the unit already', { in_current0_raw: '1500' }, { current0: [1.5, 'A'] }],
    [
      'pressure and humidity',
      { in_pressure_input: '98.7', in_humidityrelative_input: '45200' },
      { humidityrelative: [45.2, '%'], pressure: [98.7, 'kPa'] },
    ],
    ['a kind without a unit', { in_proximity_raw: '17' }, { proximity: [17, '1'] }],
    [
      'the computed value where there is a raw one too',
      { in_temp_raw: '1', in_temp_input: '20000' },
      { temp: [20, '°C'] },
    ],
    [
      'a scale that is no number',
      { in_temp_raw: '1', in_temp_scale: 'oops', in_temp1_input: '1000' },
      { temp: [Number.NaN, '°C'], temp1: [1, '°C'] },
    ],
  ])('gives %s', (_, files, expected) => {
    expect(read('iio', files)).toEqual(expected);
  });
});

describe('a chip of hardware monitoring', () => {
  it('gives its values in the units of people', () => {
    const files = {
      temp1_input: '-1250',
      in0_input: '3305',
      curr1_input: '250',
      power1_input: '1500000',
      fan1_input: '2400',
      humidity1_input: '55100',
    };
    expect(read('hwmon', files)).toEqual({
      curr1: [0.25, 'A'],
      fan1: [2400, 'rpm'],
      humidity1: [55.1, '%'],
      in0: [3.305, 'V'],
      power1: [1.5, 'W'],
      temp1: [-1.25, '°C'],
    });
  });

  it('gives no value of a sensor that it calls faulty', () => {
    expect(
      read('hwmon', { temp1_input: '-1', temp1_fault: '1', temp2_input: '20000', temp2_fault: '0' }),
    ).toEqual({
      temp1: [Number.NaN, '°C'],
      temp2: [20, '°C'],
    });
  });

  it('is lost when it gives no value at all', () => {
    expect(() => read('hwmon', { temp1_input: '' })).toThrow(/gives no value/);
    expect(() => read('hwmon', {})).toThrow(/gives no value/);
  });

  it('gives no more than 64 channels', () => {
    const files = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`temp${at}_input`, '1']));
    expect(Object.keys(read('hwmon', files))).toHaveLength(64);
  });
});

describe('chips of one name', () => {
  it('are told apart by their address on the bus', () => {
    using sysfs = new FakeSysfs();
    addThermometer(sysfs, 0, '28-0000054bf3a6', 21_500);
    addThermometer(sysfs, 1, '28-0000054c0001', 85_000);
    const root = sysfs.path('class/hwmon');
    expect(sysfsDevices('hwmon', root).map(({ address }) => address)).toEqual([
      '28-0000054bf3a6',
      '28-0000054c0001',
    ]);
    expect(readDevice('hwmon', findDevice('hwmon', '28-0000054c0001', root))).toMatchObject([{ value: 85 }]);
    expect(() => findDevice('hwmon', 'w1_slave_temp', root)).toThrow(
      '2 are called that: name one by its address',
    );
    expect(() => findDevice('hwmon', 'bme280', root)).toThrow('present: w1_slave_temp at 28-0000054bf3a6, ');
  });

  it('are none where the kernel has no such folder', () => {
    expect(sysfsDevices('iio', '/nowhere')).toEqual([]);
  });
});
