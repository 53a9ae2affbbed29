import { describe, expect, test } from 'vitest';
import { createDecoder } from '../../src/decode/decoder.ts';
import { MavlinkDecoder } from '../../src/decode/mavlink/decoder.ts';
import { flightChannel } from '../../src/values/flight-channels.ts';
import type { Decoded } from '../../src/values/sample.ts';
import { joined, MavlinkVehicle, rawPacket, recorded } from '../support/mavlink-vehicle.ts';

const PX4 = 12;
const DEGREE = Math.PI / 180;

function decode(...packets: Uint8Array[]): Decoded[] {
  const decoder = new MavlinkDecoder({ source: 'fc' });
  return [...decoder.decode(joined(...packets), 1000), ...decoder.finish(2000)];
}

/** The channels of one message, behind a heartbeat and a time. */
function channelsOf(message: string, fields: Record<string, number>, autopilot = 3): Record<string, number> {
  const v = new MavlinkVehicle({ autopilot });
  const samples = decode(v.heartbeat(), v.attitude(500), v.say(message, fields)).filter(
    (item) => item.kind === 'sample',
  );
  const sample = samples[2];
  for (const name of sample?.names ?? []) expect(flightChannel(name), name).toBeDefined();
  return Object.fromEntries(
    (sample?.names ?? []).map((name, at) => [name, sample?.values[at] ?? Number.NaN]),
  );
}

const textsOf = (items: readonly Decoded[]) =>
  items.flatMap((item) => (item.kind === 'log' ? [`${item.level} ${item.text}`] : []));

describe('a message becomes channels of the flight', () => {
  test('attitude in degrees, the compass from 0 to 360', () => {
    const channels = channelsOf('ATTITUDE', { roll: 10 * DEGREE, yaw: -90 * DEGREE, rollspeed: DEGREE });
    expect(channels['attitude.roll']).toBeCloseTo(10, 4);
    expect(channels['attitude.yaw']).toBeCloseTo(270, 4);
    expect(channels['rate.roll']).toBeCloseTo(1, 4);
  });

  test('what the controller does not follow is no demand', () => {
    const channels = channelsOf('ATTITUDE_TARGET', { type_mask: 128 + 1, body_pitch_rate: DEGREE });
    expect(Object.keys(channels)).toEqual(['rate.pitchDemand', 'rate.yawDemand']);
    expect(channels['rate.pitchDemand']).toBeCloseTo(1, 4);
  });

  test('outputs that are not in use are no motors, nor are those of another port', () => {
    const fields = { servo1_raw: 1500, servo3_raw: 1600, servo4_raw: 65_535, servo16_raw: 1100 };
    expect(channelsOf('SERVO_OUTPUT_RAW', fields)).toEqual({
      'motor.1': 1500,
      'motor.3': 1600,
      'motor.16': 1100,
    });
    expect(channelsOf('SERVO_OUTPUT_RAW', { ...fields, port: 1 })).toEqual({});
  });

  test('an unknown value is none', () => {
    const fields = { voltage_battery: 65_535, current_battery: -1, battery_remaining: -1, load: 425 };
    expect(channelsOf('SYS_STATUS', fields)).toEqual({ 'vehicle.load': 42.5 });
    expect(channelsOf('GPS_RAW_INT', { fix_type: 1, satellites_visible: 255, eph: 65_535 })).toEqual({
      'gnss.fix': 1,
    });
  });

  test('vibration counts the clips of all sensors, and has one axis from PX4', () => {
    const fields = { vibration_x: 1, vibration_y: 2, vibration_z: 3, clipping_0: 4, clipping_2: 5 };
    expect(channelsOf('VIBRATION', fields)).toMatchObject({ 'vibration.x': 1, 'vibration.clips': 9 });
    expect(channelsOf('VIBRATION', fields, PX4)).toEqual({ 'vibration.z': 3, 'vibration.clips': 9 });
  });

  test('armed and landed are states of 0 and 1, and not known is neither', () => {
    expect(channelsOf('HEARTBEAT', { autopilot: 3, base_mode: 0x80, custom_mode: 5 })).toEqual({
      'vehicle.armed': 1,
      'vehicle.mode': 5,
    });
    const landed = (state: number) => channelsOf('EXTENDED_SYS_STATE', { landed_state: state });
    expect([0, 1, 2, 4].map(landed)).toEqual([
      {},
      { 'vehicle.landed': 1 },
      { 'vehicle.landed': 0 },
      { 'vehicle.landed': 0 },
    ]);
  });

  test('an IMU in its units', () => {
    const channels = channelsOf('RAW_IMU', {
      zacc: -1000,
      xgyro: 1000,
      xmag: 300,
      ymag: 400,
      temperature: 4200,
    });
    expect(channels['imu.1.accelZ']).toBeCloseTo(-9.80665, 6);
    expect(channels['imu.1.gyroX']).toBeCloseTo(1 / DEGREE, 6);
    expect(channels['compass.1.field']).toBe(500);
    expect(channels['imu.1.temperature']).toBe(42);
    expect(Object.keys(channelsOf('HIGHRES_IMU', { fields_updated: 0x07, id: 1 }))).toEqual([
      'imu.2.accelX',
      'imu.2.accelY',
      'imu.2.accelZ',
    ]);
  });

  test('speed controllers by their number, those that are not there left out', () => {
    const escs = new Uint8Array(57);
    const view = new DataView(escs.buffer);
    view.setInt32(8, -4000, true);
    escs[56] = 4;
    const v = new MavlinkVehicle({ autopilot: PX4 });
    const packet = rawPacket({ id: 291, payload: escs, sequence: 2 });
    const sample = decode(v.heartbeat(), v.attitude(1), packet).findLast((item) => item.kind === 'sample');
    expect(sample).toMatchObject({
      names: ['esc.5.rpm', 'esc.5.voltage', 'esc.5.current'],
      values: [-4000, 0, 0],
    });
  });

  test('cells of a battery that is measured cell by cell', () => {
    const payload = new Uint8Array(36);
    const view = new DataView(payload.buffer);
    view.setInt32(0, 1500, true);
    view.setInt16(8, 32_767, true);
    for (let slot = 0; slot < 10; slot++)
      view.setUint16(10 + 2 * slot, slot < 2 ? 3700 + slot : 65_535, true);
    const namesOf = () => {
      const v = new MavlinkVehicle();
      const packet = rawPacket({ id: 147, payload, sequence: 2 });
      const sample = decode(v.heartbeat(), v.attitude(1), packet).findLast((item) => item.kind === 'sample');
      return Object.fromEntries((sample?.names ?? []).map((name, at) => [name, sample?.values[at]]));
    };
    expect(namesOf()).toEqual({ 'battery.used': 1500, 'battery.cell1': 3.7, 'battery.cell2': 3.701 });
    view.setUint16(12, 65_535, true);
    expect(namesOf()).toEqual({ 'battery.used': 1500 });
  });

  test('names are one array for as long as the channels are the same', () => {
    const v = new MavlinkVehicle();
    const found = decode(v.heartbeat(), v.attitude(1), v.attitude(2)).filter(
      (item) => item.kind === 'sample',
    );
    expect(found[2]?.names).toBe(found[1]?.names);
  });
});

