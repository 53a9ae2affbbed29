import { batteryRules, escInfoRules, escStatusRules, escTelemetryRules } from './power-messages.ts';
import { type Read, reader } from './read-field.ts';
import { DEGREES, only, perInstance, type Rule, type RuleTable, rules, scaled, UNKNOWN } from './rule.ts';

/**
 * What the messages of a vehicle say in the vocabulary of flights (src/values/flight-channels.ts). Fields, units and
 * the values for "unknown" are those of the published definitions; where the makers differ, their code is the source.
 */

/** MAV_AUTOPILOT of the makers whose messages differ. */
export const AUTOPILOT = { ardupilot: 3, px4: 12 } as const;

/** The channels that a message has; they may depend on what is in it and on who made the autopilot. */
export type RulesOf = (payload: DataView, autopilot: number) => readonly Rule[];

const MILLI_G = 9.80665e-3;
const MILLI_RADIAN = DEGREES / 1000;
const ARMED = 0x80;
const SERVOS = 16;

/** HIGHRES_IMU.fields_updated */
const UPDATED = { accel: 0x07, gyro: 0x38, magnet: 0x1c0, temperature: 0x1000 } as const;
/** ATTITUDE_TARGET.type_mask: what the controller does not follow. */
const IGNORED = { rollRate: 1, pitchRate: 2, yawRate: 4, attitude: 128 } as const;
/** MAV_LANDED_STATE */
const LANDED = { undefined: 0, onGround: 1 } as const;

function fixed(table: RuleTable): RulesOf {
  const all = rules(table);
  return () => all;
}

const compassDegrees = (degrees: number) => ((degrees % 360) + 360) % 360;
const lengthOf = (x: Read, y: Read, z: Read): Read => {
  return (payload) => Math.hypot(x(payload), y(payload), z(payload));
};

function attitude(): RulesOf {
  const angle = (name: string) => scaled(reader('ATTITUDE', name), DEGREES);
  const yaw = angle('yaw');
  return fixed({
    'attitude.roll': angle('roll'),
    'attitude.pitch': angle('pitch'),
    'attitude.yaw': (payload) => compassDegrees(yaw(payload)),
    'rate.roll': angle('rollspeed'),
    'rate.pitch': angle('pitchspeed'),
    'rate.yaw': angle('yawspeed'),
  });
}

/** Roll, pitch and yaw of the quaternion w, x, y, z (Z-Y-X, as in the definition). */
function attitudeTarget(): RulesOf {
  const [w, x, y, z] = [0, 1, 2, 3].map((index) => reader('ATTITUDE_TARGET', 'q', index)) as [
    Read,
    Read,
    Read,
    Read,
  ];
  const mask = reader('ATTITUDE_TARGET', 'type_mask');
  const follows = (bit: number) => (payload: DataView) => (mask(payload) & bit) === 0;
  const angle = (of: (w: number, x: number, y: number, z: number) => number) =>
    only(follows(IGNORED.attitude), (p) => of(w(p), x(p), y(p), z(p)) * DEGREES);
  const rate = (name: string, bit: number) =>
    only(follows(bit), scaled(reader('ATTITUDE_TARGET', name), DEGREES));
  const yaw = angle((w, x, y, z) => Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z)));
  return fixed({
    'attitude.rollDemand': angle((w, x, y, z) => Math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))),
    'attitude.pitchDemand': angle((w, x, y, z) => Math.asin(Math.max(-1, Math.min(1, 2 * (w * y - z * x))))),
    'attitude.yawDemand': (payload) => compassDegrees(yaw(payload)),
    'rate.rollDemand': rate('body_roll_rate', IGNORED.rollRate),
    'rate.pitchDemand': rate('body_pitch_rate', IGNORED.pitchRate),
    'rate.yawDemand': rate('body_yaw_rate', IGNORED.yawRate),
  });
}

function navigation(): RulesOf {
  const bearing = reader('NAV_CONTROLLER_OUTPUT', 'nav_bearing');
  return fixed({
    'attitude.rollDemand': reader('NAV_CONTROLLER_OUTPUT', 'nav_roll'),
    'attitude.pitchDemand': reader('NAV_CONTROLLER_OUTPUT', 'nav_pitch'),
    'attitude.yawDemand': (payload) => compassDegrees(bearing(payload)),
  });
}

