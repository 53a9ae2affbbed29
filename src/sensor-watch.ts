import type { AssetIncidents } from './incidents.ts';
import type { Clock } from './system/clock.ts';
import type { Incident, SensorFault } from './values/incident.ts';
import type { Sample } from './values/sample.ts';
import type { Judged } from './values/verdict.ts';
import { SensorCheck, type SensorCheckOptions, type SensorProfiles } from './window/sensors/check.ts';

/** How often the agent tells that time goes on. */
const TICK_MS = 1000;
/** A power cut takes so much of the learning at most. */
const KEEP_INTERVAL_MS = 600_000;
/** A fault of the machine is explained by sensors that carry so much of its evidence. */
const EXPLAINED_SHARE = 0.75;

export interface SensorWatchOptions {
  readonly asset: string;
  /** Channel keys in the order of the columns. */
  readonly channels: readonly string[];
  readonly check: SensorCheckOptions;
  readonly incidents: AssetIncidents;
  readonly clock: Clock;
  /** Time from one look at what the check has found to the next. */
  readonly stepMs: number;
  /** Makes durable what was learned so far: now and then, and when it is complete. */
  readonly keep: (profiles: SensorProfiles) => void;
}

/** The sensors of one asset: what the check finds becomes incidents, and channels that the judgement leaves out. */
export class SensorWatch {
  readonly #options: SensorWatchOptions;
  #check: SensorCheck;
  #isLearned: boolean;
  /** Channels that open incidents leave out. */
  #leftOut: ReadonlyMap<string, number> = new Map();
  #lookedMs = Number.NEGATIVE_INFINITY;
  #keptMs: number | undefined;

  constructor(options: SensorWatchOptions) {
    this.#options = options;
    this.#check = new SensorCheck(options.check);
    this.#isLearned = this.#check.isLearned;
    this.#followLeftOut();
  }

  /** What was learned so far of what is usual for each channel. */
  get profiles(): SensorProfiles {
    return this.#check.profiles;
  }

  get isLearned(): boolean {
    return this.#isLearned;
  }

  /** Channels that are left out of the judgement now. */
  get leftOut(): readonly string[] {
    return [...this.#leftOut.keys()];
  }

  /** Forgets what is usual for the channels. */
  learnAgain(): void {
    this.#check = new SensorCheck({ ...this.#options.check, profiles: undefined });
    this.#isLearned = false;
    this.#keptMs = Number.NEGATIVE_INFINITY;
  }

  /** @returns the sample with NaN for what cannot be believed */
  take(sample: Sample, timeMs: number): Sample {
    return this.#check.take(sample, timeMs);
  }

  /** What was silent until now was not asked. */
  resume(timeMs: number): void {
    this.#check.resume(timeMs);
  }

  advanceTo(timeMs: number): void {
    this.#check.advanceTo(timeMs);
    this.#look(timeMs);
  }

  /**
   * A row is complete.
   * @param isFirst whether time begins anew
   * @returns the columns of it that must not be judged, and since when
   */
  leftOutAt(endMs: number, isFirst: boolean): ReadonlyMap<number, number> {
    if (isFirst) this.#lookedMs = Number.NEGATIVE_INFINITY;
    this.#look(endMs);
    const { channels } = this.#options;
    const leftOut = new Map(this.#check.suspects);
    for (const [channel, sinceMs] of this.#leftOut) {
      const column = channels.indexOf(channel);
      if (column !== -1) leftOut.set(column, Math.min(sinceMs, leftOut.get(column) ?? sinceMs));
    }
    return leftOut;
  }

  #look(timeMs: number): void {
    const { incidents, stepMs } = this.#options;
    const check = this.#check;
    if (timeMs < this.#lookedMs + stepMs) return;
    this.#lookedMs = timeMs;
    this.#keep(timeMs);
    const { findings } = check;
    const open = incidents.openOf('sensor');
    if (findings.length === 0 && open.length === 0) return;
    for (const { subject, sinceMs, ...found } of findings) {
      const since = this.#options.clock.stampAt(sinceMs);
      this.#follow(subject, timeMs, { score: 1, fault: { ...found, since } });
    }
    const found = new Set(findings.map(({ subject }) => subject));
    // A channel with a fault of its own keeps no other fault open.
    const isOver = (channel: string) => found.has(channel) || check.isAlive(channel);
    for (const { subject = '', fault } of open)
      if (!found.has(subject) && (fault?.channels.every(isOver) ?? true))
        this.#follow(subject, timeMs, { score: 0 });
    this.#followLeftOut();
    this.#explain(timeMs);
  }

  #keep(timeMs: number): void {
    if (this.#isLearned) return;
    this.#keptMs ??= timeMs;
    this.#isLearned = this.#check.isLearned;
    if (!this.#isLearned && timeMs < this.#keptMs + KEEP_INTERVAL_MS) return;
    this.#keptMs = timeMs;
    this.#options.keep(this.#check.profiles);
  }

  #follow(subject: string, endMs: number, { score, fault }: { score: 0 | 1; fault?: SensorFault }): void {
    const { asset, incidents, stepMs } = this.#options;
    const verdict: Judged = {
      ...{ kind: 'judged', asset, endMs, model: '', score, deviations: [], labels: [] },
    };
    const about = { kind: 'sensor', subject } as const;
    // The check has waited long enough before it found anything.
    const settings = { ...incidents.settings, openAfter: 0 };
    incidents.follow({ about, verdict, fault, settings, stepMs: Math.max(stepMs, TICK_MS) });
  }

  #followLeftOut(): void {
    const open = this.#options.incidents.openOf('sensor');
    const entries = open.flatMap(({ fault }) => {
      const { channels = [], since } = fault ?? {};
      return channels.map((channel) => [channel, since?.monoMs ?? Number.NEGATIVE_INFINITY] as const);
    });
    this.#leftOut = new Map(entries);
  }

  /** The machine was thought to be at fault by the values of a sensor that turns out to be. */
  #explain(timeMs: number): void {
    const { incidents, check } = this.#options;
    const [machine] = incidents.openOf('machine');
    if (machine === undefined) return;
    const shareOf = ({ fault }: Incident) => {
      if (fault === undefined || fault.fault === 'saturated') return 0;
      const { since, channels } = fault;
      const explained = machine.evidence.filter(
        (evidence) =>
          channels.includes(evidence.channel) &&
          evidence.since.boot === since.boot &&
          evidence.since.monoMs >= since.monoMs - check.windowMs,
      );
      return explained.reduce((sum, { share }) => sum + share, 0);
    };
    const sensors = incidents.openOf('sensor').toSorted((one, other) => shareOf(other) - shareOf(one));
    const explained = sensors.reduce((sum, sensor) => sum + shareOf(sensor), 0);
    const told = machine.evidence.reduce((sum, { share }) => sum + share, 0);
    const [first] = sensors;
    if (first !== undefined && told > 0 && explained >= EXPLAINED_SHARE * told)
      incidents.explainMachine(first.id, timeMs);
  }
}
