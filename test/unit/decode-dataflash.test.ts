import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, describe as group, test } from 'vitest';
import { DataflashDecoder } from '../../src/decode/dataflash/decoder.ts';
import { createDecoder } from '../../src/decode/decoder.ts';
import { flightChannel } from '../../src/values/flight-channels.ts';
import type { Decoded, Sample } from '../../src/values/sample.ts';
import { describe, type MadeLayout, record } from '../support/dataflash-log.ts';

const ATT: MadeLayout = {
  type: 10,
  name: 'ATT',
  format: 'QccccCC',
  labels: 'TimeUS,DesRoll,Roll,DesPitch,Pitch,DesYaw,Yaw',
};
const RCOU: MadeLayout = { type: 11, name: 'RCOU', format: 'QHHHH', labels: 'TimeUS,C1,C2,C3,C4' };
const VIBE: MadeLayout = {
  type: 12,
  name: 'VIBE',
  format: 'QBfffI',
  labels: 'TimeUS,IMU,VibeX,VibeY,VibeZ,Clip',
};
const IMU: MadeLayout = { type: 13, name: 'IMU', format: 'QBfff', labels: 'TimeUS,I,GyrX,AccX,AccZ' };
const ESC: MadeLayout = { type: 14, name: 'ESC', format: 'QBff', labels: 'TimeUS,Instance,RPM,Temp' };
const EV: MadeLayout = { type: 15, name: 'EV', format: 'QB', labels: 'TimeUS,Id' };
const BCL: MadeLayout = { type: 16, name: 'BCL', format: 'QBHHH', labels: 'TimeUS,Instance,V1,V2,V3' };
const LAYOUTS = [ATT, RCOU, VIBE, IMU, ESC, EV, BCL];
const DESCRIPTIONS = Buffer.concat(LAYOUTS.map(describe));

const att = (timeUs: number, roll = 1) => record(ATT, [timeUs, 0, roll, 0, 2, 0, 300]);

function read(...parts: readonly Buffer[]): readonly Decoded[] {
  const decoder = new DataflashDecoder('log');
  return [...decoder.decode(Buffer.concat(parts), 5), ...decoder.finish(5)];
}
const samplesOf = (found: readonly Decoded[]): Sample[] => found.filter((item) => item.kind === 'sample');
const channelsOf = (found: readonly Decoded[]) =>
  samplesOf(found).map(({ names, values }) =>
    Object.fromEntries(names.map((name, at) => [name, values[at]])),
  );
const noiseOf = (found: readonly Decoded[]) =>
  found.flatMap((item) => (item.kind === 'noise' ? [[item.reason, item.sizeBytes]] : []));