/** The raw readings, which ArduPilot scales to the units of SCALED_IMU. */
function milliImu(message: string, instance: number): RulesOf {
  const read = (name: string) => reader(message, name);
  return fixed({
    [`imu.${instance}.accelX`]: scaled(read('xacc'), MILLI_G),
    [`imu.${instance}.accelY`]: scaled(read('yacc'), MILLI_G),
    [`imu.${instance}.accelZ`]: scaled(read('zacc'), MILLI_G),
    [`imu.${instance}.gyroX`]: scaled(read('xgyro'), MILLI_RADIAN),
    [`imu.${instance}.gyroY`]: scaled(read('ygyro'), MILLI_RADIAN),
    [`imu.${instance}.gyroZ`]: scaled(read('zgyro'), MILLI_RADIAN),
    [`imu.${instance}.temperature`]: scaled(read('temperature'), 0.01, 0),
    [`compass.${instance}.field`]: known(lengthOf(read('xmag'), read('ymag'), read('zmag'))),
  });
}

/** A magnetic field of nothing at all is a compass that is not there. */
const known = (read: Read) => scaled(read, 1, 0);

function highresImu(): RulesOf {
  const read = (name: string) => reader('HIGHRES_IMU', name);
  const updated = read('fields_updated');
  const fresh = (bits: number, value: Read) => only((p) => (updated(p) & bits) === bits, value);
  const field = lengthOf(read('xmag'), read('ymag'), read('zmag'));
  const id = read('id');
  const ofInstance = perInstance((instance) =>
    rules({
      [`imu.${instance}.accelX`]: fresh(UPDATED.accel, read('xacc')),
      [`imu.${instance}.accelY`]: fresh(UPDATED.accel, read('yacc')),
      [`imu.${instance}.accelZ`]: fresh(UPDATED.accel, read('zacc')),
      [`imu.${instance}.gyroX`]: fresh(UPDATED.gyro, scaled(read('xgyro'), DEGREES)),
      [`imu.${instance}.gyroY`]: fresh(UPDATED.gyro, scaled(read('ygyro'), DEGREES)),
      [`imu.${instance}.gyroZ`]: fresh(UPDATED.gyro, scaled(read('zgyro'), DEGREES)),
      [`imu.${instance}.temperature`]: fresh(UPDATED.temperature, read('temperature')),
      [`compass.${instance}.field`]: fresh(UPDATED.magnet, scaled(field, 1000)),
    }),
  );
  return (payload) => (id(payload) < 3 ? ofInstance(id(payload) + 1) : []);
}

/** The outputs of the main processor; 0 is an output that is not in use. */
function servos(): RulesOf {
  const port = reader('SERVO_OUTPUT_RAW', 'port');
  const outputs = Array.from({ length: SERVOS }, (_, at) => {
    const pulse = scaled(reader('SERVO_OUTPUT_RAW', `servo${at + 1}_raw`), 1, UNKNOWN.uint16);
    return rules({ [`motor.${at + 1}`]: known(pulse) });
  }).flat();
  return (payload) => (port(payload) === 0 ? outputs : []);
}

/** PX4's x and y are of the gyros (its mavlink stream VIBRATION), so only z is what the channel says. */
function vibration(): RulesOf {
  const read = (name: string) => reader('VIBRATION', name);
  const clips = ['clipping_0', 'clipping_1', 'clipping_2'].map(read);
  const all = rules({
    'vibration.x': read('vibration_x'),
    'vibration.y': read('vibration_y'),
    'vibration.z': read('vibration_z'),
    'vibration.clips': (payload) => clips.reduce((sum, clip) => sum + clip(payload), 0),
  });
  const ofPx4 = all.filter(({ channel }) => channel !== 'vibration.x' && channel !== 'vibration.y');
  return (_, autopilot) => (autopilot === AUTOPILOT.px4 ? ofPx4 : all);
}

function heartbeat(): RulesOf {
  const mode = reader('HEARTBEAT', 'base_mode');
  return fixed({
    'vehicle.armed': (payload) => ((mode(payload) & ARMED) === 0 ? 0 : 1),
    'vehicle.mode': reader('HEARTBEAT', 'custom_mode'),
  });
}

