/** What a vehicle is doing, by what it does and not by the mode that it is in. */
export const FLIGHT_PHASES = ['disarmed', 'ground', 'take-off', 'hover', 'cruise', 'landing'] as const;

export type FlightPhase = (typeof FLIGHT_PHASES)[number];

/** Phases in which there is something to learn and to judge: they last, and the vehicle carries itself. */
export const STEADY_PHASES = ['hover', 'cruise'] as const satisfies readonly FlightPhase[];

export function isAirborne(phase: FlightPhase): boolean {
  return phase !== 'disarmed' && phase !== 'ground';
}
