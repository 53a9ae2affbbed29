import { type AssetConfig, MEMORY_WINDOWS, windowRows } from './config/schema.ts';
import type { IncidentState } from './incident/machine.ts';
import type { AssetIncidents } from './incidents.ts';
import type { Judge } from './judge/judge.ts';
import type { LearningPeriod } from './learning.ts';
import type { SampleTime } from './sample-time.ts';
import type { Counters } from './system/counters.ts';
import type { Sample } from './values/sample.ts';
import type { Verdict } from './values/verdict.ts';
import { WindowCutter } from './window/cutter.ts';
import { Grid, type Row } from './window/grid.ts';

export interface AssetWatchOptions {
  readonly key: string;
  readonly config: AssetConfig;
  /** Time of a sample, by the key of its source. */
  readonly timeOf: Readonly<Record<string, SampleTime>>;
  readonly judge: Pick<Judge, 'judge'>;
  readonly counters: Counters;
  readonly incidents: AssetIncidents;
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
  #learning: LearningPeriod | undefined;
  #latestRow: Row | undefined;
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
  }

  /** What it is learning from, until there is a model. */
  get learning(): LearningPeriod | undefined {
    return this.#learning;
  }

  learnFrom(period: LearningPeriod | undefined): void {
    this.#learning = period;
  }

  /** Value of each channel in the latest row; null where it has a gap. */
  get latestValues(): Record<string, number | null> {
    const values = this.#latestRow?.values;
    const channels = Object.keys(this.#options.config.channels);
    const valueAt = (at: number) => (Number.isFinite(values?.[at]) ? (values?.[at] ?? null) : null);
    return Object.fromEntries(channels.map((channel, at) => [channel, valueAt(at)]));
  }

  push(sample: Sample): void {
    const { key, timeOf, counters } = this.#options;
    const time = timeOf[sample.source];
    if (time === undefined) return;
    const { rows, lateValues } = this.#grid.push(sample, time(sample));
    if (lateValues > 0) counters.add('samples_late', key, lateValues);
    for (const row of rows) this.#take(row);
  }

  /**
   * The clock went on: channels that said nothing have gaps. A cell that a held value could still fill is left open for
   * as long, because devices send their samples in batches.
   */
  advanceTo(timeMs: number): void {
    for (const row of this.#grid.advanceTo(timeMs - this.#options.config.window.hold)) this.#take(row);
  }

  /** Resolves when every window so far has its verdict. */
  settled(): Promise<void> {
    return this.#latestVerdict;
  }

  #take(row: Row): void {
    this.#latestRow = row;
    this.#learn(row);
    const window = this.#cutter.push(row);
    if (window === undefined) return;
    const { key, judge, counters } = this.#options;
    counters.add('windows_cut', key);
    this.#latestVerdict = judge.judge(window).then((verdict) => this.#decide(verdict));
  }

  #learn(row: Row): void {
    const learning = this.#learning;
    if (learning === undefined || learning.progress >= 1) return;
    learning.push(row.values);
    if (learning.progress >= 1) this.#options.on.learned();
  }

  #decide(verdict: Verdict): void {
    const { key, counters, incidents, on } = this.#options;
    counters.add(verdict.kind === 'judged' ? 'verdicts' : `not_judged_${verdict.reason}`, key);
    on.verdict(verdict, incidents.follow({ about: { kind: 'machine' }, verdict, stepMs: this.#stepMs }));
  }
}
