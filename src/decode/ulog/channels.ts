import type { ChannelValues } from '../recorded-samples.ts';

/**
 * Which field of which topic is which channel of a flight (the message definitions of PX4, msg/*.msg). Of topics that are
 * written for each sensor of a kind, the first is read, but for what counts the clips of all of them.
 */

/** The number at a path of the topic; NaN where it has none. */
export type ReadNumber = (path: string) => number;

type Axis = 'roll' | 'pitch' | 'yaw';

const DEG_PER_RAD = 180 / Math.PI;
const ESCS_MAX = 8;
const OUTPUTS_MAX = 12;
const CELLS_MAX = 14;
/** More than a cell can have: such a slot is the whole battery. */
const CELL_VOLTS_MAX = 5;
/** Pulses of a servo or motor; other outputs are in other units. */
const PULSE_US = { min: 800, max: 2200 };
const ARMED = 2;

type Entries = Readonly<Record<string, number>>;
type Topic = (read: ReadNumber) => Entries;

const TOPICS: Readonly<Record<string, Topic>> = {
  vehicle_attitude: (read) => attitude(read, 'q', ''),
  vehicle_attitude_setpoint: (read) => attitude(read, 'q_d', 'Demand'),
  vehicle_angular_velocity: (read) => ({
    'rate.roll': read('xyz[0]') * DEG_PER_RAD,
    'rate.pitch': read('xyz[1]') * DEG_PER_RAD,
    'rate.yaw': read('xyz[2]') * DEG_PER_RAD,
  }),
  vehicle_rates_setpoint: (read) => ({
    'rate.rollDemand': read('roll') * DEG_PER_RAD,
    'rate.pitchDemand': read('pitch') * DEG_PER_RAD,
    'rate.yawDemand': read('yaw') * DEG_PER_RAD,
  }),
  actuator_motors: (read) => outputs((index) => 1000 + 1000 * read(`control[${index}]`)),
  actuator_outputs: (read) =>
    outputs((index) => {
      const pulseUs = read(`output[${index}]`);
      return pulseUs >= PULSE_US.min && pulseUs <= PULSE_US.max ? pulseUs : Number.NaN;
    }),
  sensor_combined: (read) => ({
    'imu.1.accelX': read('accelerometer_m_s2[0]'),
    'imu.1.accelY': read('accelerometer_m_s2[1]'),
    'imu.1.accelZ': read('accelerometer_m_s2[2]'),
    'imu.1.gyroX': read('gyro_rad[0]') * DEG_PER_RAD,
    'imu.1.gyroY': read('gyro_rad[1]') * DEG_PER_RAD,
    'imu.1.gyroZ': read('gyro_rad[2]') * DEG_PER_RAD,
  }),
  vehicle_imu_status: (read) => ({ 'vibration.z': read('accel_vibration_metric') }),
  battery_status: (read) => ({
    'battery.voltage': read('voltage_v'),
    'battery.current': read('current_a'),
    'battery.used': read('discharged_mah'),
    'battery.remaining': read('remaining') * 100,
    'battery.temperature': read('temperature'),
    ...cellsOf(read),
  }),
  esc_status: escsOf,
  sensor_gps: gnss,
  vehicle_gps_position: gnss,
  estimator_status: (read) => ({
    'ekf.velocity': read('vel_test_ratio'),
    'ekf.position': read('pos_test_ratio'),
    'ekf.height': read('hgt_test_ratio'),
    'ekf.compass': read('mag_test_ratio'),
  }),
  system_power: (read) => ({ 'power.board': read('voltage5v_v') }),
  vehicle_status: (read) => ({
    'vehicle.armed': read('arming_state') === ARMED ? 1 : 0,
    'vehicle.mode': read('nav_state'),
  }),
  vehicle_land_detected: (read) => ({ 'vehicle.landed': read('landed') }),
  vehicle_local_position: (read) => ({
    'vehicle.altitude': -read('z'),
    'vehicle.climb': -read('vz'),
    'vehicle.groundSpeed': Math.hypot(read('vx'), read('vy')),
  }),
  airspeed_validated: (read) => ({ 'vehicle.airSpeed': read('true_airspeed_m_s') }),
  vehicle_thrust_setpoint: (read) => ({
    'vehicle.throttle': 100 * Math.hypot(read('xyz[0]'), read('xyz[1]'), read('xyz[2]')),
  }),
  cpuload: (read) => ({ 'vehicle.load': read('load') * 100 }),
};

