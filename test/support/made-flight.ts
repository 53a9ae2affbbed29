import type { FlightSample } from '../../src/values/flight-finding.ts';

type Values = Readonly<Record<string, number>>;

export function sampleAt(timeMs: number, values: Values): FlightSample {
  return { timeMs, names: Object.keys(values), values: Object.values(values) };
}

/** On the ground for a second, then up to 5 m, holding itself there by 40 % throttle and turning as it is told. */
export const HOVER: Values = {
  'vehicle.landed': 0,
  'vehicle.altitude': 5,
  'vehicle.throttle': 40,
  'rate.roll': 0,
  'rate.pitch': 0,
  'rate.rollDemand': 0,
  'rate.pitchDemand': 0,
};

export interface MadeFlight {
  readonly durationMs: number;
  readonly stepMs?: number;
  /** What differs from hovering, by the time since take-off. */
  readonly at?: (flownMs: number) => Values;
}

/** Ends in the air. */
export function madeFlight({ durationMs, stepMs = 100, at = () => ({}) }: MadeFlight): FlightSample[] {
  const ground = sampleAt(0, { 'vehicle.landed': 1, 'vehicle.altitude': 0, 'vehicle.throttle': 0 });
  const count = Math.floor(durationMs / stepMs) + 1;
  const flown = Array.from({ length: count }, (_, index) =>
    sampleAt(1000 + index * stepMs, { ...HOVER, ...at(index * stepMs) }),
  );
  return [ground, ...flown];
}