describe('of several vehicles', () => {
  const [one, two] = [new MavlinkVehicle({ system: 3 }), new MavlinkVehicle({ system: 9 })];
  const rollsOf = (items: readonly Decoded[]) =>
    items.flatMap((item) => (item.kind === 'sample' && item.values.length === 6 ? [item.values[0]] : []));

  test('the lowest number is read, whoever speaks first', () => {
    const packets = [two.heartbeat(), one.heartbeat(), two.attitude(1, DEGREE), one.attitude(1)];
    expect(rollsOf(decode(...packets))).toEqual([0]);
    expect(rollsOf(decode(one.heartbeat(), two.heartbeat(), two.attitude(1, 1), one.attitude(1)))).toEqual([
      0,
    ]);
  });

  test('the chosen one stays after the first seconds', () => {
    const decoder = new MavlinkDecoder({ source: 'fc' });
    decoder.decode(two.heartbeat(), 0);
    decoder.decode(one.heartbeat(), 60_000);
    expect(rollsOf(decoder.decode(joined(one.attitude(1, 1), two.attitude(1)), 60_000))).toEqual([0]);
  });

  test('the configured one is read', () => {
    const decoder = new MavlinkDecoder({ source: 'fc', mavlink: { system: 9 } });
    decoder.decode(joined(one.heartbeat(), two.heartbeat()), 0);
    expect(rollsOf(decoder.decode(joined(one.attitude(1, 1), two.attitude(1)), 0))).toEqual([0]);
  });

  test('a ground station, a camera and the other parts of the vehicle are none', () => {
    const station = new MavlinkVehicle({ system: 1, component: 190, autopilot: 8 });
    const gimbal = new MavlinkVehicle({ system: 9, component: 154, autopilot: 8 });
    const packets = [station.heartbeat(), two.heartbeat(), gimbal.attitude(1, 1), two.attitude(1)];
    expect(rollsOf(decode(...packets))).toEqual([0]);
  });
});

