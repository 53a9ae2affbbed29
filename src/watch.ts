import { type AssetConfig, MEMORY_WINDOWS, windowRows } from './config/schema.ts';
import type { IncidentState } from './incident/machine.ts';
import type { AssetIncidents } from './incidents.ts';
import type { Judge } from './judge/judge.ts';
import type { LearningPeriod } from './learning.ts';
import type { SampleHistory } from './sample-history.ts';
import type { SampleTime } from './sample-time.ts';
import type { SensorKeeper } from './sensor-profiles.ts';
import { SensorWatch } from './sensor-watch.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import type { Sample } from './values/sample.ts';
import type { Verdict } from './values/verdict.ts';
import type { Window } from './values/window.ts';
import { WindowCutter } from './window/cutter.ts';
import { Grid, type Row } from './window/grid.ts';

export interface AssetWatchOptions {
  readonly key: string;
  readonly config: AssetConfig;
  /** Time of a sample, by the key of its source. */
  readonly timeOf: Readonly<Record<string, SampleTime>>;
  readonly judge: Pick<Judge, 'judge'>;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly incidents: AssetIncidents;
  readonly sensors: SensorKeeper;
  readonly history?: Pick<SampleHistory, 'push'> | undefined;
  /** Sources whose samples are placed by the time of their device. */
  readonly deviceClocks?: readonly string[] | undefined;
  readonly on: AssetWatchEvents;
}

export interface AssetWatchEvents {
  /** Enough was learned; the watch goes on without judging until there is a model. */
  learned(): void;
  /** Each verdict about the machine, in order, with the state after it. */
  verdict(verdict: Verdict, state: IncidentState): void;
}

/** One asset on its way: samples → rows → what is learned and windows → verdicts → incidents. */
export class AssetWatch {
  readonly #options: AssetWatchOptions;
  readonly #grid: Grid;
  readonly #cutter: WindowCutter;
  readonly #stepMs: number;
  readonly #sensors: SensorWatch;
  #learning: LearningPeriod | undefined;
  #latestRow: Row | undefined;
  #isStandingBy = false;
  #latestVerdict: Promise<void> = Promise.resolve();