/** Whether a topic holds channels: the others need not be described. */
export function isRead(topic: string): boolean {
  return Object.hasOwn(TOPICS, topic);
}

/** Reads the topics of one recording; it knows what each sensor has said for channels that are the sum of several. */
export class TopicReader {
  /** Clipped samples by IMU. */
  readonly #clips = new Map<number, number>();
  #hasMotors = false;

  /** @param instance which sensor of its kind, from 0 */
  read(topic: string, instance: number, read: ReadNumber): ChannelValues {
    if (topic === 'actuator_motors') this.#hasMotors = true;
    if (topic === 'actuator_outputs' && this.#hasMotors) return [];
    if (topic === 'vehicle_imu_status') this.#countClips(instance, read);
    if (instance !== 0) return [];
    const values = Object.entries(TOPICS[topic]?.(read) ?? {});
    const all =
      topic === 'vehicle_imu_status' ? [...values, ['vibration.clips', this.#clipCount] as const] : values;
    return all.filter(([, value]) => Number.isFinite(value));
  }

  #countClips(instance: number, read: ReadNumber): void {
    const clips = [0, 1, 2].map((axis) => read(`accel_clipping[${axis}]`));
    this.#clips.set(
      instance,
      clips.reduce((sum, count) => sum + count, 0),
    );
  }

  get #clipCount(): number {
    return [...this.#clips.values()].reduce((sum, count) => sum + count, 0);
  }
}

/** Angles of the quaternion that turns the body, forward right down, to north east down. */
function attitude(read: ReadNumber, name: string, suffix: '' | 'Demand'): Entries {
  const [w = 0, x = 0, y = 0, z = 0] = [0, 1, 2, 3].map((index) => read(`${name}[${index}]`));
  const angles: Record<Axis, number> = {
    roll: Math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y)),
    pitch: Math.asin(Math.max(-1, Math.min(1, 2 * (w * y - z * x)))),
    yaw: Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z)),
  };
  return {
    [`attitude.roll${suffix}`]: angles.roll * DEG_PER_RAD,
    [`attitude.pitch${suffix}`]: angles.pitch * DEG_PER_RAD,
    [`attitude.yaw${suffix}`]: (angles.yaw * DEG_PER_RAD + 360) % 360,
  };
}

function outputs(valueAt: (index: number) => number): Entries {
  return Object.fromEntries(Array.from({ length: OUTPUTS_MAX }, (_, at) => [`motor.${at + 1}`, valueAt(at)]));
}

function cellsOf(read: ReadNumber): Entries {
  const volts = Array.from({ length: CELLS_MAX }, (_, index) => read(`voltage_cell_v[${index}]`));
  const cells = volts.flatMap((value, index) =>
    value > 0 && value < CELL_VOLTS_MAX ? [[`battery.cell${index + 1}`, value] as const] : [],
  );
  return cells.length < 2 ? {} : Object.fromEntries(cells);
}

function escsOf(read: ReadNumber): Entries {
  const escs = Array.from({ length: ESCS_MAX }, (_, index) => {
    const field = (name: string) => read(`esc[${index}].esc_${name}`);
    const values = {
      rpm: field('rpm'),
      voltage: field('voltage'),
      current: field('current'),
      temperature: field('temperature'),
    };
    const isThere = Object.values(values).some((value) => value > 0);
    return isThere ? Object.entries(values).map(([name, value]) => [`esc.${index + 1}.${name}`, value]) : [];
  });
  return Object.fromEntries(escs.flat());
}

function gnss(read: ReadNumber): Entries {
  return {
    'gnss.fix': read('fix_type'),
    'gnss.satellites': read('satellites_used'),
    'gnss.hdop': read('hdop'),
  };
}
