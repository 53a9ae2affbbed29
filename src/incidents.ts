import type { IncidentConfig } from './config/schema.ts';
import { explain, type IncidentState, initialState, restore, step } from './incident/machine.ts';
import type { Clock } from './system/clock.ts';
import { messageOf } from './system/errors.ts';
import type {
  FlightFault,
  Incident,
  IncidentAbout,
  IncidentEvent,
  IncidentKind,
  SensorFault,
} from './values/incident.ts';
import type { Verdict } from './values/verdict.ts';

/** Stored states by their key: plain JSON, of this version or an older one. */
export type StoredStates = ReadonlyMap<string, unknown>;

/** What the store calls the state behind an incident; keys of assets have no `/`. */
export function stateKeyOf(asset: string, { kind, subject }: IncidentAbout): string {
  return kind === 'machine' ? asset : `${asset}/${kind}/${subject}`;
}

export interface AssetIncidentsOptions {
  readonly asset: string;
  readonly settings: IncidentConfig;
  readonly clock: Clock;
  /** UUID of a new incident. */
  readonly newId: () => string;
  /** Of all assets, as they were before a restart. */
  readonly stored: StoredStates;
  readonly onIncident: (event: IncidentEvent, state: IncidentState) => void;
  /** A stored state is not readable; what it is about begins anew. */
  readonly onUnreadable: (message: string) => void;
}

export interface FollowInput {
  readonly about: IncidentAbout;
  readonly verdict: Verdict;
  /** Time from one verdict about it to the next. */
  readonly stepMs: number;
  /** Of a sensor that is faulty. */
  readonly fault?: SensorFault | undefined;
  /** Of a flight in which a rule found something. */
  readonly flight?: FlightFault | undefined;
  /** Where they are not those of the asset. */
  readonly settings?: IncidentConfig;
}

/** The incidents of one asset: those of the machine, of each of its sensors and bearings, and of its flights. */
export class AssetIncidents {
  readonly #options: AssetIncidentsOptions;
  readonly #states = new Map<string, IncidentState>();

  constructor(options: AssetIncidentsOptions) {
    const { asset, stored } = options;
    this.#options = options;
    for (const [key, state] of stored)
      if (key === asset || key.startsWith(`${asset}/`)) this.#restore(key, state);
  }

  /** One verdict further. */
  follow({ settings = this.#options.settings, ...input }: FollowInput): IncidentState {
    const { asset, clock, newId, onIncident } = this.#options;
    const { about, verdict } = input;
    const key = stateKeyOf(asset, about);
    const stamp = clock.stampAt(verdict.endMs);
    const before = this.#states.get(key) ?? initialState();
    const { state, event } = step(before, { ...input, stamp, settings, newId });
    this.#states.set(key, state);
    if (event !== undefined) onIncident(event, state);
    return state;
  }

  get settings(): IncidentConfig {
    return this.#options.settings;
  }

  /** Ends the incident of the machine: another one explains it. */
  explainMachine(explainedBy: string, timeMs: number): void {
    const { asset, clock, onIncident } = this.#options;
    const before = this.#states.get(asset) ?? initialState();
    const { state, event } = explain(before, { explainedBy, stamp: clock.stampAt(timeMs) });
    this.#states.set(asset, state);
    if (event !== undefined) onIncident(event, state);
  }

  /** The incidents that are open now. */
  get open(): readonly Incident[] {
    const incidents = [...this.#states.values()].flatMap(({ life }) => life?.incident ?? []);
    return incidents.filter(({ closed }) => closed === null);
  }

  /** Those of a kind. */
  openOf(kind: IncidentKind): readonly Incident[] {
    return this.open.filter((incident) => incident.kind === kind);
  }

  #restore(key: string, stored: unknown): void {
    try {
      this.#states.set(key, restore(stored));
    } catch (error) {
      this.#options.onUnreadable(`${key}: ${messageOf(error)}`);
    }
  }
}