function landed(): RulesOf {
  const state = scaled(reader('EXTENDED_SYS_STATE', 'landed_state'), 1, LANDED.undefined);
  const isOnGround = (value: number) => (value === LANDED.onGround ? 1 : 0);
  return fixed({
    'vehicle.landed': only(
      (p) => !Number.isNaN(state(p)),
      (p) => isOnGround(state(p)),
    ),
  });
}

/** By the name of the message. */
export const FLIGHT_MESSAGES: Readonly<Record<string, RulesOf>> = {
  HEARTBEAT: heartbeat(),
  SYS_STATUS: fixed({
    'battery.voltage': scaled(reader('SYS_STATUS', 'voltage_battery'), 0.001, UNKNOWN.uint16),
    'battery.current': scaled(reader('SYS_STATUS', 'current_battery'), 0.01, UNKNOWN.minusOne),
    'battery.remaining': scaled(reader('SYS_STATUS', 'battery_remaining'), 1, UNKNOWN.minusOne),
    'vehicle.load': scaled(reader('SYS_STATUS', 'load'), 0.1),
  }),
  GPS_RAW_INT: fixed({
    'gnss.fix': reader('GPS_RAW_INT', 'fix_type'),
    'gnss.satellites': scaled(reader('GPS_RAW_INT', 'satellites_visible'), 1, UNKNOWN.uint8),
    'gnss.hdop': scaled(reader('GPS_RAW_INT', 'eph'), 0.01, UNKNOWN.uint16),
  }),
  RAW_IMU: milliImu('RAW_IMU', 1),
  SCALED_IMU2: milliImu('SCALED_IMU2', 2),
  SCALED_IMU3: milliImu('SCALED_IMU3', 3),
  HIGHRES_IMU: highresImu(),
  ATTITUDE: attitude(),
  ATTITUDE_TARGET: attitudeTarget(),
  NAV_CONTROLLER_OUTPUT: navigation(),
  GLOBAL_POSITION_INT: fixed({
    'vehicle.altitude': scaled(reader('GLOBAL_POSITION_INT', 'relative_alt'), 0.001),
    'vehicle.climb': scaled(reader('GLOBAL_POSITION_INT', 'vz'), -0.01),
  }),
  VFR_HUD: fixed({
    'vehicle.groundSpeed': reader('VFR_HUD', 'groundspeed'),
    'vehicle.airSpeed': reader('VFR_HUD', 'airspeed'),
    'vehicle.throttle': reader('VFR_HUD', 'throttle'),
  }),
  SERVO_OUTPUT_RAW: servos(),
  POWER_STATUS: fixed({ 'power.board': scaled(reader('POWER_STATUS', 'Vcc'), 0.001) }),
  BATTERY_STATUS: batteryRules,
  EKF_STATUS_REPORT: fixed({
    'ekf.velocity': reader('EKF_STATUS_REPORT', 'velocity_variance'),
    'ekf.position': reader('EKF_STATUS_REPORT', 'pos_horiz_variance'),
    'ekf.height': reader('EKF_STATUS_REPORT', 'pos_vert_variance'),
    'ekf.compass': reader('EKF_STATUS_REPORT', 'compass_variance'),
  }),
  ESTIMATOR_STATUS: fixed({
    'ekf.velocity': reader('ESTIMATOR_STATUS', 'vel_ratio'),
    'ekf.position': reader('ESTIMATOR_STATUS', 'pos_horiz_ratio'),
    'ekf.height': reader('ESTIMATOR_STATUS', 'pos_vert_ratio'),
    'ekf.compass': reader('ESTIMATOR_STATUS', 'mag_ratio'),
  }),
  VIBRATION: vibration(),
  EXTENDED_SYS_STATE: landed(),
  ESC_STATUS: escStatusRules,
  ESC_INFO: escInfoRules,
  ...Object.fromEntries(
    [1, 5, 9, 13].map((first) => {
      const name = `ESC_TELEMETRY_${first}_TO_${first + 3}`;
      const all = escTelemetryRules(name, first);
      return [name, () => all];
    }),
  ),
};
