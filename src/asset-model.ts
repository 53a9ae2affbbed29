import { basename } from 'node:path';
import { ChosenModel } from './chosen-model.ts';
import type { AssetConfig } from './config/schema.ts';
import type { Judge } from './judge/judge.ts';
import { channelsOf } from './learning.ts';
import { ModelTrial } from './model-trial.ts';
import { modelDir, modelsFolder, rollBackModel } from './models/active.ts';
import { AlarmShare } from './models/alarm-share.ts';
import { checkAgainstAsset, readModelPackage } from './models/read-package.ts';
import { endTrial, trialLength } from './models/trial.ts';
import type { Counters } from './system/counters.ts';
import { FieldnoteError, messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import type { NotJudgedReason, Verdict } from './values/verdict.ts';
import { activateWhenUp, LOAD_DEATHS_MAX } from './when-up.ts';

/** How often it is looked whether somebody chose another model. */
const POLL_MS = 2000;
/** Reasons for a missing verdict that a model gives itself. They are as bad as an alarm. */
const USELESS: ReadonlySet<NotJudgedReason> = new Set(['bad-output', 'out-of-range']);

export interface AssetModelOptions {
  readonly key: string;
  readonly config: AssetConfig;
  readonly dataDir: string;
  readonly judge: Pick<Judge, 'activate' | 'deactivate'>;
  readonly counters: Counters;
  readonly log: Logger;
  /** Whether the asset was abnormal when the daemon ended, as far as it knows. */
  readonly wasAbnormal: boolean;
  readonly on: {
    /** A model judges from now on. */
    watching(): void;
    /** There is no model that could judge. */
    unknown(): Promise<void>;
  };
}

export interface AssetModelHealth {
  /** sha256 of the package that judges. */
  readonly model?: string;
  /** While it is on trial: the share of it that is done, 0 to 1. */
  readonly trial?: number;
  /** The last model that was not taken, or was rolled back, and why. */
  readonly refused?: { readonly model: string; readonly why: string };
}

/**
 * The model that judges one asset. The folder of its packages says which; whoever changes that, the daemon or a command,
 * changes the file `active`, which is looked at every two seconds. A model that cannot be used never replaces one that
 * can: the old one judges until the new one is loaded and tried, and comes back when the new one fails its trial.
 */
export class AssetModel {
  readonly #options: AssetModelOptions;
  readonly #folder: string;
  readonly #choice: ChosenModel;
  readonly #stepMs: number;
  readonly #stopping = new AbortController();
  /** One thing after the other; never rejects. */
  #work: Promise<unknown> = Promise.resolve();
  /** Ends the waiting for the judge when another model was chosen meanwhile. */
  #attempt = new AbortController();
  /** The change of `active` that comes then is its own. */
  #isRollingBack = false;
  #polling: Promise<void> = Promise.resolve();
  #polledMs = Number.NEGATIVE_INFINITY;
  /** sha256 of the model that judges. */
  #inUse: string | undefined;
  #trial: ModelTrial | undefined;
  #alarmShare: AlarmShare;
  #refused: AssetModelHealth['refused'];

  constructor(options: AssetModelOptions) {
    const { rateHz, step } = options.config.window;
    this.#options = options;
    this.#folder = modelsFolder(options.dataDir, options.key);
    this.#choice = new ChosenModel({ dataDir: options.dataDir, asset: options.key });
    this.#stepMs = Math.max(step, 1000 / rateHz);
    this.#alarmShare = this.#newAlarmShare();
  }

  /** Begins to load the chosen model. Resolves when that is under way, or when it is known that there is none. */
  async start(): Promise<void> {
    if ((await this.#chosen()) === undefined) return this.#options.on.unknown();
    this.#enqueue(() => this.#useChosen());
  }

  /** The clock went on: looks whether another model was chosen. */
  advanceTo(timeMs: number): void {
    if (timeMs - this.#polledMs < POLL_MS) return;
    this.#polledMs = timeMs;
    this.#polling = this.#poll().catch((error) => this.#logError(messageOf(error)));
  }

  /**
   * Loads a package that was just made the chosen one, or one that lies elsewhere because it could not.
   * @throws when it cannot be used
   */
  adopt(directory: string): Promise<void> {
    const adopted = this.#work.then(async () => {
      await this.#chosen();
      await this.#use(directory);
    });
    this.#work = adopted.catch(() => undefined);
    return adopted;
  }

  /** Counts a verdict on the asset. */
  saw(verdict: Verdict): void {
    const isJudged = verdict.kind === 'judged';
    const isOfModel = isJudged ? verdict.model === this.#inUse : USELESS.has(verdict.reason);
    if (!isOfModel) return;
    const isAlarm = !isJudged || verdict.score >= 1;
    this.#alarmShare.add(isAlarm);
    if (this.#trial?.sha256 !== this.#inUse) return;
    this.#trial?.sawVerdict(isAlarm);
    this.#decide();
  }

  /** Resolves when what was begun is done. */
  async settled(): Promise<void> {
    await this.#polling;
    await this.#work;
    await this.#trial?.written();
  }

  /** Ends what is under way. */
  stop(): void {
    this.#stopping.abort();
    this.#attempt.abort();
    this.#enqueue(async () => this.#trial?.settle());
  }

  get health(): AssetModelHealth {
    return {
      ...(this.#inUse && { model: this.#inUse }),
      ...(this.#trial && { trial: Math.round(this.#trial.progress * 1000) / 1000 }),
      ...(this.#refused && { refused: this.#refused }),
    };
  }

  #enqueue(job: () => Promise<void>): void {
    this.#work = this.#work.then(job).catch((error) => this.#logError(messageOf(error)));
  }

  async #poll(): Promise<void> {
    const hasChanged = await this.#choice.hasChanged();
    if (!hasChanged || this.#isRollingBack || this.#stopping.signal.aborted) return;
    this.#refused = undefined;
    this.#attempt.abort();
    this.#enqueue(() => this.#useChosen());
  }

  /** Folder of the chosen package; undefined when none is, or the choice cannot be read. */
  async #chosen(): Promise<string | undefined> {
    this.#attempt = new AbortController();
    return this.#choice.read().catch((error) => {
      this.#logError(messageOf(error));
      return undefined;
    });
  }

  async #useChosen(): Promise<void> {
    const directory = await this.#chosen();
    if (directory === undefined) return this.#useNone();
    try {
      await this.#use(directory);
    } catch (error) {
      await this.#refuse(basename(directory), messageOf(error));
    }
  }

  async #useNone(): Promise<void> {
    const { key, judge, on } = this.#options;
    await judge.deactivate(key);
    this.#inUse = undefined;
    this.#trial = undefined;
    await on.unknown();
  }

  /** @throws when the package cannot be used; the model before it stays */
  async #use(directory: string): Promise<void> {
    const { key, config, judge, log, on } = this.#options;
    const sha256 = basename(directory);
    await this.#beginTrial(sha256);
    const model = await readModelPackage(directory);
    const columns = checkAgainstAsset(model, channelsOf(config), config.window);
    const onDeath = () => this.#sawDeath(sha256);
    const signal = AbortSignal.any([this.#stopping.signal, this.#attempt.signal]);
    let deaths = 0;
    const mayDie = () => {
      this.#trial?.sawDeath();
      return ++deaths < LOAD_DEATHS_MAX && this.#trial?.outcome.kind !== 'failed';
    };
    const onRetry = (message: string) => this.#logError(message);
    await activateWhenUp(() => judge.activate(key, model, { columns, onDeath }), { signal, mayDie, onRetry });
    if (signal.aborted) return;
    this.#inUse = sha256;
    this.#alarmShare = this.#newAlarmShare();
    log.info({ asset: key, model: sha256 }, `watching ${key}${this.#trial ? ' by a model on trial' : ''}`);
    on.watching();
  }

  /** @throws when it has failed before it was loaded: the daemon itself ended again and again */
  async #beginTrial(sha256: string): Promise<void> {
    const trial = await ModelTrial.begin({
      folder: this.#folder,
      sha256,
      stepMs: this.#stepMs,
      alarmShareBefore: this.#alarmShare.value ?? Number(this.#options.wasAbnormal),
      onUnwritable: (error) => this.#logError(messageOf(error)),
    });
    this.#trial = trial;
    if (trial?.outcome.kind === 'failed') throw new FieldnoteError('MODEL_INVALID', trial.outcome.why);
  }

  /** The chosen model cannot be used: goes on with the one before it, or learns. */
  async #refuse(sha256: string, why: string): Promise<void> {
    const { key, judge, on } = this.#options;
    this.#refused = { model: sha256, why };
    if (this.#trial !== undefined && (await this.#rollBack(this.#trial, why))) return;
    this.#trial = undefined;
    if (this.#inUse !== undefined) return this.#logError(`${why}; ${key} keeps the model that it has`);
    this.#logError(`${why}; learning ${key} again`);
    await judge.deactivate(key);
    await on.unknown();
  }

  #sawDeath(sha256: string): void {
    if (this.#trial?.sha256 !== sha256) return;
    this.#trial.sawDeath();
    this.#decide();
  }

  /** What the trial has come to, once. */
  #decide(): void {
    const trial = this.#trial;
    const outcome = trial?.outcome;
    if (trial === undefined || outcome === undefined || outcome.kind === 'running') return;
    this.#trial = undefined;
    this.#enqueue(async () => {
      if (outcome.kind === 'failed') await this.#rollBack(trial, outcome.why);
      else await this.#pass(trial);
    });
  }

  async #pass(trial: ModelTrial): Promise<void> {
    const { key, log } = this.#options;
    await trial.written();
    await endTrial(this.#folder, trial.sha256);
    log.info({ asset: key, model: trial.sha256 }, `${key} keeps its model: the trial is over`);
  }

  /** @returns whether there is another chosen model now, which was loaded if it can be used */
  async #rollBack(trial: ModelTrial, why: string): Promise<boolean> {
    const { key } = this.#options;
    const { sha256 } = trial;
    this.#trial = undefined;
    this.#isRollingBack = true;
    try {
      await trial.written();
      await this.#choosePrevious(sha256, why);
    } catch (error) {
      this.#logError(`cannot roll back the model ${sha256} of ${key} (${why}): ${messageOf(error)}`);
      return false;
    } finally {
      this.#isRollingBack = false;
    }
    if (this.#inUse === sha256) this.#inUse = undefined;
    await this.#useChosen();
    return true;
  }

  async #choosePrevious(sha256: string, why: string): Promise<void> {
    const { key, dataDir, counters } = this.#options;
    // Somebody may have chosen another one meanwhile.
    if ((await this.#chosen()) !== modelDir(dataDir, key, sha256)) return;
    await rollBackModel(dataDir, key);
    await this.#chosen();
    counters.add('models_rolled_back', key);
    this.#refused = { model: sha256, why };
    this.#logError(`rolled back the model ${sha256} of ${key}: ${why}`);
  }

  #newAlarmShare(): AlarmShare {
    return new AlarmShare(trialLength(this.#stepMs).verdicts);
  }

  #logError(message: string): void {
    this.#options.log.error({ asset: this.#options.key }, message);
  }
}
