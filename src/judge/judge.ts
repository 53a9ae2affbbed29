import { BackOff } from '../isolate/back-off.ts';
import { IsolatedProcess } from '../isolate/isolated-process.ts';
import { type Column, columnsOf, inUnitsOfAsset, valuesFor } from '../models/columns.ts';
import type { ModelManifest, ModelPackage } from '../models/package.ts';
import type { Clock } from '../system/clock.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { BoundedQueue } from '../system/queue.ts';
import type { Judged, NotJudged, NotJudgedReason, Verdict } from '../values/verdict.ts';
import type { Window } from '../values/window.ts';
import { checkGraph, readOutputs } from './graph.ts';
import type { JudgeAnswer, JudgeRequest, LoadAnswer, RunAnswer } from './protocol.ts';
import { goldenDifferences, type RunInput, trialInput } from './trial-window.ts';

/** Reading, checking and optimising a large model on a small board takes longer than running it. */
const LOAD_DEADLINE_MS = 10_000;

/** The process keeps little in its heap: models and windows lie outside of it. */
const HEAP_SIZE_MAX_MIB = 64;

/** Every request has a deadline, and together they are over long before. */
const STUCK_MS = 30_000;

/**
 * How long a model that ended the process is left out. Longer than the process needs to come back, so that the
 * models of other assets judge in between.
 */
const LEFT_OUT = { firstMs: 5000, longestMs: 600_000 } as const;

export interface JudgeOptions {
  /** Real time, in a replay too. */
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly random: () => number;
  /** For one window. */
  readonly deadlineMs: number;
  /** Windows that may wait, over all assets. */
  readonly queueLengthMax: number;
  /** Called once for each loss of the judge process, which starts again by itself. */
  readonly onRestart: (reason: FieldnoteError) => void;
}

export interface ActivateOptions {
  /** Where the channels of the model lie in the asset's windows; without it they are the same. */
  readonly columns?: readonly Column[];
  /** Called whenever this model ends the judge process: it crashed, or did not answer in time. */
  readonly onDeath?: (reason: FieldnoteError) => void;
}

interface ActiveModel extends Required<ActivateOptions> {
  readonly package: ModelPackage;
  readonly backOff: BackOff;
  /** Why its windows are not judged while it is in back-off. */
  fault: NotJudgedReason;
}

interface Waiting {
  readonly window: Window;
  readonly decide: (verdict: Verdict) => void;
}

/**
 * Judges windows by ONNX models, in a child process and one at a time. A model that crashes, hangs or talks
 * nonsense costs verdicts, never the daemon: each window gets its verdict or the reason why there is none. A model
 * that ended the process is left out for a while, so that the models of other assets can work in between.
 */
