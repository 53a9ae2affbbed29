/** What was said about one flight in which a motor was stopped. */
export interface StoppedFlight {
  readonly file: string;
  /** Motors in the order in which they were stopped, at least one. */
  readonly motors: readonly number[];
  readonly onsetMs: number;
  readonly impactMs: number;
  /** Time of the first finding, and the motor that it names, if it names one. */
  readonly found: { readonly timeMs: number; readonly motor: number | undefined } | undefined;
  /** When the autopilot itself said so. */
  readonly autopilotMs: number | undefined;
}

export interface MotorScores {
  readonly flights: number;
  /** Found after the stop and before the impact. */
  readonly found: number;
  /** From stop to finding, of those, in seconds; NaN when none was found. */
  readonly delayMedianS: number;
  readonly delayP90S: number;
  /** Flights in which one motor was stopped, and in how many of them it was named. */
  readonly singles: number;
  readonly singlesNamed: number;
  /** As well in all flights: the motor that was stopped first. */
  readonly firstNamed: number;
  /** Findings before the stop. */
  readonly healthyAlarms: number;
}

export function motorScores(flights: readonly StoppedFlight[]): MotorScores {
  const found = flights.filter(isFound);
  const isNamed = ({ found: finding, motors }: StoppedFlight) => finding?.motor === motors[0];
  const singles = flights.filter(({ motors }) => motors.length === 1);
  return {
    flights: flights.length,
    found: found.length,
    ...delaysOf(found.map((flight) => ((flight.found?.timeMs ?? Number.NaN) - flight.onsetMs) / 1000)),
    singles: singles.length,
    singlesNamed: singles.filter((flight) => isFound(flight) && isNamed(flight)).length,
    firstNamed: found.filter(isNamed).length,
    healthyAlarms: flights.filter((flight) => (flight.found?.timeMs ?? Number.NaN) < flight.onsetMs).length,
  };
}

/** The same of the autopilot, which names no motor. */
export function autopilotScores(flights: readonly StoppedFlight[]): MotorScores {
  const told = flights.map((flight) => {
    const { autopilotMs } = flight;
    return {
      ...flight,
      found: autopilotMs === undefined ? undefined : { timeMs: autopilotMs, motor: undefined },
    };
  });
  return motorScores(told);
}

/** A finding at the impact is none, nor is one before the stop. */
export function isFound({ found, onsetMs, impactMs }: StoppedFlight): boolean {
  return found !== undefined && found.timeMs >= onsetMs && found.timeMs < impactMs;
}

/** By nearest rank. */
function delaysOf(delaysS: readonly number[]) {
  const sorted = delaysS.toSorted((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return { delayMedianS: quantile(0.5), delayP90S: quantile(0.9) };
}