describe('time', () => {
  test('of samples is that since boot, also for those before the first one that tells it', () => {
    const v = new MavlinkVehicle();
    const samples = decode(v.heartbeat(), v.attitude(7000), v.say('VFR_HUD', { throttle: 40 }));
    expect(samples.flatMap((item) => (item.kind === 'sample' ? [item.deviceMs] : []))).toEqual([
      7000, 7000, 7000,
    ]);
  });

  test('of a recording is that of the recording', () => {
    const v = new MavlinkVehicle();
    const startMs = Date.UTC(2025, 0, 1);
    const found = decode(recorded(startMs, v.heartbeat()), recorded(startMs + 20, v.attitude(7000)));
    expect(found.flatMap((item) => (item.kind === 'sample' ? [item.deviceMs] : []))).toEqual([
      startMs,
      startMs + 20,
    ]);
  });

  test('that falls back is a new boot', () => {
    const v = new MavlinkVehicle();
    expect(textsOf(decode(v.heartbeat(), v.attitude(9000), v.attitude(8500), v.attitude(10)))).toEqual([
      'info reads vehicle 1, component 1 (autopilot 3, type 2)',
      'warning the autopilot was restarted',
    ]);
  });

  const DAY_MS = Date.UTC(2026, 10, 20);
  const timesAfter = (fix: number | undefined, recordedMs?: number) => {
    const v = new MavlinkVehicle();
    const packets = [v.heartbeat()];
    if (fix !== undefined) packets.push(v.say('GPS_RAW_INT', { fix_type: fix }));
    packets.push(v.say('SYSTEM_TIME', { time_unix_usec: DAY_MS * 1000, time_boot_ms: 5 }));
    const sent = recordedMs === undefined ? packets : packets.map((packet) => recorded(recordedMs, packet));
    return decode(...sent).filter((item) => item.kind === 'time');
  };

  test('of day is told with a fix', () => {
    expect(timesAfter(3)).toEqual([
      { kind: 'time', source: 'fc', monoMs: 1000, wallMs: DAY_MS, errorMs: 1000 },
    ]);
  });

  test('of day is never told without a fix, nor out of a recording', () => {
    expect([timesAfter(undefined), timesAfter(2), timesAfter(1), timesAfter(3, DAY_MS)]).toEqual([
      [],
      [],
      [],
      [],
    ]);
  });
});

describe('what else is told', () => {
  test('texts of the vehicle, put together from their pieces', () => {
    const chunk = (sequence: number, text: string, id: number, part: number, severity = 4) => {
      const payload = new Uint8Array(54);
      payload[0] = severity;
      payload.set(Buffer.from(text), 1);
      payload.set([id & 0xff, id >> 8, part], 51);
      return rawPacket({ id: 253, payload, sequence });
    };
    const long = 'x'.repeat(50);
    const v = new MavlinkVehicle();
    const found = decode(
      v.heartbeat(),
      chunk(1, 'PreArm: \u0007 bad', 0, 0, 2),
      chunk(2, long, 7, 0),
      chunk(3, 'end', 7, 1),
      chunk(4, long, 8, 0),
      chunk(5, 'late', 8, 2),
      chunk(6, long, 9, 0, 6),
    );
    expect(textsOf(found).slice(1)).toEqual([
      'error PreArm: . bad',
      `warning ${long}end`,
      `warning ${long}…late`,
      `info ${long}`,
    ]);
  });

  test('losses, as samples where they are the vehicle’s', () => {
    const v = new MavlinkVehicle();
    const packets = [v.heartbeat()];
    v.lose(3);
    packets.push(v.attitude(1));
    expect(decode(...packets).filter((item) => item.kind === 'loss')).toEqual([
      { kind: 'loss', source: 'fc', monoMs: 1000, where: 'wire', stream: '1.1', frames: 3, samples: 3 },
    ]);
  });

  test('noise while no packet comes, so that a wrong baud rate shows', () => {
    const decoder = new MavlinkDecoder({ source: 'fc' });
    expect(decoder.decode(new Uint8Array(1000).fill(0x55), 0)).toEqual([]);
    expect(decoder.tick(250)).toMatchObject([{ kind: 'noise', reason: 'bad-frame', sizeBytes: 1000 }]);
    expect(decoder.tick(500)).toEqual([]);
  });
});

describe('a port on which nobody said what is spoken', () => {
  test('is recognised as MAVLink, and nothing is lost', () => {
    const v = new MavlinkVehicle();
    const bytes = joined(v.heartbeat(), v.attitude(1), v.attitude(2), v.attitude(3));
    const decoder = createDecoder({ source: 'fc', protocol: 'auto' });
    expect(decoder.decode(bytes, 0).filter((item) => item.kind === 'sample').length).toBe(4);
  });

  test('is recognised as a recording of a ground station', () => {
    const v = new MavlinkVehicle();
    const packets = [v.heartbeat(), v.attitude(1), v.attitude(2)];
    const bytes = joined(...packets.map((packet, at) => recorded(Date.UTC(2025, 0, 1) + at, packet)));
    const decoder = createDecoder({ source: 'fc', protocol: 'auto' });
    const found = [...decoder.decode(bytes, 0), ...decoder.finish(0)];
    expect(found.map(({ kind }) => kind)).toEqual(['log', 'sample', 'sample', 'sample']);
  });
});