  constructor(options: AssetWatchOptions) {
    const { key, config } = options;
    const { rateHz, step: stepMs, hold: holdMs } = config.window;
    const rows = windowRows(config.window);
    const channels = Object.keys(config.channels);
    this.#options = options;
    const memoryRows = MEMORY_WINDOWS * rows;
    this.#grid = new Grid({ channels: config.channels, rateHz, holdMs, windowRows: memoryRows + rows });
    const stepRows = Math.max(1, Math.round((stepMs / 1000) * rateHz));
    this.#cutter = new WindowCutter({ asset: key, channels, rateHz, rows, memoryRows, stepRows });
    this.#stepMs = (stepRows / rateHz) * 1000;
    this.#sensors = new SensorWatch({
      ...options,
      asset: key,
      channels,
      check: {
        channels: config.channels,
        holdMs,
        windowMs: config.window.length,
        learnForMs: config.learn.for,
        deviceClocks: options.deviceClocks ?? [],
        profiles: options.sensors.profiles,
      },
      stepMs: this.#stepMs,
      keep: (profiles) => options.sensors.keep(profiles),
    });
  }

  /** What it is learning from, until there is a model. */
  get learning(): LearningPeriod | undefined {
    return this.#learning;
  }

  learnFrom(period: LearningPeriod | undefined): void {
    this.#learning = period;
  }

  /** Channels that are left out because their sensor is at fault. */
  get leftOut(): readonly string[] {
    return this.#sensors.leftOut;
  }

  /** Forgets what was learned of the sensors. */
  learnSensorsAgain(): void {
    this.#sensors.learnAgain();
  }

  /** Makes durable what was learned of the sensors so far; what is complete was kept when it was. */
  async keepSensors(): Promise<void> {
    if (!this.#sensors.isLearned) await this.#options.sensors.keep(this.#sensors.profiles);
  }

  /** Value of each channel in the latest row; null where it has a gap. */
  get latestValues(): Record<string, number | null> {
    const values = this.#latestRow?.values;
    const channels = Object.keys(this.#options.config.channels);
    const valueAt = (at: number) => (Number.isFinite(values?.[at]) ? (values?.[at] ?? null) : null);
    return Object.fromEntries(channels.map((channel, at) => [channel, valueAt(at)]));
  }

  /** Nothing is learned or judged until `resume`: what comes says nothing about the normal of the asset. */
  standBy(): void {
    this.#isStandingBy = true;
  }

  /** From this time on values count again; that there were none meanwhile is no fault of the sensors. */
  resume(timeMs: number): void {
    if (this.#isStandingBy) this.#sensors.resume(timeMs);
    this.#isStandingBy = false;
  }

  push(sample: Sample): void {
    if (this.#isStandingBy) return;
    const { key, timeOf, counters } = this.#options;
    const time = timeOf[sample.source];
    if (time === undefined) return;
    const timeMs = time(sample);
    const taken = this.#sensors.take(sample, timeMs);
    const withheld = taken.values.filter((value, at) => !Object.is(value, sample.values[at])).length;
    if (withheld > 0) counters.add('values_withheld', key, withheld);
    const { rows, lateValues } = this.#grid.push(taken, timeMs);
    if (lateValues > 0) counters.add('samples_late', key, lateValues);
    for (const row of rows) this.#take(row);
  }

  /**
   * The clock went on: channels that said nothing have gaps. A cell that a held value could still fill is left open for
   * as long, because devices send their samples in batches.
   */
  advanceTo(timeMs: number): void {
    if (this.#isStandingBy) return;
    const openMs = timeMs - this.#options.config.window.hold;
    for (const row of this.#grid.advanceTo(openMs)) this.#take(row);
    this.#sensors.advanceTo(openMs);
  }

  /** Resolves when every window so far has its verdict. */
  settled(): Promise<void> {
    return this.#latestVerdict;
  }

  #take(row: Row): void {
    this.#latestRow = row;
    this.#options.history?.push(row);
    const leftOut = this.#sensors.leftOutAt(row.endMs, row.isFirst);
    this.#learn(withGaps(row.values, leftOut));
    const window = this.#cutter.push(row, leftOut);
    if (window === undefined) return;
    const { key, judge, counters } = this.#options;
    counters.add('windows_cut', key);
    this.#latestVerdict = judge.judge(window).then((verdict) => this.#decide(verdict, window));
  }

  #learn(values: Float32Array): void {
    const learning = this.#learning;
    if (learning === undefined || learning.progress >= 1) return;
    learning.push(values);
    if (learning.progress >= 1) this.#options.on.learned();
  }

  #decide(verdict: Verdict, { excluded = [] }: Window): void {
    const { key, counters, incidents, config, on } = this.#options;
    counters.add(verdict.kind === 'judged' ? 'verdicts' : `not_judged_${verdict.reason}`, key);
    const [open] = incidents.openOf('machine');
    const isHealthy = verdict.kind === 'judged' && verdict.score < config.incident.closeBelow;
    // Without the channels that it is about, an incident cannot be seen to end.
    const isBlind = open?.evidence.some(({ channel }) => excluded.includes(channel)) ?? false;
    const seen: Verdict =
      isHealthy && isBlind
        ? { kind: 'not-judged', asset: key, endMs: verdict.endMs, reason: 'sensor-fault' }
        : verdict;
    const state = incidents.follow({ about: { kind: 'machine' }, verdict: seen, stepMs: this.#stepMs });
    on.verdict(verdict, state);
  }
}

function withGaps(values: Float32Array, columns: ReadonlyMap<number, number>): Float32Array {
  if (columns.size === 0) return values;
  return values.map((value, column) => (columns.has(column) ? Number.NaN : value));
}
