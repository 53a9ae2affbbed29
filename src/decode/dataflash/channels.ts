import type { FlightChannelName } from '../../values/flight-channels.ts';
import type { ChannelValues } from '../recorded-samples.ts';
import { type Layout, numberIn } from './layout.ts';

/**
 * Which column of which record is which channel of a flight (ArduPilot, "Onboard Message Log Messages"). Where a record
 * is written for each sensor of a kind, all of them or the first one are read.
 */

export interface RecordChannels {
  /** Columns that may say which sensor it is, from 0; a record without any is about the first. */
  readonly instance?: readonly string[];
  /** Only the first sensor is read. */
  readonly isFirstOnly?: boolean;
  /** Column and factor by channel, `#` being the sensor's number from 1. */
  readonly columns: Readonly<Record<string, Column>>;
  /** A record with nothing but zeros is of a sensor that is not there. */
  readonly isZeroAbsent?: boolean;
}

type Column =
  | string
  | { readonly column: string; readonly factor: number; readonly absent?: readonly number[] };

const DEG_PER_RAD = 180 / Math.PI;
/** Outputs in an RCOU record, and cells in a BCL record, at most. */
const OUTPUTS_MAX = 14;
const CELLS_MAX = 12;

const scaled = (column: string, factor: number): Column => ({ column, factor });
const variances: RecordChannels = {
  instance: ['C'],
  isFirstOnly: true,
  columns: { 'ekf.velocity': 'SV', 'ekf.position': 'SP', 'ekf.height': 'SH', 'ekf.compass': 'SM' },
};

const RECORDS: Readonly<Record<string, RecordChannels>> = {
  ATT: {
    columns: {
      'attitude.roll': 'Roll',
      'attitude.pitch': 'Pitch',
      'attitude.yaw': 'Yaw',
      'attitude.rollDemand': 'DesRoll',
      'attitude.pitchDemand': 'DesPitch',
      'attitude.yawDemand': 'DesYaw',
    },
  },
  RATE: {
    columns: {
      'rate.roll': 'R',
      'rate.pitch': 'P',
      'rate.yaw': 'Y',
      'rate.rollDemand': 'RDes',
      'rate.pitchDemand': 'PDes',
      'rate.yawDemand': 'YDes',
    },
  },
  RCOU: {
    columns: numbered(OUTPUTS_MAX, (number) => [
      `motor.${number}`,
      { column: `C${number}`, factor: 1, absent: [0] },
    ]),
  },
  VIBE: {
    instance: ['IMU'],
    isFirstOnly: true,
    columns: { 'vibration.x': 'VibeX', 'vibration.y': 'VibeY', 'vibration.z': 'VibeZ' },
  },
  IMU: {
    instance: ['I'],
    columns: {
      'imu.#.accelX': 'AccX',
      'imu.#.accelY': 'AccY',
      'imu.#.accelZ': 'AccZ',
      'imu.#.gyroX': scaled('GyrX', DEG_PER_RAD),
      'imu.#.gyroY': scaled('GyrY', DEG_PER_RAD),
      'imu.#.gyroZ': scaled('GyrZ', DEG_PER_RAD),
      'imu.#.temperature': 'T',
    },
  },
  BAT: {
    instance: ['Instance', 'Inst', 'I'],
    isFirstOnly: true,
    columns: {
      'battery.voltage': 'Volt',
      'battery.current': 'Curr',
      'battery.used': 'CurrTot',
      'battery.remaining': { column: 'RemPct', factor: 1, absent: [255] },
      'battery.temperature': { column: 'Temp', factor: 1, absent: [0] },
    },
  },
  BCL: {
    instance: ['Instance', 'Inst', 'I'],
    isFirstOnly: true,
    columns: numbered(CELLS_MAX, (number) => [
      `battery.cell${number}`,
      { column: `V${number}`, factor: 1e-3, absent: [0, 65_535] },
    ]),
  },
  ESC: {
    instance: ['Instance', 'I'],
    isZeroAbsent: true,
    columns: {
      'esc.#.rpm': 'RPM',
      'esc.#.voltage': 'Volt',
      'esc.#.current': 'Curr',
      'esc.#.temperature': 'Temp',
    },
  },
  GPS: {
    instance: ['I'],
    isFirstOnly: true,
    columns: {
      'gnss.fix': 'Status',
      'gnss.satellites': 'NSats',
      'gnss.hdop': 'HDop',
      'vehicle.groundSpeed': 'Spd',
    },
  },
  XKF4: variances,
  NKF4: variances,
  XKF1: { instance: ['C'], isFirstOnly: true, columns: { 'vehicle.climb': scaled('VD', -1) } },
  POWR: { columns: { 'power.board': 'Vcc' } },
  ARM: { columns: { 'vehicle.armed': 'ArmState' } },
  MODE: { columns: { 'vehicle.mode': 'ModeNum' } },
  POS: { columns: { 'vehicle.altitude': 'RelHomeAlt' } },
  CTUN: { columns: { 'vehicle.throttle': scaled('ThO', 100) } },
  ARSP: { instance: ['I'], isFirstOnly: true, columns: { 'vehicle.airSpeed': 'Airspeed' } },
  PM: { columns: { 'vehicle.load': scaled('Load', 0.1) } },
};

