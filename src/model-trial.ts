import {
  loading,
  outcomeOf,
  readTrial,
  type Trial,
  type TrialOutcome,
  trialLength,
  writeTrial,
} from './models/trial.ts';

/** How often in the course of a trial its count is made durable. */
const WRITES = 12;

export interface ModelTrialOptions {
  /** Of the asset's packages. */
  readonly folder: string;
  readonly sha256: string;
  /** Time from one verdict to the next. */
  readonly stepMs: number;
  /** Share of alarms of the model before, over its last hour. */
  readonly alarmShareBefore: number;
  readonly onUnwritable: (error: unknown) => void;
}

/** A model that replaced another one: counts how it does and keeps the count across restarts. */
export class ModelTrial {
  readonly #options: ModelTrialOptions;
  readonly #length: ReturnType<typeof trialLength>;
  #trial: Trial;
  /** Verdicts until the model has settled. */
  #settling: number;
  #writing: Promise<void> = Promise.resolve();

  /** Begins or goes on with the trial of a model that is about to be loaded; undefined when it is not on trial. */
  static async begin(options: ModelTrialOptions): Promise<ModelTrial | undefined> {
    const kept = await readTrial(options.folder, options.sha256);
    if (kept === undefined) return undefined;
    const trial = new ModelTrial(options, loading(kept, options.alarmShareBefore));
    trial.#write();
    await trial.#writing;
    return trial;
  }

  private constructor(options: ModelTrialOptions, trial: Trial) {
    this.#options = options;
    this.#length = trialLength(options.stepMs);
    this.#trial = trial;
    this.#settling = this.#length.settling;
  }

  get sha256(): string {
    return this.#options.sha256;
  }

  get outcome(): TrialOutcome {
    return outcomeOf(this.#trial, this.#length.verdicts);
  }

  /** Share of the trial that is done, 0 to 1. */
  get progress(): number {
    return Math.min(1, this.#trial.verdicts / this.#length.verdicts);
  }

  /** The model ended the judge process. */
  sawDeath(): void {
    this.#trial = { ...this.#trial, deaths: this.#trial.deaths + 1 };
    this.#write();
  }

  sawVerdict(isAlarm: boolean): void {
    const before = this.#trial;
    const verdicts = before.verdicts + 1;
    const isUnsettled = --this.#settling > 0;
    this.#trial = { ...before, verdicts, alarms: before.alarms + Number(isAlarm), isUnsettled };
    const isDue = verdicts % Math.ceil(this.#length.verdicts / WRITES) === 0;
    if (isDue || isUnsettled !== before.isUnsettled) this.#write();
  }

  /** The daemon ends in order, which is no death of the model. */
  async settle(): Promise<void> {
    this.#trial = { ...this.#trial, isUnsettled: false };
    this.#write();
    await this.#writing;
  }

  /** Resolves when what was counted so far is durable. */
  async written(): Promise<void> {
    await this.#writing;
  }

  /** Without a disk the trial goes on in memory. */
  #write(): void {
    const { folder, onUnwritable } = this.#options;
    const trial = this.#trial;
    this.#writing = this.#writing.then(() => writeTrial(folder, trial)).catch(onUnwritable);
  }
}
