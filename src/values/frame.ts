/**
 * Where the motors of a multicopter sit: the direction of each arm in degrees clockwise from the nose, in the autopilot's
 * order. ArduPilot, "Connect ESCs and Motors" and libraries/AP_Motors; PX4 counts its quadcopters alike, its hexacopters
 * not. What is not here is given as a list of directions.
 */
export const FRAMES = {
  'quad-x': [45, -135, -45, 135],
  'quad-plus': [90, -90, 0, 180],
  'hexa-x': [90, -90, -30, 150, 30, -150],
  'hexa-plus': [0, 180, -120, 60, -60, 120],
} as const satisfies Record<string, readonly number[]>;

export type Frame = keyof typeof FRAMES;
