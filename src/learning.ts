import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AssetConfig, windowRows } from './config/schema.ts';
import { type Learned, Learner } from './learn/learner.ts';
import { writePackage } from './learn/write-package.ts';
import { activateModel, activeModelDir, modelDir, modelsFolder, proposeModel } from './models/active.ts';
import type { Clock } from './system/clock.ts';
import { FieldnoteError } from './system/errors.ts';

/** Rows wait so long at most before they are made durable: what a power cut may take from the learning. */
const KEEP_INTERVAL_MS = 10_000;

/** Where learning rows survive a restart. A replay keeps none. */
export interface LearningKeeper {
  /** Adds rows; with them so much is learned, 0 to 1. */
  append(rows: readonly Float32Array[], learned: number): void;
  /** Forgets all rows: they are a model now, or made none for the reason that is given. */
  clear(rejected?: string): void;
  /** Resolves when people can read how far the learning is. */
  settled(): Promise<void>;
}

export interface LearningPeriodOptions {
  readonly asset: string;
  readonly config: AssetConfig;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly keeper: LearningKeeper;
  /** Rows kept before a restart, the oldest first. */
  readonly restored: readonly Float32Array[];
  /** Folder of the chosen package when the learning began: one that cannot be used, or there would be no learning. */
  readonly chosenBefore?: string | undefined;
  /** File name of the recording that stands in for the machine. */
  readonly recording?: string;
}

export interface FinishedLearning {
  /** Folder of the package. */
  readonly directory: string;
  readonly as:
    | 'active' // judges from now on
    | 'proposed' // waits for a person's yes
    | 'temporary' // judges until the daemon ends, because dataDir could not be written
    | 'overtaken'; // another one that a person chose while this was learned
  /** Why it is a temporary one. */
  readonly unwritable?: unknown;
}

/** The time in which one asset shows its normal: collects rows, keeps them durable, makes the model of them. */
export class LearningPeriod {
  readonly #options: LearningPeriodOptions;
  #learner: Learner;
  #learned: Learned | undefined;
  #unkept: Float32Array[] = [];
  #keptMs: number;
  /** First row that the next learning may begin with; beyond the last one when none may. */
  #steadyFrom = Number.POSITIVE_INFINITY;

  constructor(options: LearningPeriodOptions) {
    this.#options = options;
    this.#learner = new Learner(learnerOptions(options, options.restored));
    this.#keptMs = options.clock.monoMs();
  }

  /** 0 to 1; at 1 it is time for `finish`. */
  get progress(): number {
    return this.#learner.progress;
  }

  push(row: Float32Array): void {
    this.#learner.push(row);
    this.#unkept.push(row);
    if (this.#options.clock.monoMs() - this.#keptMs >= KEEP_INTERVAL_MS) this.keep();
  }

  /** Makes durable what is not yet: a stop in order loses nothing of the learning. */
  keep(): void {
    if (this.#unkept.length > 0) this.#options.keeper.append(this.#unkept, this.progress);
    this.#unkept = [];
    this.#keptMs = this.#options.clock.monoMs();
  }

  /**
   * Makes a model package of what was learned, the active one of the asset, or one that waits for a person's yes. Where
   * dataDir cannot be written it lies among the temporary files instead: the watch begins, and the next start learns
   * again; but nothing can wait there. A model that a person chose meanwhile stays the chosen one.
   * @throws FieldnoteError LEARN_UNSTEADY when it makes no model; call `again` then. Anything else when it cannot be
   * written, not even among the temporary files: nothing is forgotten then, call `finish` again later
   */
  async finish(): Promise<FinishedLearning> {
    const { asset, dataDir, keeper, config, chosenBefore } = this.#options;
    const { approve } = config.learn;
    const learned = this.#fit();
    try {
      const sha256 = await this.#write(modelsFolder(dataDir, asset), learned);
      const chosen = await activeModelDir(dataDir, asset).catch(() => undefined);
      const isOvertaken = chosen !== undefined && chosen !== chosenBefore && !approve;
      if (approve) await proposeModel(dataDir, asset, sha256);
      else if (!isOvertaken) await activateModel(dataDir, asset, sha256);
      this.#unkept = [];
      keeper.clear();
      if (isOvertaken) return { directory: chosen, as: 'overtaken' };
      return { directory: modelDir(dataDir, asset, sha256), as: approve ? 'proposed' : 'active' };
    } catch (unwritable) {
      if (approve) throw unwritable;
      return { directory: await this.#writeTemporarily(learned), as: 'temporary', unwritable };
    }
  }

  /**
   * Forgets what could not be learned from, and goes on: after an unsteady time with what came after it, else anew.
   * @param rejected why it made no model
   */
  again(rejected?: string): void {
    const kept = this.#learner.rowsFrom(this.#steadyFrom);
    this.#learner = new Learner(learnerOptions(this.#options, kept));
    this.#learned = undefined;
    this.#steadyFrom = Number.POSITIVE_INFINITY;
    this.#unkept = kept;
    this.#options.keeper.clear(rejected);
    this.keep();
  }

  #fit(): Learned {
    try {
      this.#learned ??= this.#learner.fit();
      return this.#learned;
    } catch (error) {
      const steadyFrom = error instanceof FieldnoteError ? error.context['steadyFrom'] : undefined;
      if (typeof steadyFrom === 'number') this.#steadyFrom = steadyFrom;
      throw error;
    }
  }

  async #writeTemporarily(learned: Learned): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'fieldnote-model-'));
    try {
      return join(directory, await this.#write(directory, learned));
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  #write(directory: string, learned: Learned): Promise<string> {
    const { config, clock, recording } = this.#options;
    const trainedAt = new Date(clock.wallMs()).toISOString();
    return writePackage({ directory, learned, stepMs: config.window.step, trainedAt, recording });
  }
}

function learnerOptions({ config }: LearningPeriodOptions, restored: readonly Float32Array[]) {
  const { window, learn } = config;
  const rowsNeeded = Math.ceil((learn.for / 1000) * window.rateHz);
  return {
    channels: channelsOf(config),
    rateHz: window.rateHz,
    windowRows: windowRows(window),
    rowsNeeded,
    sensitivity: learn.sensitivity,
    restored,
  };
}

/** Keys and units of an asset's channels, in the order of its configuration. */
export function channelsOf({ channels }: AssetConfig): { name: string; unit: string }[] {
  return Object.entries(channels).map(([name, { unit }]) => ({ name, unit }));
}