export class Judge {
  readonly #options: JudgeOptions;
  readonly #process: IsolatedProcess<JudgeRequest, JudgeAnswer>;
  readonly #queue: BoundedQueue<Waiting>;
  readonly #models = new Map<string, ActiveModel>();
  /** sha256 of the models that the process holds. */
  #loaded = new Set<string>();
  readonly #lastVerdicts = new Map<string, Promise<Verdict>>();
  #lastActivation: Promise<unknown> = Promise.resolve();
  #isWorking = false;
  #judgingSinceMs: number | undefined;

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#queue = new BoundedQueue(options.queueLengthMax);
    this.#process = new IsolatedProcess({
      name: 'judge',
      module: new URL('./judge-process.ts', import.meta.url),
      heapSizeMaxMiB: HEAP_SIZE_MAX_MIB,
      clock: options.clock,
      random: options.random,
      onRestart: (reason) => {
        this.#loaded.clear();
        options.onRestart(reason);
      },
    });
  }

  /** Why no window gets its verdict any more; undefined while they do, also when the process is down. */
  get stuck(): string | undefined {
    const since = this.#judgingSinceMs;
    const busyMs = since === undefined ? 0 : this.#options.clock.monoMs() - since;
    return busyMs > STUCK_MS ? `judges one window for ${Math.round(busyMs / 1000)} s` : undefined;
  }

  /** Process id of the child, while there is one. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * Makes a model the one that judges an asset, after it was loaded and has judged one made-up window. The model
   * before it stays when this fails. Waits for its turn and, when the process is in back-off, for the end of that.
   * @throws {FieldnoteError} MODEL_INVALID when it cannot be loaded, gives nonsense, or ends the process;
   * MODEL_MISMATCH when its graph is not what its manifest says; CHILD_DEAD when it could not be tried: try again
   */
  activate(asset: string, model: ModelPackage, options: ActivateOptions = {}): Promise<void> {
    const activation = this.#lastActivation.then(() => this.#activate(asset, model, options));
    this.#lastActivation = activation.catch(() => undefined);
    return activation;
  }

  /** Forgets the model of an asset: its windows get the reason "learning". Waits for activations before it. */
  deactivate(asset: string): Promise<void> {
    const deactivation = this.#lastActivation.then(async () => {
      const before = this.#models.get(asset)?.package;
      this.#models.delete(asset);
      if (before !== undefined) await this.#releaseUnused(before);
    });
    this.#lastActivation = deactivation;
    return deactivation;
  }

  /** Never rejects. The verdicts of one asset come in the order of its windows. */
  judge(window: Window): Promise<Verdict> {
    const before = this.#lastVerdicts.get(window.asset);
    const verdict = Promise.all([this.#decide(window), before]).then(([decided]) => decided);
    this.#lastVerdicts.set(window.asset, verdict);
    return verdict;
  }

  /** Ends the process. Windows that wait, and later ones, get the reason "judge-down". */
  async stop(): Promise<void> {
    await this.#process.stop();
  }

  #decide(window: Window): Promise<Verdict> | Verdict {
    const active = this.#models.get(window.asset);
    if (active === undefined) return notJudged(window, 'learning');
    const reason = unfitness(window, active);
    if (reason !== undefined) return notJudged(window, reason);
    return new Promise((decide) => {
      const shed = this.#queue.push({ window, decide });
      shed?.decide(notJudged(shed.window, 'shed'));
      if (!this.#isWorking) this.#work().catch(() => undefined);
    });
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift())
      next.decide(await this.#timed(() => this.#judge(next.window)));
    this.#isWorking = false;
  }

  async #timed<T>(work: () => Promise<T>): Promise<T> {
    this.#judgingSinceMs = this.#options.clock.monoMs();
    const done = await work();
    this.#judgingSinceMs = undefined;
    return done;
  }

  async #judge(window: Window): Promise<Verdict> {
    const active = this.#models.get(window.asset);
    if (active === undefined) return notJudged(window, 'learning');
    if (active.backOff.waitMs > 0) return notJudged(window, active.fault);
    const { manifest } = active.package;
    const { columns } = active;
    const constants = constantsOf(window, manifest);
    if (constants === undefined) return notJudged(window, 'out-of-range');
    try {
      if (!this.#loaded.has(manifest.sha256)) await this.#load(active.package);
      const input = { data: valuesFor(window, { window: manifest.window, columns }), constants };
      const read = readOutputs(await this.#run(manifest, input), manifest);
      if (read === undefined) return notJudged(window, 'bad-output');
      if (isUnsure(read, manifest)) return notJudged(window, 'unsure');
      const deviations = inUnitsOfAsset(read.deviations, columns);
      const { asset, endMs } = window;
      return { kind: 'judged', asset, endMs, model: manifest.sha256, ...read, deviations };
    } catch (error) {
      return notJudged(window, blame(active, error));
    }
  }

  async #activate(asset: string, model: ModelPackage, options: ActivateOptions): Promise<void> {
    await this.#process.backOffOver();
    const before = this.#models.get(asset)?.package;
    try {
      await this.#try(model);
    } catch (error) {
      await this.#releaseUnused(model);
      throw asModelError(error, model);
    }
    const backOff = new BackOff({ ...this.#options, ...LEFT_OUT });
    const { channels } = model.manifest;
    const { columns = columnsOf(channels, channels).columns, onDeath = () => undefined } = options;
    this.#models.set(asset, { package: model, columns, onDeath, backOff, fault: 'judge-down' });
    if (before !== undefined) await this.#releaseUnused(before);
  }

  async #try(model: ModelPackage): Promise<void> {
    const { manifest } = model;
    const { graph } = await this.#load(model);
    checkGraph(graph, manifest);
    const outputs = await this.#run(manifest, trialInput(manifest));
    if (readOutputs(outputs, manifest) === undefined)
      throw refused(manifest, `gave nonsense for a trial window: ${summary(outputs)}`);
    const differences = goldenDifferences(manifest, outputs);
    if (differences.length > 0)
      throw refused(manifest, `does not give its golden outputs: ${differences.join('; ')}`);
  }

  async #load({ manifest, onnxPath }: ModelPackage): Promise<LoadAnswer> {
    const request = { kind: 'load', sha256: manifest.sha256, onnxPath } as const;
    const answer = (await this.#process.ask(request, LOAD_DEADLINE_MS)) as LoadAnswer;
    this.#loaded = new Set(answer.held);
    return answer;
  }

  async #run({ sha256, window, channels }: ModelManifest, input: RunInput): Promise<RunAnswer['outputs']> {
    const shape = { rows: window.rows, channels: channels.length };
    const request = { kind: 'run', sha256, ...shape, ...input } as const;
    const answer = (await this.#process.ask(request, this.#options.deadlineMs)) as RunAnswer;
    return answer.outputs;
  }

  /** Lets the process forget a model that judges no asset. When that fails, the process is gone and so is the model. */
  async #releaseUnused({ manifest: { sha256 } }: ModelPackage): Promise<void> {
    const isUsed = [...this.#models.values()].some((active) => active.package.manifest.sha256 === sha256);
    if (isUsed || !this.#loaded.delete(sha256)) return;
    await this.#process.ask({ kind: 'release', sha256 }, this.#options.deadlineMs).catch(() => undefined);
  }
}

/** Why a window cannot be judged by a model. What was left out on purpose is no gap. */
function unfitness(
  { channels, coverage, excluded = [] }: Window,
  { package: { manifest }, columns }: ActiveModel,
): NotJudgedReason | undefined {
  const { coverageMin, toleratesMissing } = manifest;
  const coverageOf = ({ at }: { at: number }) => coverage[at] ?? 0;
  const left = columns.filter(({ at }) => !excluded.includes(channels[at] ?? ''));
  const isBlind = left.length < columns.length && (!toleratesMissing || left.length === 0);
  if (isBlind) return 'sensor-fault';
  const present = toleratesMissing ? left.filter((column) => coverageOf(column) > 0) : left;
  const isGap = present.length === 0 || present.some((column) => coverageOf(column) < coverageMin);
  return isGap ? 'gap' : undefined;
}

/** The reason for a window whose request failed. A model that ended the process is left out for a while. */
function blame(active: ActiveModel, error: unknown): NotJudgedReason {
  if (!(error instanceof FieldnoteError) || isUntried(error)) return 'judge-down';
  if (error.code === 'CHILD_FAILED') return 'bad-output';
  active.backOff.fail();
  active.onDeath(error);
  active.fault = error.code === 'CHILD_DEADLINE' ? 'deadline' : 'judge-down';
  return active.fault;
}

function isUnsure({ labels: [best] }: Pick<Judged, 'labels'>, { outputs }: ModelManifest): boolean {
  return best !== undefined && best.probability < (outputs.unsureBelow ?? 0);
}

function isUntried(error: FieldnoteError): boolean {
  return error.code === 'CHILD_DEAD' && error.context['pid'] === undefined;
}

function refused({ name, sha256 }: ModelManifest, why: string): FieldnoteError {
  return new FieldnoteError('MODEL_INVALID', `model "${name}" ${why}`, { name, sha256 });
}

function asModelError(error: unknown, { manifest: { name, sha256 } }: ModelPackage): unknown {
  const isKept = !(error instanceof FieldnoteError) || error.code.startsWith('MODEL_') || isUntried(error);
  if (isKept) return error;
  const message = `model "${name}" cannot be used: ${messageOf(error)}`;
  return new FieldnoteError('MODEL_INVALID', message, { name, sha256 }, error);
}

/** What a model takes beside the window; undefined when something is unknown or outside of what the model knows. */
function constantsOf(window: Window, { constants = [] }: ModelManifest): RunInput['constants'] | undefined {
  const given = constants.map(({ name }) => [name, window.constants?.[name] ?? Number.NaN] as const);
  const isKnown = constants.every(({ min, max }, at) => {
    const value = given[at]?.[1] ?? Number.NaN;
    return value >= min && value <= max;
  });
  return isKnown ? Object.fromEntries(given) : undefined;
}

function summary(outputs: RunAnswer['outputs']): string {
  const parts = Object.entries(outputs).map(([name, values]) => {
    const more = values.length > 4 ? ', …' : '';
    return `${name} [${[...values.slice(0, 4)].join(', ')}${more}]`;
  });
  return parts.join(', ') || 'no output';
}

function notJudged({ asset, endMs }: Window, reason: NotJudgedReason): NotJudged {
  return { kind: 'not-judged', asset, endMs, reason };
}
