import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { AssetModel, type AssetModelHealth } from './asset-model.ts';
import type { AssetConfig } from './config/schema.ts';
import type { IncidentState } from './incident/machine.ts';
import { AssetIncidents, type StoredStates } from './incidents.ts';
import type { Judge } from './judge/judge.ts';
import { LearnRequests } from './learn-requests.ts';
import { type LearningKeeper, LearningPeriod } from './learning.ts';
import { activeModelDir } from './models/active.ts';
import { isAskedToLearnAgain, learningAgain } from './models/learn-again.ts';
import type { SampleHistory } from './sample-history.ts';
import type { SampleTime } from './sample-time.ts';
import type { SensorKeeper } from './sensor-profiles.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import { FieldnoteError, messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import type { IncidentEvent } from './values/incident.ts';
import type { Sample } from './values/sample.ts';
import type { NotJudgedReason, Verdict } from './values/verdict.ts';
import { AssetWatch } from './watch.ts';

/** What was learned and cannot be written is tried to be written again after so long. */
const FINISH_RETRY_MS = 60_000;

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
  readonly sensors: SensorKeeper;
  /** Keeps what was measured, for the plot of an incident. */
  readonly history?: SampleHistory | undefined;
  /** Sources whose samples are placed by the time of their device. */
  readonly deviceClocks?: readonly string[];
  /** States of the incidents before a restart, of all assets. */
  readonly states?: StoredStates;
  readonly onIncident: (event: IncidentEvent, state: IncidentState) => void;
  readonly onVerdict?: (verdict: Verdict, state: IncidentState) => void;
}

export interface AssetHealth extends AssetModelHealth {
  readonly phase: 'starting' | 'learning' | 'proposed' | 'watching';
  /** sha256 of the package that waits for a person's yes. */
  readonly proposed?: string;
  /** Latest value of each channel on the grid, in its unit; null where it has a gap. */
  readonly latest: Readonly<Record<string, number | null>>;
  /** Share of the learning that is done, while it learns. */
  readonly learned?: number;
  readonly score?: number;
  /** Channels that are left out because their sensor is at fault. */
  readonly leftOut?: readonly string[];
  readonly notJudged?: NotJudgedReason;
}

/** One asset: the model that is its normal, the learning of it when there is none, and the watch. */
export class Asset {
  /** Of the machine, its sensors and its bearings. */
  readonly incidents: AssetIncidents;
  readonly #options: AssetOptions;
  readonly #watch: AssetWatch;
  readonly #model: AssetModel;
  readonly #requests: LearnRequests;
  #learned: Promise<void> = Promise.resolve();
  /** When to try again to finish the learning; infinite unless that failed. */
  #finishMs = Number.POSITIVE_INFINITY;
  #isUnfinishedTold = false;
  #keeping: Promise<unknown> | undefined;
  #phase: AssetHealth['phase'] = 'starting';
  #latest: Verdict | undefined;
  /** Of a model that could not be written where it belongs. */
  #temporaryDir: string | undefined;

