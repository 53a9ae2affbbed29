import type { Stamp } from './stamp.ts';
import type { Label } from './verdict.ts';

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

/** One stretch of abnormal behaviour of one asset. A value: each step of its life is a new object. */
export interface Incident {
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
  /** sha256 of the model package behind the latest verdict. */
  readonly model: string;
  /** How many episodes were merged into this incident; 1 when it never healed in between. */
  readonly episodes: number;
}

export interface IncidentEvent {
  readonly event: 'opened' | 'updated' | 'closed';
  readonly incident: Incident;
}
