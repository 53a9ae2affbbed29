import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { AssetModel, type AssetModelHealth } from './asset-model.ts';
import type { AssetConfig } from './config/schema.ts';
import type { IncidentState } from './incident/machine.ts';
import { AssetIncidents, type StoredStates } from './incidents.ts';
import type { Judge } from './judge/judge.ts';
import { type LearningKeeper, LearningPeriod } from './learning.ts';
import type { SampleTime } from './sample-time.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import { messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import type { IncidentEvent } from './values/incident.ts';
import type { Sample } from './values/sample.ts';
import type { NotJudgedReason, Verdict } from './values/verdict.ts';
import { AssetWatch } from './watch.ts';

export interface AssetOptions {
  readonly key: string;
  readonly config: AssetConfig;
  readonly dataDir: string;
  readonly timeOf: Readonly<Record<string, SampleTime>>;
  readonly judge: Judge;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
  readonly keeper: LearningKeeper & { restore(): Promise<readonly Float32Array[]> };
  /** States of the incidents before a restart, of all assets. */
  readonly states?: StoredStates;
  readonly onIncident: (event: IncidentEvent, state: IncidentState) => void;
  readonly onVerdict?: (verdict: Verdict, state: IncidentState) => void;
}

export interface AssetHealth extends AssetModelHealth {
  readonly phase: 'starting' | 'learning' | 'watching';
  /** Latest value of each channel on the grid, in its unit; null where it has a gap. */
  readonly latest: Readonly<Record<string, number | null>>;
  /** Share of the learning that is done, while it learns. */
  readonly learned?: number;
  readonly score?: number;
  readonly notJudged?: NotJudgedReason;
}

/** One asset: the model that is its normal, the learning of it when there is none, and the watch. */
export class Asset {
  readonly #options: AssetOptions;
  readonly #watch: AssetWatch;
  readonly #model: AssetModel;
  #learned: Promise<void> = Promise.resolve();
  #phase: AssetHealth['phase'] = 'starting';
  #latest: Verdict | undefined;
  /** Of a model that could not be written where it belongs. */
  #temporaryDir: string | undefined;

  constructor(options: AssetOptions) {
    const { key: asset, config, states = new Map(), log, onVerdict } = options;
    const incidents = new AssetIncidents({
      ...options,
      asset,
      settings: config.incident,
      newId: randomUUID,
      stored: states,
      onUnreadable: (message) => log.error({ asset }, message),
    });
    this.#options = options;
    this.#model = new AssetModel({
      ...options,
      wasAbnormal: incidents.openOf('machine').length > 0,
      on: { watching: () => this.#watchByModel(), unknown: () => this.#beginLearning() },
    });
    this.#watch = new AssetWatch({
      ...options,
      incidents,
      on: {
        learned: () => this.#finishLearning(),
        verdict: (verdict, after) => {
          this.#latest = verdict;
          this.#model.saw(verdict);
          onVerdict?.(verdict, after);
        },
      },
    });
  }

  /** Loads the model of the asset, or begins to learn one. Resolves when samples may come. */
  async start(): Promise<void> {
    await this.#model.start();
  }

  push(sample: Sample): void {
    this.#watch.push(sample);
  }

  advanceTo(timeMs: number): void {
    this.#watch.advanceTo(timeMs);
    this.#model.advanceTo(timeMs);
  }

  /** Resolves when every window so far has its verdict and what was learned is in use. */
  async settled(): Promise<void> {
    await this.#watch.settled();
    await this.#learned;
    await this.#model.settled();
  }

  /** No more samples come: keeps what was learned so far. */
  stop(): void {
    this.#watch.learning?.keep();
    this.#model.stop();
    if (this.#temporaryDir !== undefined) rmSync(this.#temporaryDir, { recursive: true, force: true });
  }

  /** What the topic `health` says about it. */
  get health(): AssetHealth {
    const learning = this.#watch.learning;
    const verdict = this.#latest;
    return {
      phase: this.#phase,
      latest: this.#watch.latestValues,
      ...this.#model.health,
      ...(learning && { learned: Math.round(learning.progress * 1000) / 1000 }),
      ...(verdict?.kind === 'judged' && { score: verdict.score }),
      ...(verdict?.kind === 'not-judged' && { notJudged: verdict.reason }),
    };
  }

  #watchByModel(): void {
    const progress = this.#watch.learning?.progress ?? 1;
    // Half a learning is of no use beside a model that was brought.
    if (progress < 1) this.#options.keeper.clear();
    this.#watch.learnFrom(undefined);
    this.#phase = 'watching';
  }

  async #beginLearning(): Promise<void> {
    const { key: asset, config, dataDir, clock, keeper, log } = this.#options;
    if (this.#watch.learning !== undefined) return;
    const restored = await keeper.restore();
    const period = new LearningPeriod({ asset, config, dataDir, clock, keeper, restored });
    this.#watch.learnFrom(period);
    this.#phase = 'learning';
    const done = `${Math.round(period.progress * 100)} % done`;
    log.info({ asset }, `learning the normal of ${asset} for ${config.learn.for / 1000} s, ${done}`);
    if (period.progress >= 1) this.#finishLearning();
  }

  #finishLearning(): void {
    const { key: asset, log } = this.#options;
    const period = this.#watch.learning;
    if (period === undefined) return;
    this.#learned = this.#useLearned(period).catch((error) => log.error({ asset }, messageOf(error)));
  }

  async #useLearned(period: LearningPeriod): Promise<void> {
    const { key: asset, counters, log } = this.#options;
    try {
      const { directory, unwritable } = await period.finish();
      log.info({ asset, directory }, `learned the normal of ${asset}`);
      if (unwritable !== undefined) this.#watchTemporarily(dirname(directory), unwritable);
      await this.#model.adopt(directory);
    } catch (error) {
      counters.add('learn_rejected', asset);
      log.error({ asset }, `cannot use what was learned of ${asset}: ${messageOf(error)}; learning it again`);
      period.again();
    }
  }

  #watchTemporarily(temporaryDir: string, unwritable: unknown): void {
    const { key: asset, log } = this.#options;
    this.#temporaryDir = temporaryDir;
    const outcome = 'watching by it all the same, a restart learns again';
    log.error({ asset }, `cannot keep what was learned of ${asset}: ${messageOf(unwritable)}; ${outcome}`);
  }
}