  constructor(options: AssetOptions) {
    const { key: asset, config, states = new Map(), log, onVerdict } = options;
    this.incidents = new AssetIncidents({
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
      wasAbnormal: this.incidents.openOf('machine').length > 0,
      on: { watching: () => this.#watchByModel(), unknown: () => this.#beginLearning() },
    });
    this.#requests = new LearnRequests({
      dataDir: options.dataDir,
      asset: options.key,
      on: { again: () => this.#learnAgain(), proposed: (sha256) => this.#tellProposal(sha256) },
      onError: (error) => options.log.error({ asset: options.key }, messageOf(error)),
    });
    this.#watch = new AssetWatch({
      ...options,
      incidents: this.incidents,
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

  /** Learns and judges nothing until `resume`. */
  standBy(): void {
    this.#watch.standBy();
  }

  resume(timeMs: number): void {
    this.#watch.resume(timeMs);
  }

  advanceTo(timeMs: number): void {
    this.#watch.advanceTo(timeMs);
    this.#model.advanceTo(timeMs);
    this.#requests.advanceTo(timeMs);
    if (timeMs >= this.#finishMs) this.#finishLearning();
  }

  /** Resolves when every window so far has its verdict and what was learned is in use. */
  async settled(): Promise<void> {
    await this.#watch.settled();
    await this.#learned;
    await this.#model.settled();
    await this.#keeping;
    await this.#options.keeper.settled();
  }

  /** No more samples come: keeps what was learned so far. */
  stop(): void {
    this.#watch.learning?.keep();
    this.#keeping = Promise.all([this.#watch.keepSensors(), this.#options.history?.stop()]);
    this.#model.stop();
    if (this.#temporaryDir !== undefined) rmSync(this.#temporaryDir, { recursive: true, force: true });
  }

  /** What the topic `health` says about it. */
  get health(): AssetHealth {
    const learning = this.#watch.learning;
    const verdict = this.#latest;
    const { proposed } = this.#requests;
    return {
      phase: this.#phase,
      latest: this.#watch.latestValues,
      ...this.#model.health,
      ...(proposed && { proposed }),
      ...(this.#watch.leftOut.length > 0 && { leftOut: this.#watch.leftOut }),
      ...(learning && { learned: Math.round(learning.progress * 1000) / 1000 }),
      ...(verdict?.kind === 'judged' && { score: verdict.score }),
      ...(verdict?.kind === 'not-judged' && { notJudged: verdict.reason }),
    };
  }

  #watchByModel(): void {
    const progress = this.#watch.learning?.progress ?? 1;
    // A learning that made no model is of no use beside a model that was brought.
    if (progress < 1 || this.#finishMs < Number.POSITIVE_INFINITY) this.#options.keeper.clear();
    this.#watch.learnFrom(undefined);
    this.#phase = 'watching';
  }

  async #beginLearning(): Promise<void> {
    const { key: asset, config, dataDir, clock, keeper, log } = this.#options;
    if (this.#watch.learning !== undefined) return;
    if (await isAskedToLearnAgain(dataDir, asset)) {
      keeper.clear();
      await learningAgain(dataDir, asset).catch((error) => log.error({ asset }, messageOf(error)));
    }
    if ((await this.#requests.lookForProposal()) !== undefined) return this.#waitForYes();
    const restored = await keeper.restore();
    const chosenBefore = await activeModelDir(dataDir, asset).catch(() => undefined);
    const period = new LearningPeriod({ asset, config, dataDir, clock, keeper, restored, chosenBefore });
    this.#watch.learnFrom(period);
    if (period.progress === 0) this.#watch.learnSensorsAgain();
    this.#phase = 'learning';
    const done = `${Math.round(period.progress * 100)} % done`;
    log.info({ asset }, `learning the normal of ${asset} for ${config.learn.for / 1000} s, ${done}`);
    if (period.progress >= 1) this.#finishLearning();
  }

  #finishLearning(): void {
    const { key: asset, log } = this.#options;
    const period = this.#watch.learning;
    this.#finishMs = Number.POSITIVE_INFINITY;
    // Somebody may have asked to learn again since it was complete.
    if (period === undefined || period.progress < 1) return;
    this.#learned = this.#useLearned(period).catch((error) => log.error({ asset }, messageOf(error)));
  }

  async #useLearned(period: LearningPeriod): Promise<void> {
    const { key: asset, counters, log } = this.#options;
    try {
      const { directory, as, unwritable } = await period.finish();
      this.#isUnfinishedTold = false;
      const outcome = as === 'overtaken' ? ', but somebody chose another model meanwhile' : '';
      log.info({ asset, directory, model: basename(directory) }, `learned the normal of ${asset}${outcome}`);
      if (as === 'proposed') return await this.#beginWaiting();
      if (as === 'temporary') this.#watchTemporarily(dirname(directory), unwritable);
      await this.#model.adopt(directory);
    } catch (error) {
      const why = messageOf(error);
      if (!isRejection(error)) return this.#finishLater(period, why);
      counters.add('learn_rejected', asset);
      log.error({ asset }, `cannot use what was learned of ${asset}: ${why}; learning it again`);
      period.again(why);
    }
  }

  /** What was learned is good, and the disk may take it later. */
  #finishLater(period: LearningPeriod, why: string): void {
    const { key: asset, clock, log } = this.#options;
    period.keep();
    this.#finishMs = clock.monoMs() + FINISH_RETRY_MS;
    if (this.#isUnfinishedTold) return;
    this.#isUnfinishedTold = true;
    const outcome = `keeping it, trying again every ${FINISH_RETRY_MS / 1000} s`;
    log.error({ asset }, `cannot use what was learned of ${asset} yet: ${why}; ${outcome}`);
  }

  /** What was learned is not used before somebody said yes; until then nothing is judged. */
  async #beginWaiting(): Promise<void> {
    await this.#requests.lookForProposal();
    this.#waitForYes();
  }

  #waitForYes(): void {
    this.#watch.learnFrom(undefined);
    this.#phase = 'proposed';
  }

  #tellProposal(sha256: string | undefined): void {
    const { key: asset, log } = this.#options;
    if (sha256 === undefined) return;
    log.warn(
      { asset, model: sha256 },
      `a model of ${asset} waits for a yes: fieldnote learn --approve ${asset}`,
    );
  }

  /** Somebody asked for it. A model that judges goes first: whoever asked has forgotten it too. */
  async #learnAgain(): Promise<void> {
    const { key: asset, dataDir, log } = this.#options;
    if (this.#phase === 'watching' || this.#phase === 'starting') return;
    await learningAgain(dataDir, asset);
    log.info({ asset }, `learning ${asset} again, as asked`);
    const period = this.#watch.learning;
    if (period === undefined) await this.#beginLearning();
    else period.again();
  }

  #watchTemporarily(temporaryDir: string, unwritable: unknown): void {
    const { key: asset, log } = this.#options;
    this.#temporaryDir = temporaryDir;
    const outcome = 'watching by it all the same, a restart learns again';
    log.error({ asset }, `cannot keep what was learned of ${asset}: ${messageOf(unwritable)}; ${outcome}`);
  }
}

/** What was learned makes no model that could be used, in contrast to one that cannot be written. */
function isRejection(error: unknown): boolean {
  return (
    error instanceof FieldnoteError && (error.code === 'LEARN_UNSTEADY' || error.code.startsWith('MODEL_'))
  );
}
