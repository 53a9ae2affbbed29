/**
 * What a flight is told in: one vocabulary for everything that reads flights, live or recorded, so that configuration,
 * learning and judgement do not care where a flight comes from. A reader emits a channel only where its source has a
 * value, in this unit; what means "unknown" in a message (such as UINT16_MAX) is no sample.
 *
 * Numbers in names count from 1: `motor.1` is the first output, `imu.1` the first sensor (DataFlash and ULog count
 * from 0). Attitude: roll right, pitch up, yaw clockwise from north, all positive. Sources of the fields: the MAVLink
 * common and ArduPilotMega message sets, ArduPilot's page "Onboard Message Log Messages", and the uORB messages of PX4.
 */

export interface FlightChannel {
  /** As src/models/units.ts spells it; '1' for a pure number. */
  readonly unit: string;
  readonly quantity: 'value' | 'counter' | 'state';
}

const value = (unit: string): FlightChannel => ({ unit, quantity: 'value' });
const counter = (unit: string): FlightChannel => ({ unit, quantity: 'counter' });
const state: FlightChannel = { unit: '1', quantity: 'state' };

/** `#` stands for a number from 1 to NUMBERED_MAX. */
const CHANNELS = {
  //                                    MAVLink                                 | DataFlash        | ULog
  'attitude.roll': value('deg'), //     ATTITUDE.roll                           | ATT.Roll         | vehicle_attitude.q
  'attitude.pitch': value('deg'), //    ATTITUDE.pitch                          | ATT.Pitch        | "
  'attitude.yaw': value('deg'), //      ATTITUDE.yaw, 0 to 360                  | ATT.Yaw          | "
  // From ArduPilot NAV_CONTROLLER_OUTPUT.nav_roll, nav_pitch, nav_bearing; from PX4 ATTITUDE_TARGET.q
  'attitude.rollDemand': value('deg'), //                                       | ATT.DesRoll      | vehicle_attitude_setpoint.q_d
  'attitude.pitchDemand': value('deg'), //                                      | ATT.DesPitch     | "
  'attitude.yawDemand': value('deg'), //                                        | ATT.DesYaw       | "
  'rate.roll': value('deg/s'), //       ATTITUDE.rollspeed                      | RATE.R           | vehicle_angular_velocity.xyz[0]
  'rate.pitch': value('deg/s'), //      ATTITUDE.pitchspeed                     | RATE.P           | …xyz[1]
  'rate.yaw': value('deg/s'), //        ATTITUDE.yawspeed                       | RATE.Y           | …xyz[2]
  'rate.rollDemand': value('deg/s'), // ATTITUDE_TARGET.body_roll_rate          | RATE.RDes        | vehicle_rates_setpoint.roll
  'rate.pitchDemand': value('deg/s'), // ATTITUDE_TARGET.body_pitch_rate        | RATE.PDes        | ….pitch
  'rate.yawDemand': value('deg/s'), //  ATTITUDE_TARGET.body_yaw_rate           | RATE.YDes        | ….yaw

  // An output of the autopilot, as the length of its pulse; a share of thrust s from 0 to 1 is 1000 + 1000·s. On many
  // frames outputs 1 to n are the motors; where they are not, the configuration of the vehicle says which are.
  'motor.#': value('us'), //            SERVO_OUTPUT_RAW.servo#_raw             | RCOU.C#          | actuator_motors.control[], actuator_outputs.output[]

  // Of the first IMU. PX4 has one figure, for all axes: z alone (its VIBRATION.vibration_x and _y are of the gyros).
  'vibration.x': value('m/s2'), //      VIBRATION.vibration_x                   | VIBE.VibeX       | –
  'vibration.y': value('m/s2'), //      VIBRATION.vibration_y                   | VIBE.VibeY       | –
  'vibration.z': value('m/s2'), //      VIBRATION.vibration_z                   | VIBE.VibeZ       | vehicle_imu_status.accel_vibration_metric
  // Of all IMUs together, since the start of the autopilot.
  'vibration.clips': counter('1'), //   VIBRATION.clipping_0 + _1 + _2          | VIBE.Clip        | vehicle_imu_status.accel_clipping[]

  // RAW_IMU is 1, SCALED_IMU2 is 2, SCALED_IMU3 is 3 (mG and mrad/s); PX4's HIGHRES_IMU is its id + 1.
  'imu.#.accelX': value('m/s2'), //     RAW_IMU.xacc, HIGHRES_IMU.xacc          | IMU.AccX         | sensor_accel.x, sensor_combined.accelerometer_m_s2[0]
  'imu.#.accelY': value('m/s2'), //     ….yacc                                  | IMU.AccY         | ….y
  'imu.#.accelZ': value('m/s2'), //     ….zacc                                  | IMU.AccZ         | ….z
  'imu.#.gyroX': value('deg/s'), //     RAW_IMU.xgyro, HIGHRES_IMU.xgyro        | IMU.GyrX         | sensor_gyro.x, sensor_combined.gyro_rad[0]
  'imu.#.gyroY': value('deg/s'), //     ….ygyro                                 | IMU.GyrY         | ….y
  'imu.#.gyroZ': value('deg/s'), //     ….zgyro                                 | IMU.GyrZ         | ….z
  'imu.#.temperature': value('degC'), // ….temperature                          | IMU.T            | sensor_accel.temperature
  'compass.#.field': value('mgauss'), // length of RAW_IMU.xmag, ymag, zmag     | MAG.MagX,Y,Z     | sensor_mag.x,y,z

  'battery.voltage': value('V'), //     SYS_STATUS.voltage_battery              | BAT.Volt         | battery_status.voltage_v
  'battery.current': value('A'), //     SYS_STATUS.current_battery              | BAT.Curr         | battery_status.current_a
  'battery.used': counter('mAh'), //    BATTERY_STATUS.current_consumed         | BAT.CurrTot      | battery_status.discharged_mah
  'battery.remaining': value('%'), //   SYS_STATUS.battery_remaining            | BAT.RemPct       | battery_status.remaining
  'battery.temperature': value('degC'), // BATTERY_STATUS.temperature           | BAT.Temp         | battery_status.temperature
  // Only of a battery that is measured cell by cell: two or more slots, each below 5 V. Otherwise a slot is the whole.
  'battery.cell#': value('V'), //       BATTERY_STATUS.voltages[]               | BCL.V#           | battery_status.voltage_cell_v[]

  // ESC_TELEMETRY_1_TO_4 and its successors; ESC_STATUS and ESC_INFO. Nothing from an ESC that reports all zero.
  'esc.#.rpm': value('rpm'), //         ….rpm                                   | ESC.RPM          | esc_status.esc[].esc_rpm
  'esc.#.voltage': value('V'), //       ….voltage                               | ESC.Volt         | ….esc_voltage
  'esc.#.current': value('A'), //       ….current                               | ESC.Curr         | ….esc_current
  'esc.#.temperature': value('degC'), // ….temperature                          | ESC.Temp         | ….esc_temperature
  'esc.#.errors': counter('1'), //      ESC_INFO.error_count                    | –                | ….esc_errorcount

  // 0 none, 1 no fix, 2 2D, 3 3D, 4 with corrections, 5 RTK float, 6 RTK fixed (GPS_FIX_TYPE). Of the first receiver.
  'gnss.fix': state, //                 GPS_RAW_INT.fix_type                    | GPS.Status       | sensor_gps.fix_type
  'gnss.satellites': value('1'), //     GPS_RAW_INT.satellites_visible          | GPS.NSats        | sensor_gps.satellites_used
  'gnss.hdop': value('1'), //           GPS_RAW_INT.eph / 100                   | GPS.HDop         | sensor_gps.hdop

  // Innovations against what the estimator takes as possible: 1 is the end of it. Of its first core.
  'ekf.velocity': value('1'), //        EKF_STATUS_REPORT.velocity_variance     | XKF4.SV, NKF4.SV | estimator_status.vel_test_ratio
  'ekf.position': value('1'), //        ….pos_horiz_variance                    | ….SP             | ….pos_test_ratio
  'ekf.height': value('1'), //          ….pos_vert_variance                     | ….SH             | ….hgt_test_ratio
  'ekf.compass': value('1'), //         ….compass_variance                      | ….SM             | ….mag_test_ratio
  // PX4 sends ESTIMATOR_STATUS.vel_ratio, pos_horiz_ratio, pos_vert_ratio, mag_ratio instead.

  'power.board': value('V'), //         POWER_STATUS.Vcc                        | POWR.Vcc         | system_power.voltage5v_v

  // Of the autopilot itself (component 1), not of another component's HEARTBEAT.
  'vehicle.armed': state, //            HEARTBEAT.base_mode, bit 7: 0, 1        | EV.Id 10, 11, 15; ARM.ArmState | vehicle_status.arming_state = 2
  // 1 on the ground, 0 in the air. The value of a state is told whenever the source tells it, and when it changes.
  'vehicle.landed': state, //           EXTENDED_SYS_STATE.landed_state         | EV.Id 28, 18     | vehicle_land_detected.landed
  'vehicle.mode': state, //             HEARTBEAT.custom_mode                   | MODE.ModeNum     | vehicle_status.nav_state
  // Above home, or another level that stays where it is: only differences mean something.
  'vehicle.altitude': value('m'), //    GLOBAL_POSITION_INT.relative_alt        | POS.RelHomeAlt, CTUN.Alt | -vehicle_local_position.z
  'vehicle.climb': value('m/s'), //     -GLOBAL_POSITION_INT.vz                 | -XKF1.VD         | -vehicle_local_position.vz
  'vehicle.groundSpeed': value('m/s'), // VFR_HUD.groundspeed                   | GPS.Spd          | vehicle_local_position.vx, vy
  'vehicle.airSpeed': value('m/s'), //  VFR_HUD.airspeed                        | ARSP.Airspeed    | airspeed_validated.true_airspeed_m_s
  'vehicle.throttle': value('%'), //    VFR_HUD.throttle                        | CTUN.ThO · 100   | vehicle_thrust_setpoint.xyz, its length · 100
  'vehicle.load': value('%'), //        SYS_STATUS.load / 10                    | PM.Load / 10     | cpuload.load · 100

  // Made of the above by the watch, in no source: how far attitude is from its demand, and how far the output of each
  // motor, by its number, is from the mean of all motors.
  'attitude.error': value('deg'),
  'balance.#': value('us'),
} as const satisfies Record<string, FlightChannel>;

type Numbered<Name extends string> = Name extends `${infer Before}#${infer After}`
  ? `${Before}${number}${After}`
  : Name;

/** Every name that there can be, with numbers in it where the vocabulary has them. */
export type FlightChannelName = Numbered<keyof typeof CHANNELS>;

export const NUMBERED_MAX = 16;

/** Names of the vocabulary, `#` where a number from 1 to NUMBERED_MAX belongs. */
export const flightChannelPatterns = Object.keys(CHANNELS);

/** What a channel of a flight is; undefined for a name that is not in the vocabulary. */
export function flightChannel(name: string): FlightChannel | undefined {
  const number = /(?<=\.[a-z]*)[1-9]\d?(?=\.|$)/.exec(name)?.[0];
  const isNumbered = number !== undefined && Number(number) <= NUMBERED_MAX;
  const pattern = isNumbered ? name.replace(/(?<=\.[a-z]*)[1-9]\d?(?=\.|$)/, '#') : name;
  return Object.hasOwn(CHANNELS, pattern) && isNumbered === pattern.includes('#')
    ? CHANNELS[pattern as keyof typeof CHANNELS]
    : undefined;
}
