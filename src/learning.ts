import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AssetConfig, windowRows } from './config/schema.ts';
import { type Learned, Learner } from './learn/learner.ts';
import { writePackage } from './learn/write-package.ts';
import { activateModel, modelDir } from './models/active.ts';
import type { Clock } from './system/clock.ts';

/** Rows wait so long at most before they are made durable: what a power cut may take from the learning. */
const KEEP_INTERVAL_MS = 10_000;

/** Where learning rows survive a restart. A replay keeps none. */
export interface LearningKeeper {
  append(rows: readonly Float32Array[]): void;
  clear(): void;
}

export interface LearningPeriodOptions {
  readonly asset: string;
  readonly config: AssetConfig;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly keeper: LearningKeeper;
  /** Rows kept before a restart, the oldest first. */
  readonly restored: readonly Float32Array[];
}

/** The time in which one asset shows its normal: collects rows, keeps them durable, makes the model of them. */
export class LearningPeriod {
  readonly #options: LearningPeriodOptions;
  #learner: Learner;
  #unkept: Float32Array[] = [];
  #keptMs: number;

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
    if (this.#unkept.length > 0) this.#options.keeper.append(this.#unkept);
    this.#unkept = [];
    this.#keptMs = this.#options.clock.monoMs();
  }

  /**
   * Makes a model package of what was learned, the active one of the asset. Where dataDir cannot be written it lies
   * among the temporary files instead: the watch begins, and the next start learns again.
   * @returns the folder of the package, and why it is a temporary one if it is
   * @throws FieldnoteError LEARN_UNSTEADY when it makes no model; call `again` then. STORE_UNWRITABLE when not even
   * temporary files can be written
   */
  async finish(): Promise<{ readonly directory: string; readonly unwritable?: unknown }> {
    const { asset, dataDir, keeper } = this.#options;
    const learned = this.#learner.fit();
    try {
      const sha256 = await this.#write(join(dataDir, 'models', asset), learned);
      await activateModel(dataDir, asset, sha256);
      this.#unkept = [];
      keeper.clear();
      return { directory: modelDir(dataDir, asset, sha256) };
    } catch (unwritable) {
      const directory = await mkdtemp(join(tmpdir(), 'fieldnote-model-'));
      return { directory: join(directory, await this.#write(directory, learned)), unwritable };
    }
  }

  /** Forgets everything and begins anew. */
  again(): void {
    this.#learner = new Learner(learnerOptions(this.#options, []));
    this.#unkept = [];
    this.#options.keeper.clear();
  }

  #write(directory: string, learned: Learned): Promise<string> {
    const { config, clock } = this.#options;
    const trainedAt = new Date(clock.wallMs()).toISOString();
    return writePackage({ directory, learned, stepMs: config.window.step, trainedAt });
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
    restored,
  };
}

/** Keys and units of an asset's channels, in the order of its configuration. */
export function channelsOf({ channels }: AssetConfig): { name: string; unit: string }[] {
  return Object.entries(channels).map(([name, { unit }]) => ({ name, unit }));
}
