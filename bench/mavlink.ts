import { seededRandom } from '../demo/noise.ts';
import { MavlinkDecoder } from '../src/decode/mavlink/decoder.ts';
import { encodePacket } from '../src/decode/mavlink/encode.ts';
import { hasNodeMavlink, loadNodeMavlink, nodePackets } from '../test/support/node-mavlink.ts';
import type { Bench, Part } from './part.ts';
import { alternate } from './repeat.ts';
import type { Row } from './row.ts';
import { formatNumber, median, rangesText } from './statistics.ts';

/** MAVLink from bytes to values, against node-mavlink on the same bytes; and bytes that are none, against a bare scan. */
export const mavlink: Part = { name: 'mavlink', measure };

const MESSAGES = 100_000;
const RUNS = 5;
const CHUNK_SIZE = 4096;
const NOISE_SIZE_MB = 10;

async function measure(bench: Bench): Promise<Row[]> {
  return [...(await measureRate(bench)), await measureNoise(bench)];
}

async function measureRate(bench: Bench): Promise<Row[]> {
  if (!hasNodeMavlink) {
    bench.say('the comparison needs node-mavlink: sh test/system/install-npm.sh');
    return [];
  }
  bench.say(`${MESSAGES} messages, ${RUNS} runs each`);
  const bytes = telemetry();
  const runs = { own: async () => readOwn(bytes), theirs: () => readWithNodeMavlink(bytes) };
  await alternate(runs, 1);
  const seconds = await alternate(runs, RUNS);
  const [own, theirs] = [seconds.own.map((s) => MESSAGES / s), seconds.theirs.map((s) => MESSAGES / s)];
  return [
    {
      name: 'MAVLink to samples',
      value: median(own) / 1000,
      unit: 'k messages/s',
      baseline: median(theirs) / 1000,
      note: `bare: node-mavlink to objects, of the same ${formatNumber(bytes.length / 1e6)} MB; ${rangesText(own, theirs)}`,
    },
  ];
}

/** @returns seconds */
function readOwn(bytes: Uint8Array): number {
  const decoder = new MavlinkDecoder({ source: 'bench' });
  let count = 0;
  const startMs = performance.now();
  for (let from = 0; from < bytes.length; from += CHUNK_SIZE)
    for (const item of decoder.decode(bytes.subarray(from, from + CHUNK_SIZE), from))
      if (item.kind === 'sample') count++;
  const seconds = (performance.now() - startMs) / 1000;
  if (count !== MESSAGES) throw new Error(`${count} samples of ${MESSAGES} messages`);
  return seconds;
}

async function readWithNodeMavlink(bytes: Uint8Array): Promise<number> {
  const { MavLinkPacketSplitter, MavLinkPacketParser, classOf } = loadNodeMavlink();
  let count = 0;
  const startMs = performance.now();
  await nodePackets(new MavLinkPacketSplitter(), new MavLinkPacketParser(), bytes, (packet) => {
    const message = classOf(packet.header.msgid);
    if (message !== undefined && packet.protocol.data(packet.payload, message) !== undefined) count++;
  });
  const seconds = (performance.now() - startMs) / 1000;
  if (count !== MESSAGES) throw new Error(`node-mavlink read ${count} of ${MESSAGES} messages`);
  return seconds;
}

/** What an autopilot sends in flight, in about the proportions that it is asked for. */
function telemetry(): Uint8Array {
  const random = seededRandom(1);
  const messages = [
    ...[
      'ATTITUDE',
      'SERVO_OUTPUT_RAW',
      'RAW_IMU',
      'ATTITUDE_TARGET',
      'ATTITUDE',
      'SERVO_OUTPUT_RAW',
      'RAW_IMU',
    ],
    ...['VIBRATION', 'VFR_HUD', 'GLOBAL_POSITION_INT', 'SYS_STATUS', 'GPS_RAW_INT', 'EKF_STATUS_REPORT'],
  ];
  const fields: Readonly<Record<string, readonly string[]>> = {
    ATTITUDE: ['roll', 'pitch', 'yaw', 'rollspeed', 'pitchspeed', 'yawspeed'],
    SERVO_OUTPUT_RAW: ['servo1_raw', 'servo2_raw', 'servo3_raw', 'servo4_raw'],
    RAW_IMU: ['xacc', 'yacc', 'zacc', 'xgyro', 'ygyro', 'zgyro', 'xmag', 'ymag', 'zmag'],
    ATTITUDE_TARGET: ['body_roll_rate', 'body_pitch_rate', 'body_yaw_rate'],
    VIBRATION: ['vibration_x', 'vibration_y', 'vibration_z', 'clipping_0'],
    VFR_HUD: ['groundspeed', 'airspeed', 'throttle', 'climb'],
    GLOBAL_POSITION_INT: ['relative_alt', 'vz', 'lat', 'lon'],
    SYS_STATUS: ['voltage_battery', 'current_battery', 'load'],
    GPS_RAW_INT: ['eph', 'satellites_visible', 'fix_type'],
    EKF_STATUS_REPORT: ['velocity_variance', 'pos_horiz_variance', 'compass_variance'],
  };
  const say = (message: string, at: number) =>
    encodePacket({
      ...{ message, system: 1, component: 1, sequence: at & 0xff },
      fields: Object.fromEntries(
        (fields[message] ?? []).map((name) => [name, 1 + Math.floor(random() * 100)]),
      ),
    });
  const heartbeat = encodePacket({
    ...{ message: 'HEARTBEAT', system: 1, component: 1, sequence: 0 },
    fields: { type: 2, autopilot: 3, mavlink_version: 3 },
  });
  const rest = Array.from({ length: MESSAGES - 1 }, (_, at) =>
    say(messages[at % messages.length] ?? '', at + 1),
  );
  return new Uint8Array(Buffer.concat([heartbeat, ...rest]));
}

/** NMEA on a port that is read as MAVLink. */
async function measureNoise(bench: Bench): Promise<Row> {
  bench.say(`${NOISE_SIZE_MB} MB of NMEA, ${RUNS} runs each`);
  const line = '$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n';
  const chunk = Buffer.from(line.repeat(Math.ceil(CHUNK_SIZE / line.length))).subarray(0, CHUNK_SIZE);
  const chunkCount = (NOISE_SIZE_MB * 1e6) / CHUNK_SIZE;
  let found = 0;
  const timed = (take: (bytes: Uint8Array) => number) => async () => {
    const startMs = performance.now();
    for (let count = 0; count < chunkCount; count++) found += take(chunk);
    return performance.now() - startMs;
  };
  const decoder = new MavlinkDecoder({ source: 'bench' });
  const runs = {
    own: timed((bytes) => decoder.decode(bytes, 0).length),
    scan: timed((bytes) => {
      let starts = 0;
      for (let at = 0; at < bytes.length; at++) if (bytes[at] === 0xfd || bytes[at] === 0xfe) starts++;
      return starts;
    }),
  };
  await alternate(runs, 1);
  const { own, scan } = await alternate(runs, RUNS);
  if (found !== 0) throw new Error('there is no MAVLink in NMEA');
  return {
    name: `MAVLink, ${NOISE_SIZE_MB} MB that are none`,
    value: median(own),
    unit: 'ms',
    baseline: median(scan),
    note: `bare: looks at each byte once; ${rangesText(own, scan)}`,
  };
}
