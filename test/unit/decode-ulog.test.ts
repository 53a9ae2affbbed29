import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDecoder } from '../../src/decode/decoder.ts';
import { UlogDecoder } from '../../src/decode/ulog/decoder.ts';
import { layoutOf } from '../../src/decode/ulog/format.ts';
import { flightChannel } from '../../src/values/flight-channels.ts';
import type { Decoded, Sample } from '../../src/values/sample.ts';
import { data, flags, floats, format, header, subscription } from '../support/ulog-recording.ts';

const FORMATS = Buffer.concat(
  [
    'vehicle_angular_velocity:uint64_t timestamp;float[3] xyz;',
    'vehicle_attitude:uint64_t timestamp;float[4] q;',
    'actuator_motors:uint64_t timestamp;float[4] control;',
    'actuator_outputs:uint64_t timestamp;float[4] output;',
    'esc_report:float esc_voltage;float esc_current;float esc_temperature;int32_t esc_rpm;',
    'esc_status:uint64_t timestamp;esc_report[2] esc;',
    'battery_status:uint64_t timestamp;float voltage_v;float remaining;float[3] voltage_cell_v;',
    'vehicle_land_detected:uint64_t timestamp;bool landed;uint8_t[7] _padding0;',
    'vehicle_status:uint64_t timestamp;uint8_t arming_state;uint8_t nav_state;',
    'vehicle_imu_status:uint64_t timestamp;float accel_vibration_metric;uint32_t[3] accel_clipping;',
    'something_else:uint64_t timestamp;float x;',
  ].map(format),
);
const BEGIN = Buffer.concat([header(), flags(), FORMATS]);
const RATES = subscription(7, 'vehicle_angular_velocity');
const rates = (us: number, roll = 1) => floats(7, us, [roll, -0.5, 0.25]);

function read(...parts: readonly Buffer[]): readonly Decoded[] {
  const decoder = new UlogDecoder('log');
  return [...decoder.decode(Buffer.concat(parts), 5), ...decoder.finish(5)];
}
const samplesOf = (found: readonly Decoded[]): Sample[] => found.filter((item) => item.kind === 'sample');
const channelsOf = (found: readonly Decoded[]) =>
  samplesOf(found).map(({ names, values }) =>
    Object.fromEntries(names.map((name, at) => [name, values[at]])),
  );
const noiseOf = (found: readonly Decoded[]) =>
  found.flatMap((item) => (item.kind === 'noise' ? [item.reason] : []));

