import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AssetConfig } from './config/schema.ts';
import type { IncidentState } from './incident/machine.ts';
import { AssetIncidents, type StoredStates } from './incidents.ts';
import type { Judge } from './judge/judge.ts';
import { channelsOf, type LearningKeeper, LearningPeriod } from './learning.ts';
import { activeModelDir } from './models/active.ts';
import { checkAgainstAsset, readModelPackage } from './models/read-package.ts';
import type { SampleTime } from './sample-time.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import { FieldnoteError, messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import type { IncidentEvent } from './values/incident.ts';
import type { Sample } from './values/sample.ts';
import type { NotJudgedReason, Verdict } from './values/verdict.ts';
import { AssetWatch } from './watch.ts';

/** A judge process that does not come up, or died of a model, is asked again after so long. */
const ACTIVATE_RETRY_MS = 10_000;
/** Deaths while a model is loaded that may have another cause, such as memory that others used up. */
const ACTIVATE_DEATHS_MAX = 3;

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

export interface AssetHealth {
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
  readonly #stopping = new AbortController();
  #model: Promise<void> = Promise.resolve();
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
    this.#watch = new AssetWatch({
      ...options,
      incidents,
      on: {
        learned: () => this.#follow(this.#finishLearning()),
        verdict: (verdict, after) => {
          this.#latest = verdict;
          onVerdict?.(verdict, after);
        },
      },
    });
  }

  /** Loads the model of the asset, or begins to learn one. Resolves when samples may come. */
  async start(): Promise<void> {
    const { key, dataDir, log } = this.#options;
    try {
      const directory = await activeModelDir(dataDir, key);
      if (directory === undefined) return await this.#beginLearning();
      this.#follow(this.#activate(directory));
    } catch (error) {
      log.error({ asset: key }, `${messageOf(error)}; learning ${key} again`);
      await this.#beginLearning();
    }
  }

  push(sample: Sample): void {
    this.#watch.push(sample);
  }

  advanceTo(timeMs: number): void {
    this.#watch.advanceTo(timeMs);
  }

  /** Resolves when every window so far has its verdict and what was learned is in use. */
  async settled(): Promise<void> {
    await this.#watch.settled();
    await this.#model;
  }

  /** No more samples come: keeps what was learned so far. */
  stop(): void {
    this.#watch.learning?.keep();
    this.#stopping.abort();
    if (this.#temporaryDir !== undefined) rmSync(this.#temporaryDir, { recursive: true, force: true });
  }

  /** What the topic `health` says about it. */
  get health(): AssetHealth {
    const learning = this.#watch.learning;
    const verdict = this.#latest;
    return {
      phase: this.#phase,
      latest: this.#watch.latestValues,
      ...(learning && { learned: Math.round(learning.progress * 1000) / 1000 }),
      ...(verdict?.kind === 'judged' && { score: verdict.score }),
      ...(verdict?.kind === 'not-judged' && { notJudged: verdict.reason }),
    };
  }

  #follow(work: Promise<void>): void {
    this.#model = work.catch((error) => {
      this.#options.log.error({ asset: this.#options.key }, messageOf(error));
    });
  }

  async #beginLearning(): Promise<void> {
    const { key: asset, config, dataDir, clock, keeper, log } = this.#options;
    const restored = await keeper.restore();
    const period = new LearningPeriod({ asset, config, dataDir, clock, keeper, restored });
    this.#watch.learnFrom(period);
    this.#phase = 'learning';
    const done = `${Math.round(period.progress * 100)} % done`;
    log.info({ asset }, `learning the normal of ${asset} for ${config.learn.for / 1000} s, ${done}`);
    if (period.progress >= 1) this.#follow(this.#finishLearning());
  }

  async #finishLearning(): Promise<void> {
    const { key: asset, counters, log } = this.#options;
    const period = this.#watch.learning;
    if (period === undefined) return;
    try {
      const { directory, unwritable } = await period.finish();
      log.info({ asset, directory }, `learned the normal of ${asset}`);
      if (unwritable !== undefined) this.#watchTemporarily(dirname(directory), unwritable);
      await this.#activate(directory);
    } catch (error) {
      counters.add('learn_rejected', asset);
      log.error({ asset }, `cannot use what was learned of ${asset}: ${messageOf(error)}; learning it again`);
      period.again();
    }
  }

  async #activate(directory: string): Promise<void> {
    const { key: asset, config, judge, log } = this.#options;
    try {
      const model = await readModelPackage(directory);
      checkAgainstAsset(model, channelsOf(config), config.window);
      await this.#activateWhenUp(() => judge.activate(asset, model));
      if (this.#stopping.signal.aborted) return;
      this.#watch.learnFrom(undefined);
      this.#phase = 'watching';
      log.info({ asset, model: model.manifest.sha256 }, `watching ${asset}`);
    } catch (error) {
      if (this.#watch.learning !== undefined) throw error;
      log.error({ asset }, `${messageOf(error)}; learning ${asset} again`);
      await this.#beginLearning();
    }
  }

  /**
   * A model that is wrong is an error. A process that does not come up is asked again, for ever; one that dies of the
   * model a few times, because a normal that was learned is worth more than half a minute.
   */
  async #activateWhenUp(activate: () => Promise<void>): Promise<void> {
    const { key: asset, log } = this.#options;
    const { signal } = this.#stopping;
    for (let deaths = 0; !signal.aborted; ) {
      try {
        await Promise.race([activate(), once(signal, 'abort')]);
        return;
      } catch (error) {
        if (!(error instanceof FieldnoteError)) throw error;
        if (error.code.startsWith('MODEL_') && (!isDeath(error.cause) || ++deaths === ACTIVATE_DEATHS_MAX))
          throw error;
        log.error({ asset }, `${messageOf(error)}; trying again in ${ACTIVATE_RETRY_MS / 1000} s`);
        await sleep(ACTIVATE_RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  #watchTemporarily(temporaryDir: string, unwritable: unknown): void {
    const { key: asset, log } = this.#options;
    this.#temporaryDir = temporaryDir;
    const outcome = 'watching by it all the same, a restart learns again';
    log.error({ asset }, `cannot keep what was learned of ${asset}: ${messageOf(unwritable)}; ${outcome}`);
  }
}

function isDeath(cause: unknown): boolean {
  return cause instanceof FieldnoteError && (cause.code === 'CHILD_DEAD' || cause.code === 'CHILD_DEADLINE');
}
