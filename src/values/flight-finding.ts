import type { FlightChannelName } from './flight-channels.ts';

/** What the rules about flights say: a motor was lost, or a limit that the makers of autopilots publish was passed. */
export type FlightFinding = MotorFailure | LimitFinding;

/** A sample of a flight at its place on the timeline of the judgement; names as in flight-channels.ts. */
export interface FlightSample {
  readonly timeMs: number;
  readonly names: readonly string[];
  /** One per name; NaN where there is none. */
  readonly values: readonly number[];
}

/** A motor or its propeller no longer pushes: the vehicle turns where its arm falls, against what is demanded. */
export interface MotorFailure {
  readonly kind: 'motor-failure';
  /** There is no end: a motor that failed in the air is looked at on the ground. */
  readonly event: 'opened';
  /** When it was found. */
  readonly timeMs: number;
  /** Last moment at which nothing was wrong. */
  readonly sinceMs: number;
  /** As the autopilot counts, from 1; undefined when the vehicle falls between two arms. */
  readonly motor: number | undefined;
  /** Degrees that it has turned more than demanded, beyond what is normal. */
  readonly excessDeg: number;
  /** The latest rates and what was demanded, roll right and pitch up, in deg/s. */
  readonly rates: {
    readonly roll: number;
    readonly rollDemand: number;
    readonly pitch: number;
    readonly pitchDemand: number;
  };
}

/** A value was beyond a published limit for long enough, or has come back. */
export interface LimitFinding {
  readonly kind: 'limit';
  readonly event: 'opened' | 'closed';
  /** Key of the rule, such as `vibration`. */
  readonly rule: string;
  readonly severity: 'notice' | 'warning' | 'critical';
  readonly timeMs: number;
  /** When the value passed the limit. */
  readonly sinceMs: number;
  /** Channel that passed it; of values made from several (the spread of cells), the one that deviates. */
  readonly channel: FlightChannelName;
  readonly unit: string;
  readonly direction: 'above' | 'below';
  readonly value: number;
  /** Furthest beyond the limit since then. */
  readonly worst: number;
  readonly limit: number;
  /** Who says so. */
  readonly source: LimitSource;
}

export interface LimitSource {
  /** Such as "ArduPilot, Measuring Vibration". */
  readonly title: string;
  readonly url: string;
}
