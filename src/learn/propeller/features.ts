import type { FlightChannelName } from '../../values/flight-channels.ts';

/**
 * What a damaged propeller changes that can be seen in the records of an autopilot, a few times a second: how the motors
 * share the work, what the thrust costs, how busy the controller is, how much the frame shakes. Windows lie row by row,
 * one column for each of PROPELLER_CHANNELS (the key of the asset's channel, and the flight channel that it takes), NaN
 * where there is no value. The graph of graph.ts computes the same.
 */
export const PROPELLER_CHANNELS = [
  { name: 'motor-1', from: 'motor.1', unit: 'us' },
  { name: 'motor-2', from: 'motor.2', unit: 'us' },
  { name: 'motor-3', from: 'motor.3', unit: 'us' },
  { name: 'motor-4', from: 'motor.4', unit: 'us' },
  { name: 'voltage', from: 'battery.voltage', unit: 'V' },
  { name: 'current', from: 'battery.current', unit: 'A' },
  { name: 'vibration-x', from: 'vibration.x', unit: 'm/s2' },
  { name: 'vibration-y', from: 'vibration.y', unit: 'm/s2' },
  { name: 'vibration-z', from: 'vibration.z', unit: 'm/s2' },
] as const satisfies readonly { name: string; from: FlightChannelName; unit: string }[];

export const MOTORS = 4;

/**
 * How the motors of a quadcopter are mixed, numbered as ArduPilot does: 1 front right and 2 rear left turn one way, 3
 * front left and 4 rear right the other way. The fourth is the mean output.
 */
export const MIXES = [
  { name: 'roll', weights: [-0.25, 0.25, 0.25, -0.25] },
  { name: 'pitch', weights: [0.25, -0.25, 0.25, -0.25] },
  { name: 'yaw', weights: [0.25, 0.25, -0.25, -0.25] },
  { name: 'total', weights: [0.25, 0.25, 0.25, 0.25] },
] as const;

/** Mean output below which the vehicle is taken to stand on the ground, and at which a motor begins to turn. */
export const FLYING_US_MIN = 1350;
export const IDLE_US = 1000;
/** Smaller deviations and vibrations are as good as none; keeps the logarithm finite. */
export const LOGARITHM_MIN = 1e-3;

/** Places among the features of the two that say whether a large piece is missing: share of yaw, and speed. */
export const DAMAGE_FEATURES = [2, 3] as const;

/**
 * Thirteen features. Shares of roll, pitch and yaw in the output above idle, which hold at any weight: where a battery
 * lies or the wind comes from changes roll and pitch, and a propeller that must turn faster than those that turn the other
 * way changes yaw. Output · voltage (it goes with the speed of the propellers), power, and power over the square of the
 * first: what the thrust costs. Logarithms of the standard deviations of the four mixes, which say how busy the controller
 * is, and of the three vibrations.
 * @returns undefined where the vehicle does not fly or a channel is empty
 */
export function propellerFeatures(window: Float32Array): Float64Array | undefined {
  const rows = rowsOf(window);
  const mixed = MIXES.map(({ weights }) =>
    rows
      .filter((row) => row.slice(0, MOTORS).every((output) => !Number.isNaN(output)))
      .map((row) => weights.reduce((sum, weight, motor) => sum + weight * (row[motor] ?? 0), 0)),
  );
  const others = PROPELLER_CHANNELS.slice(MOTORS).map((_, at) =>
    mean(rows.map((row) => row[MOTORS + at] ?? 0).filter((value) => !Number.isNaN(value))),
  );
  const [roll = 0, pitch = 0, yaw = 0, total = Number.NaN] = mixed.map(mean);
  const [voltage = Number.NaN, current = Number.NaN, ...vibrations] = others;
  if (!(total > FLYING_US_MIN) || others.some(Number.isNaN)) return undefined;
  const thrust = total - IDLE_US;
  const speed = (thrust / 1000) * voltage;
  const power = voltage * current;
  return Float64Array.of(
    ...[roll / thrust, pitch / thrust, yaw / thrust],
    ...[speed, power, power / speed ** 2],
    ...mixed.map(deviation).map(logarithm),
    ...vibrations.map(logarithm),
  );
}

function rowsOf(window: Float32Array): readonly (readonly number[])[] {
  const width = PROPELLER_CHANNELS.length;
  return Array.from({ length: window.length / width }, (_, row) => [
    ...window.subarray(row * width, (row + 1) * width),
  ]);
}

function logarithm(value: number): number {
  return Math.log(Math.max(value, LOGARITHM_MIN));
}

/** NaN of nothing. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}