describe('a ULog', () => {
  test('is read by its own formats, in the units of the flight channels and at its own time', () => {
    const found = read(BEGIN, RATES, rates(2_500_000, Math.PI));
    expect(noiseOf(found)).toEqual([]);
    expect(samplesOf(found)).toMatchObject([{ source: 'log', monoMs: 5, deviceMs: 2500 }]);
    expect(channelsOf(found)[0]?.['rate.roll']).toBeCloseTo(180, 3);
  });

  test('turns quaternions into roll right, pitch up and yaw clockwise', () => {
    const half = (deg: number) => (deg * Math.PI) / 360;
    const q = [
      [Math.cos(half(30)), Math.sin(half(30)), 0, 0],
      [Math.cos(half(20)), 0, Math.sin(half(20)), 0],
      [Math.cos(half(-90)), 0, 0, Math.sin(half(-90))],
    ];
    const found = read(
      BEGIN,
      subscription(1, 'vehicle_attitude'),
      ...q.map((values, at) => floats(1, at, values)),
    );
    expect(channelsOf(found)).toMatchObject([
      { 'attitude.roll': expect.closeTo(30, 3) },
      { 'attitude.pitch': expect.closeTo(20, 3) },
      { 'attitude.yaw': expect.closeTo(270, 3) },
    ]);
  });

  test('reads nested formats, and leaves out controllers, cells and motors that are not there', () => {
    const esc = Buffer.alloc(32);
    for (const [at, value] of [15.5, 3, 41].entries()) esc.writeFloatLE(value, at * 4);
    esc.writeInt32LE(6200, 12);
    const found = read(
      BEGIN,
      ...['esc_status', 'battery_status', 'actuator_motors'].map((topic, id) => subscription(id, topic)),
      data(0, 1, esc),
      floats(1, 2, [15.2, 0.5, 3.9, 3.75, 0]),
      floats(2, 3, [0.5, 0.625, Number.NaN, Number.NaN]),
    );
    expect(channelsOf(found)).toEqual([
      { 'esc.1.rpm': 6200, 'esc.1.voltage': 15.5, 'esc.1.current': 3, 'esc.1.temperature': 41 },
      {
        'battery.voltage': expect.closeTo(15.2),
        'battery.remaining': 50,
        'battery.cell1': expect.closeTo(3.9),
        'battery.cell2': 3.75,
      },
      { 'motor.1': 1500, 'motor.2': 1625 },
    ]);
  });

  test('takes pulses for outputs of motors only where the motors are not told', () => {
    const outputs = subscription(1, 'actuator_outputs');
    const pulses = (us: number) => floats(1, us, [1400, 0.5, 0, 1600]);
    expect(channelsOf(read(BEGIN, outputs, pulses(1)))).toEqual([{ 'motor.1': 1400, 'motor.4': 1600 }]);
    const both = read(
      BEGIN,
      outputs,
      subscription(2, 'actuator_motors'),
      floats(2, 1, [0, 0, 0, 0]),
      pulses(2),
    );
    expect(channelsOf(both)).toHaveLength(1);
  });

  test('reads states, with or without the padding of their message', () => {
    const found = read(
      BEGIN,
      subscription(1, 'vehicle_land_detected'),
      subscription(2, 'vehicle_status'),
      data(1, 1, Buffer.from([1])),
      data(1, 2, Buffer.alloc(8)),
      data(2, 3, Buffer.from([2, 14])),
      data(2, 4, Buffer.from([1, 14])),
    );
    expect(channelsOf(found)).toEqual([
      { 'vehicle.landed': 1 },
      { 'vehicle.landed': 0 },
      { 'vehicle.armed': 1, 'vehicle.mode': 14 },
      { 'vehicle.armed': 0, 'vehicle.mode': 14 },
    ]);
  });

  test('adds the clips of all IMUs', () => {
    const status = (id: number, us: number, clips: number) => {
      const rest = Buffer.alloc(16);
      rest.writeFloatLE(4, 0);
      rest.writeUInt32LE(clips, 8);
      return data(id, us, rest);
    };
    const imus = [0, 1].map((instance) => subscription(instance, 'vehicle_imu_status', instance));
    const found = read(BEGIN, ...imus, status(1, 1, 30), status(0, 2, 12));
    expect(channelsOf(found)).toEqual([{ 'vibration.z': 4, 'vibration.clips': 42 }]);
  });

  test('passes over topics that hold no channel, and counts what nobody subscribed', () => {
    const found = read(BEGIN, subscription(1, 'something_else'), floats(1, 1, [3]), floats(9, 2, [3]));
    expect([samplesOf(found), noiseOf(found)]).toEqual([[], ['undescribed']]);
  });

  test('reads on behind bytes that are no message', () => {
    const rubbish = Buffer.from([0, 0, 0, 255, 255, 9, 9]);
    const found = read(BEGIN, RATES, rates(1), rates(2), rubbish, rates(3), rates(4));
    // Nothing vouches for the message before the rubbish.
    expect(samplesOf(found).map(({ deviceMs }) => deviceMs)).toEqual([0.001, 0.003, 0.004]);
    expect(noiseOf(found)).toEqual(['bad-frame']);
  });

  test('believes no message that is longer or shorter than its format, and no topic without one', () => {
    const found = read(BEGIN, RATES, floats(7, 1, [1, 2]), subscription(8, 'cpuload'), rates(2));
    expect(noiseOf(found)).toEqual(['bad-body', 'bad-descriptor']);
    expect(samplesOf(found)).toHaveLength(1);
  });

  test('is the same however it is cut', () => {
    const log = Buffer.concat([BEGIN, RATES, rates(1), Buffer.from([0, 0, 1]), rates(3), rates(4)]);
    const whole = read(log);
    fc.assert(
      fc.property(fc.array(fc.nat(log.length), { maxLength: 20 }), (cuts) => {
        const decoder = new UlogDecoder('log');
        const places = [0, ...cuts.toSorted((a, b) => a - b), log.length];
        const found = places.flatMap((place, at) => decoder.decode(log.subarray(place, places[at + 1]), 5));
        expect([...found, ...decoder.finish(5)]).toEqual(whole);
      }),
    );
  });

  test('survives any change of its bytes, with finite values only', () => {
    const log = Buffer.concat([BEGIN, RATES, ...Array.from({ length: 20 }, (_, at) => rates(at * 1000))]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(log.length - 1), fc.nat(255)), { minLength: 1, maxLength: 30 }),
        (changes) => {
          const damaged = Buffer.from(log);
          for (const [at, value] of changes) damaged[at] = value;
          for (const item of read(damaged)) {
            if (item.kind === 'sample') expect(item.values.every(Number.isFinite)).toBe(true);
            if (item.kind === 'noise') expect(item.excerpt.length).toBeLessThanOrEqual(64);
          }
        },
      ),
    );
  });

  test('gives only channels of the vocabulary', () => {
    const found = read(
      BEGIN,
      subscription(1, 'vehicle_attitude'),
      floats(1, 1, [1, 0, 0, 0]),
      RATES,
      rates(2),
    );
    const names = samplesOf(found).flatMap((sample) => sample.names);
    expect(names.filter((name) => flightChannel(name) === undefined)).toEqual([]);
    expect(names).toHaveLength(6);
  });

  test('is recognised by its first bytes', () => {
    const decoder = createDecoder({ source: 'log', protocol: 'auto' });
    expect(channelsOf(decoder.decode(Buffer.concat([BEGIN, RATES, rates(1), rates(2)]), 0))).toHaveLength(1);
  });
});

describe('a format', () => {
  test.each([
    ['contains itself', { a: 'a x;' }],
    ['has more numbers than there can be', { a: 'b[1000] x;', b: 'float[1000] y;' }],
    ['names a type that nobody described', { a: 'b x;' }],
    ['is no format', { a: 'float;;x y z' }],
  ])('that %s is refused', (_, formats) => {
    expect(layoutOf('a', new Map(Object.entries(formats)))).toBeUndefined();
  });

  test('of ever more parts of nothing costs little', () => {
    const formats = new Map([
      ['z', ''],
      ...[...'abcdefg'].map(
        (name) => [name, `${String.fromCharCode(name.charCodeAt(0) + 1)}[9999] x;`] as const,
      ),
      ['h', ';'],
    ]);
    expect(layoutOf('a', formats)).toBeUndefined();
  });

  test('is refused beyond the number that is kept, as noise', () => {
    const many = Array.from({ length: 1030 }, (_, at) => format(`t${at}:uint64_t timestamp;`));
    expect(noiseOf(read(header(), flags(), ...many)).length).toBe(6);
  });
});
