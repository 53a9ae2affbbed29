/** What happens to the pump over simulated time. */

/** What is done to the pump at one moment. */
export interface Condition {
  /** Opening of the discharge valve, above 0 (tight) up to 1 (open). */
  readonly valveOpening: number;
  /** Residual unbalance of the rotor in g·mm. */
  readonly unbalanceGmm: number;
}

/** Condition of the pump at a simulated time in seconds. */
export type Scenario = (timeS: number) => Condition;

/** A fault that grows, stays and goes; seconds of simulated time. */
export interface Fault {
  readonly startS: number;
  readonly growS: number;
  readonly holdS: number;
  readonly healS: number;
}

export interface Timeline {
  /** The discharge valve closes until only `openingLeft` of it is open. */
  readonly valve: Fault & { readonly openingLeft: number };
  /** A deposit grows on the impeller until the rotor has `unbalanceGmm`, and then breaks off. */
  readonly deposit: Fault & { readonly unbalanceGmm: number };
  readonly endS: number;
}

/**
 * Residual unbalance of the healthy rotor: 2 kg at 2900 rpm balanced to grade G 6.3, the usual grade for pump
 * impellers (ISO 21940-11), allow 41 g·mm.
 */
const BALANCED_GMM = 40;

/**
 * The demo: healthy for long enough to learn 300 s and be watched for a while, then both faults, each followed by
 * enough healthy running for its incident to close.
 */
export const DEMO_TIMELINE: Timeline = {
  valve: { startS: 450, growS: 60, holdS: 80, healS: 20, openingLeft: 0.2 },
  deposit: { startS: 740, growS: 90, holdS: 70, healS: 5, unbalanceGmm: 340 },
  endS: 980,
};

/** A pump that nothing happens to. */
export const healthy: Scenario = () => ({ valveOpening: 1, unbalanceGmm: BALANCED_GMM });

/** The scenario of a timeline: a pure function of time. */
export function followTimeline({ valve, deposit }: Timeline): Scenario {
  return (timeS) => ({
    valveOpening: 1 - (1 - valve.openingLeft) * faultLevel(valve, timeS),
    unbalanceGmm: BALANCED_GMM + (deposit.unbalanceGmm - BALANCED_GMM) * faultLevel(deposit, timeS),
  });
}

/** How far a fault has grown at a time: 0 healthy, 1 at its worst, linear in between. */
export function faultLevel({ startS, growS, holdS, healS }: Fault, timeS: number): number {
  const grown = (timeS - startS) / growS;
  const left = (startS + growS + holdS + healS - timeS) / healS;
  return Math.max(0, Math.min(1, grown, left));
}