/** What the events of the log say about the state of the vehicle (ArduPilot, LogEvent). */
const EVENTS: ReadonlyMap<number, readonly [FlightChannelName, number]> = new Map([
  [10, ['vehicle.armed', 1]],
  [15, ['vehicle.armed', 1]],
  [11, ['vehicle.armed', 0]],
  [18, ['vehicle.landed', 1]],
  [28, ['vehicle.landed', 0]],
]);

/** Reads the records of one log; it knows what each sensor has said for channels that are the sum of several. */
export class ChannelReader {
  /** Clipped samples by IMU. */
  readonly #clips = new Map<number, number>();

  /** @returns nothing for records that hold no channel */
  read(record: DataView, layout: Layout): ChannelValues {
    if (layout.name === 'EV') return eventValues(numberIn(record, layout, 'Id'));
    if (layout.name === 'MAG') return compassValues(record, layout);
    const channels = Object.hasOwn(RECORDS, layout.name) ? RECORDS[layout.name] : undefined;
    if (channels === undefined) return [];
    const values = valuesOf(record, layout, channels);
    return layout.name === 'VIBE' ? [...values, ...this.#clipValues(record, layout)] : values;
  }

  /** Of all IMUs together, once the first has been heard; older logs have them in one record. */
  #clipValues(record: DataView, layout: Layout): ChannelValues {
    const instance = instanceOf(record, layout, ['IMU']);
    const older = ['Clip0', 'Clip1', 'Clip2'].map((column) => numberIn(record, layout, column));
    if (layout.fields.has('Clip')) this.#clips.set(instance, numberIn(record, layout, 'Clip'));
    else for (const [index, clips] of older.entries()) this.#clips.set(index, clips);
    const total = [...this.#clips.values()].reduce((sum, clips) => sum + clips, 0);
    return instance === 0 && Number.isFinite(total) ? [['vibration.clips', total]] : [];
  }
}

function valuesOf(record: DataView, layout: Layout, channels: RecordChannels): ChannelValues {
  const instance = instanceOf(record, layout, channels.instance ?? []);
  if (channels.isFirstOnly === true && instance !== 0) return [];
  const values = Object.entries(channels.columns).flatMap(([channel, choice]) => {
    const { column, factor, absent } =
      typeof choice === 'string' ? { column: choice, factor: 1, absent: [] } : { absent: [], ...choice };
    const raw = numberIn(record, layout, column);
    if (!Number.isFinite(raw) || absent.includes(raw)) return [];
    return [[channel.replace('#', String(instance + 1)), raw * factor] as const];
  });
  const isAbsent = channels.isZeroAbsent === true && values.every(([, value]) => value === 0);
  return isAbsent ? [] : values;
}

function instanceOf(record: DataView, layout: Layout, columns: readonly string[]): number {
  const column = columns.find((name) => layout.fields.has(name));
  return column === undefined ? 0 : numberIn(record, layout, column);
}

function eventValues(id: number): ChannelValues {
  const event = EVENTS.get(id);
  return event === undefined ? [] : [event];
}

function compassValues(record: DataView, layout: Layout): ChannelValues {
  const field = Math.hypot(...['MagX', 'MagY', 'MagZ'].map((column) => numberIn(record, layout, column)));
  const number = instanceOf(record, layout, ['I']) + 1;
  return Number.isFinite(field) ? [[`compass.${number}.field`, field]] : [];
}

function numbered(
  count: number,
  entry: (number: number) => readonly [string, Column],
): Readonly<Record<string, Column>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => entry(index + 1)));
}
