import type { FlightPhase } from './flight-phase.ts';
import type { Stamp } from './stamp.ts';
import type { Label } from './verdict.ts';

/** What an incident is about: the machine as a whole, one of its sensors or bearings, or what a rule found in a flight. */
export type IncidentKind = 'machine' | 'sensor' | 'bearing' | 'flight';

export interface IncidentAbout {
  readonly kind: IncidentKind;
  /** Key of the channel, of the source as `source:<key>`, of the bearing or of the rule; the machine has none. */
  readonly subject?: string | undefined;
}

/** How soon somebody should look. */
export type Severity = 'notice' | 'warning' | 'critical';

/** One channel that is away from its learned normal, with what a person needs to judge it. */
export interface Evidence {
  readonly channel: string;
  readonly direction: 'above' | 'below';
  /** Latest window mean, learned mean and learned spread of it, all in the channel's unit. */
  readonly value: number;
  readonly baseline: number;
  readonly spread: number;
  /** The value furthest from the baseline since the incident opened, same unit. */
  readonly extreme: number;
  /** Share of the score that this channel carries, 0 to 1. */
  readonly share: number;
  /** Since when this channel has been deviating. */
  readonly since: Stamp;
}

export type SensorFaultKind =
  | 'stuck' // exactly the same value for longer than it ever was while it was learned
  | 'dropped-out' // no value
  | 'spiking' // single values far off that return at once
  | 'saturated' // at the end of what it can measure
  | 'out-of-range' // values that cannot be true
  | 'clock-jump'; // the time of the device went forward or back at once

/** Why values of a sensor cannot be believed. Which of the optional facts there are depends on the kind. */
export interface SensorFault {
  readonly fault: SensorFaultKind;
  readonly source: string;
  /** Keys of the channels that are left out of the judgement because of it. */
  readonly channels: readonly string[];
  /** When it began, which is before it was noticed. */
  readonly since: Stamp;
  /** Latest value concerned, in the unit of its channel. */
  readonly value?: number | undefined;
  /** The limits that it reached or passed, in the same unit. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** How many values were concerned, within `withinMs` where there is one. */
  readonly count?: number | undefined;
  readonly withinMs?: number | undefined;
  /** stuck, dropped-out: how long this lasted at most while the channel was learned. */
  readonly normalMs?: number | undefined;
  /** clock-jump: by how much, negative for back. */
  readonly jumpMs?: number | undefined;
}

/** What a rule found in a flight. Which of the optional facts there are depends on the finding. */
export interface FlightFault {
  readonly finding: 'motor-failure' | 'limit';
  /** In which phase it was found. */
  readonly phase: FlightPhase;
  /** When it began, which is before it was found. */
  readonly since: Stamp;
  /** motor-failure: as the autopilot counts; none when it is not known which. */
  readonly motor?: number | undefined;
  /** motor-failure: degrees that the vehicle turned further than demanded. */
  readonly excessDeg?: number | undefined;
  /** limit: the channel and its latest and worst value, with the limit and who has published it. */
  readonly channel?: string | undefined;
  readonly unit?: string | undefined;
  readonly direction?: 'above' | 'below' | undefined;
  readonly value?: number | undefined;
  readonly worst?: number | undefined;
  readonly limit?: number | undefined;
  readonly limitBy?: { readonly title: string; readonly url: string } | undefined;
}

/** One stretch of abnormal behaviour of one asset. A value: each step of its life is a new object. */
export interface Incident extends IncidentAbout {
  /** UUID, minted once. */
  readonly id: string;
  readonly asset: string;
  /** 1 at opening, one more with each event. */
  readonly revision: number;
  readonly severity: Severity;
  readonly opened: Stamp;
  readonly updated: Stamp;
  readonly closed: Stamp | null;
  readonly score: number;
  readonly peakScore: number;
  /** Channels that deviate, the largest share first. */
  readonly evidence: readonly Evidence[];
  readonly labels: readonly Label[];
  /** The latest fault of a sensor; none for other kinds. */
  readonly fault?: SensorFault | undefined;
  /** The latest finding of a rule about a flight; none for other kinds. */
  readonly flight?: FlightFault | undefined;
  /** sha256 of the model package behind the latest verdict; empty where no model judged. */
  readonly model: string;
  /** How many episodes were merged into this incident; 1 when it never healed in between. */
  readonly episodes: number;
  /** Id of the incident that explains a closed one: not the machine was at fault but its sensor. */
  readonly explainedBy?: string | undefined;
}

export interface IncidentEvent {
  readonly event: 'opened' | 'updated' | 'closed';
  readonly incident: Incident;
}