group('a DataFlash log', () => {
  test('is read by its own description, in the units of the flight channels and at its own time', () => {
    const [sample] = samplesOf(read(DESCRIPTIONS, record(ATT, [1_500_000, -3.5, 1.25, 0, 2, 10, 300])));
    expect(sample).toMatchObject({ source: 'log', monoMs: 5, deviceMs: 1500 });
    expect(Object.fromEntries(sample?.names.map((name, at) => [name, sample.values[at]]) ?? [])).toEqual({
      'attitude.roll': 1.25,
      'attitude.pitch': 2,
      'attitude.yaw': 300,
      'attitude.rollDemand': -3.5,
      'attitude.pitchDemand': 0,
      'attitude.yawDemand': 10,
    });
  });

  test('leaves out outputs, cells and controllers that are not there', () => {
    const found = read(
      DESCRIPTIONS,
      record(RCOU, [1, 1500, 1600, 0, 0]),
      record(BCL, [2, 0, 4100, 4050, 65_535]),
      record(ESC, [3, 0, 0, 0]),
      record(ESC, [4, 3, 5000, 40]),
    );
    expect(channelsOf(found)).toEqual([
      { 'motor.1': 1500, 'motor.2': 1600 },
      { 'battery.cell1': expect.closeTo(4.1), 'battery.cell2': expect.closeTo(4.05) },
      { 'esc.4.rpm': 5000, 'esc.4.temperature': 40 },
    ]);
  });

  test('counts sensors from one, turns rad/s to deg/s and adds the clips of all IMUs', () => {
    const found = read(
      DESCRIPTIONS,
      record(VIBE, [1, 1, 9, 9, 9, 4]),
      record(VIBE, [2, 0, 1, 2, 3, 3]),
      record(IMU, [3, 2, Math.PI, 1, -9.8]),
    );
    expect(channelsOf(found)).toEqual([
      { 'vibration.x': 1, 'vibration.y': 2, 'vibration.z': 3, 'vibration.clips': 7 },
      { 'imu.3.gyroX': expect.closeTo(180, 3), 'imu.3.accelX': 1, 'imu.3.accelZ': expect.closeTo(-9.8) },
    ]);
  });

  test('tells from its events when it was armed and in the air', () => {
    const found = read(DESCRIPTIONS, ...[10, 28, 18, 11, 99].map((id, at) => record(EV, [at, id])));
    expect(channelsOf(found)).toEqual([
      { 'vehicle.armed': 1 },
      { 'vehicle.landed': 0 },
      { 'vehicle.landed': 1 },
      { 'vehicle.armed': 0 },
    ]);
  });

  test('gives the same array of names for the same channels', () => {
    const [first, , third] = samplesOf(read(DESCRIPTIONS, att(1), record(EV, [2, 10]), att(3)));
    expect(third?.names).toBe(first?.names);
  });

  test('reads on behind bytes that are no record, and counts them once', () => {
    const rubbish = Buffer.from([0xff, 0xa3, 0x95, 200, 1, 2, 3]);
    const found = read(DESCRIPTIONS, att(1), rubbish, att(2), att(3));
    // Nothing vouches for the record before the rubbish: it has no checksum.
    expect(channelsOf(found)).toHaveLength(2);
    expect(noiseOf(found)).toEqual([['bad-frame', att(1).length + rubbish.length]]);
  });

  test('counts a record that was cut off at its end', () => {
    const found = read(DESCRIPTIONS, att(1), att(2).subarray(0, 10));
    expect(channelsOf(found)).toHaveLength(1);
    expect(noiseOf(found)).toEqual([['bad-frame', 10]]);
  });

  test('passes over records whose description contradicts itself', () => {
    const liar = { ...ATT, type: 20, sizeBytes: 12 };
    const body = Buffer.concat([Buffer.from([0xa3, 0x95, 20]), Buffer.alloc(9, 0xa3)]);
    const found = read(DESCRIPTIONS, describe(liar), body, att(1));
    expect(noiseOf(found)).toEqual([['bad-descriptor', 89]]);
    expect(channelsOf(found)).toHaveLength(1);
  });

  test('believes no time that falls back or leaps, unless the next record agrees with it', () => {
    const hours = 7_200_000_000;
    const found = read(
      DESCRIPTIONS,
      att(hours),
      att(9e15),
      att(hours + 1000),
      att(5000),
      att(6000),
      att(7000),
    );
    expect(samplesOf(found).map(({ deviceMs }) => deviceMs)).toEqual([7_200_000, 7_200_001, 6, 7]);
    expect(noiseOf(found)).toHaveLength(2);
  });

  test('is the same however it is cut', () => {
    const log = Buffer.concat([
      DESCRIPTIONS,
      att(1),
      record(EV, [2, 10]),
      Buffer.from([0xa3, 1]),
      att(3),
      att(4),
    ]);
    const whole = read(log);
    fc.assert(
      fc.property(fc.array(fc.nat(log.length), { maxLength: 20 }), (cuts) => {
        const decoder = new DataflashDecoder('log');
        const places = [0, ...cuts.toSorted((a, b) => a - b), log.length];
        const found = places.flatMap((place, at) => decoder.decode(log.subarray(place, places[at + 1]), 5));
        expect([...found, ...decoder.finish(5)]).toEqual(whole);
      }),
    );
  });

  test('survives any change of its bytes, with finite values and every byte of a record accounted for', () => {
    const log = Buffer.concat([DESCRIPTIONS, ...Array.from({ length: 20 }, (_, at) => att(at * 1000))]);
    const change = fc.tuple(fc.nat(log.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 30 }), (changes) => {
        const damaged = Buffer.from(log);
        for (const [at, value] of changes) damaged[at] = value;
        for (const item of read(damaged)) {
          if (item.kind === 'sample') expect(item.values.every(Number.isFinite)).toBe(true);
          if (item.kind === 'noise') expect(item.excerpt.length).toBeLessThanOrEqual(64);
        }
      }),
    );
  });

  test('costs nothing to be none: random bytes make no record', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), (bytes) => {
        expect(samplesOf(read(Buffer.from(bytes)))).toEqual([]);
      }),
    );
  });

  test('is recognised by its first bytes', () => {
    const decoder = createDecoder({ source: 'log', protocol: 'auto' });
    const found = decoder.decode(Buffer.concat([DESCRIPTIONS, att(1), att(2)]), 0);
    expect(channelsOf(found)).toHaveLength(1);
    expect(channelsOf(createDecoder({ source: 'log', protocol: 'text' }).decode(DESCRIPTIONS, 0))).toEqual(
      [],
    );
  });
});

const drones = join(import.meta.dirname, '../../../shared/data/drones');

group.skipIf(!existsSync(drones))('the recorded flights (needs ../shared/data/drones)', () => {
  const files = ['real', 'sitl'].flatMap((folder) =>
    readdirSync(join(drones, folder)).map((name) => join(drones, folder, name)),
  );

  test.each([files[0], files.at(-1)])('%s is read whole, but for a record that was cut off', (path) => {
    const found = read(readFileSync(path ?? ''));
    const auto = createDecoder({ source: 'log', protocol: 'auto' });
    expect([...auto.decode(readFileSync(path ?? ''), 5), ...auto.finish(5)].length).toBe(found.length);
    expect(noiseOf(found).filter(([reason, size]) => reason !== 'bad-frame' || Number(size) > 89)).toEqual(
      [],
    );
    const names = new Set(samplesOf(found).flatMap((sample) => sample.names));
    expect([...names].filter((name) => flightChannel(name) === undefined)).toEqual([]);
    expect([...names]).toEqual(
      expect.arrayContaining(['rate.roll', 'motor.4', 'imu.2.accelZ', 'vibration.z']),
    );
  });
});
