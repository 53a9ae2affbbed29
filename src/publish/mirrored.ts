import type { Severity } from '../values/incident.ts';

/** How the node and its assets are now: what the mirrors show, each in its own form. */
export interface MirroredState {
  readonly node: MirroredNode;
  readonly assets: readonly MirroredAsset[];
}

export interface MirroredNode {
  readonly version: string;
  /** Reports that wait for their acknowledgement; null while there is no store. */
  readonly reportsWaiting: number | null;
  readonly sourcesOpen: number;
  readonly sources: number;
}

export interface MirroredAsset {
  readonly key: string;
  readonly name: string;
  /** Whether its values come in. */
  readonly isOnline: boolean;
  readonly phase: string;
  /** 0 to 1. */
  readonly learned: number;
  /** Latest; 1 is the alarm limit; null while nothing is judged. */
  readonly score: number | null;
  /** Whether an incident is open, and the highest severity of those that are. */
  readonly isIncidentOpen: boolean;
  readonly severity: Severity | 'none';
  /** Of the latest report since the start, or of an incident that was open then; empty when there is none. */
  readonly text: string;
  readonly channels: readonly MirroredChannel[];
}

export interface MirroredChannel {
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  /** Latest on the grid; null where it has a gap. */
  readonly value: number | null;
}

/** The phases that an asset can be in. */
export const PHASES = ['starting', 'learning', 'proposed', 'watching'] as const;

export const SEVERITIES = ['none', 'notice', 'warning', 'critical'] as const;
