import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { IsolatedProcess } from '../isolate/isolated-process.ts';
import type { Clock } from '../system/clock.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { DEFAULT_LANGUAGE } from '../values/language.ts';
import type { Report } from '../values/report.ts';
import type { Fault } from './faults.ts';
import { grammarOf, toGbnf } from './grammar.ts';
import { planOf, promptOf, render, VOICES } from './slots.ts';
import { verify } from './verify.ts';
import type { LoadAnswer, WriteAnswer, WriterAnswer, WriterRequest } from './writer-protocol.ts';
import { WritingQueue } from './writing-queue.ts';

const QUEUE_LENGTH_MAX = 32;
/** Twice as much as the longest text that the model was trained on. */
const TOKENS_MAX = 256;
/** The likeliest text first; the second try may stray a little. */
const TEMPERATURES = [0, 0.6] as const;
const HEAP_SIZE_MAX_MIB = 96;
/** Reading a large model from a slow card. */
const LOAD_DEADLINE_MS = 120_000;
/** A model that takes the process down so often in a row is not asked again. */
const DEATHS_MAX = 3;
const PAUSE_MS = 10_000;

export interface WriterOptions {
  readonly modelPath: string;
  /** Of one try, also of a large model on a slow device. */
  readonly deadlineMs: number;
  /** The process ends when it had nothing to do for so long. */
  readonly idleMs: number;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly random: () => number;
  /** Why nothing should be written now, such as heat; undefined when it may. */
  readonly pausedBy: () => string | undefined;
  readonly on: WriterEvents;
}

export interface WriterEvents {
  /** The same report, with a text that says what its facts say. */
  written(report: Report): void;
  /** It keeps the text of its template: no try was accepted, or the model is given up. */
  kept(report: Report, faults: readonly Fault[]): void;
  /** It keeps the text of its template: a newer revision came, or too many wait. */
  shed(report: Report): void;
  /** The process died and will start again. */
  restarted(reason: FieldnoteError): void;
  /** The model cannot be used; told once, and nothing is asked of it again. */
  gaveUp(reason: FieldnoteError): void;
}

export interface WriterHealth {
  readonly waiting: number;
  readonly pausedBy?: string;
  /** Why the model is not used. */
  readonly gaveUp?: string;
}

interface Outcome {
  /** Undefined when no try was accepted. */
  readonly written: Report | undefined;
  /** Why tries were refused. */
  readonly faults: readonly Fault[];
}

/**
 * Writes reports again in the words of a local language model, one after the other, in a process of its own that
 * starts at the first need and ends when idle. Whatever the model does, the template's text is already out.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #queue = new WritingQueue(QUEUE_LENGTH_MAX);
  readonly #stopping = new AbortController();
  readonly #stopped = Promise.withResolvers<void>();
  #process: IsolatedProcess<WriterRequest, WriterAnswer> | undefined;
  /** What the process has loaded; undefined when it has nothing. */
  #model: LoadAnswer | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #deaths = 0;
  #pausedBy: string | undefined;
  #gaveUp: FieldnoteError | undefined;
  #working: Promise<void> | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  get health(): WriterHealth {
    return {
      waiting: this.#queue.length,
      ...(this.#pausedBy !== undefined && { pausedBy: this.#pausedBy }),
      ...(this.#gaveUp !== undefined && { gaveUp: this.#gaveUp.message }),
    };
  }

  /** Of the process, for measuring. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /**
   * Takes a report that has its template's text and is on its way.
   * @returns whether it waits for its words now
   */
  add(report: Report): boolean {
    const { on } = this.#options;
    if (this.#gaveUp !== undefined || this.#stopping.signal.aborted) return false;
    const shed = this.#queue.push(report);
    for (const one of shed) on.shed(one);
    this.#working ??= this.#work();
    return !shed.includes(report);
  }

  /** Resolves when nothing waits. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** Ends the process at once; nothing is told about what waits. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopped.resolve();
    await this.#endProcess();
    await this.#working;
  }

  async #work(): Promise<void> {
    clearTimeout(this.#idleTimer);
    while (this.#queue.length > 0) {
      await this.#unpaused();
      // Chosen only now: the most urgent one may have come during the pause.
      const report = this.#queue.shift();
      if (report === undefined || this.#stopping.signal.aborted) break;
      await this.#handle(report);
      this.#queue.done(report);
    }
    // At once after the last look: whoever adds a report from now on starts the work again.
    this.#working = undefined;
    this.#idleTimer = setTimeout(
      () => this.#endProcess().catch(() => undefined),
      this.#options.idleMs,
    ).unref();
  }

  async #unpaused(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      this.#pausedBy = this.#options.pausedBy();
      if (this.#pausedBy === undefined || signal.aborted) return;
      // Who waits for memory should not hold it.
      await this.#endProcess();
      await sleep(PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #handle(report: Report): Promise<void> {
    const { on } = this.#options;
    if (!this.#queue.isLatest(report)) return on.shed(report);
    if (this.#gaveUp !== undefined) return on.kept(report, []);
    try {
      const { written, faults } = await this.#write(report);
      if (this.#stopping.signal.aborted) return;
      if (!this.#queue.isLatest(report)) on.shed(report);
      else if (written === undefined) on.kept(report, faults);
      else on.written(written);
    } catch (error) {
      this.#fail(report, error);
    }
  }

  /** Tries twice. */
  async #write(report: Report): Promise<Outcome> {
    const plan = planOf(report);
    const { language = DEFAULT_LANGUAGE } = plan;
    const prompt = promptOf(plan);
    const { sha256: model, isOwn } = await this.#load();
    const grammar = isOwn ? undefined : toGbnf(grammarOf(plan));
    const { clock, deadlineMs } = this.#options;
    const beginMs = clock.monoMs();
    const faults: Fault[] = [];
    for (const [attempt, temperature] of TEMPERATURES.entries()) {
      const seed = crc32(`${report.id}/${report.revision}/${attempt}`);
      const voice = VOICES[seed % VOICES.length] ?? '';
      const asked = { prompt, language, voice, grammar, seed, temperature, tokensMax: TOKENS_MAX };
      const { text, tokens } = (await this.#ask({ kind: 'write', ...asked }, deadlineMs)) as WriteAnswer;
      this.#deaths = 0;
      const verdict = verify(text, plan);
      if (verdict.ok) {
        const ms = Math.round((clock.monoMs() - beginMs) * 10) / 10;
        const verdicts = [...faults, 'accepted'];
        const writer = { model, prompt: sha256(prompt), seed, verdicts, tokens, ms };
        const provenance = { ...report.provenance, textBy: 'llm' as const, writer };
        return { written: { ...report, text: render(text, plan), provenance }, faults };
      }
      faults.push(verdict.fault);
    }
    return { written: undefined, faults };
  }

  async #load(): Promise<LoadAnswer> {
    if (this.#model !== undefined && this.#process?.pid !== undefined) return this.#model;
    await Promise.race([this.#process?.backOffOver(), this.#stopped.promise]);
    const { modelPath: path } = this.#options;
    this.#model = (await this.#ask({ kind: 'load', path }, LOAD_DEADLINE_MS)) as LoadAnswer;
    return this.#model;
  }

  #ask(request: WriterRequest, deadlineMs: number): Promise<WriterAnswer> {
    this.#process ??= this.#newProcess();
    return this.#process.ask(request, deadlineMs);
  }

  #newProcess(): IsolatedProcess<WriterRequest, WriterAnswer> {
    const { clock, random, on } = this.#options;
    return new IsolatedProcess({
      name: 'writer',
      module: new URL('./writer-process.ts', import.meta.url),
      heapSizeMaxMiB: HEAP_SIZE_MAX_MIB,
      clock,
      random,
      onRestart: (reason) => {
        this.#model = undefined;
        this.#deaths += 1;
        on.restarted(reason);
      },
    });
  }

  /** A model that cannot be loaded, or that keeps on taking its process down, is given up. */
  #fail(report: Report, error: unknown): void {
    const { modelPath, on } = this.#options;
    if (this.#stopping.signal.aborted) return;
    on.kept(report, []);
    const isAlive = error instanceof FieldnoteError && error.code === 'CHILD_FAILED';
    const isUseless = isAlive && this.#model === undefined;
    if (!isUseless && this.#deaths < DEATHS_MAX) return;
    const message = `cannot use the language model ${modelPath}, the template goes on: ${messageOf(error)}`;
    this.#gaveUp = new FieldnoteError('MODEL_INVALID', message, { modelPath }, error);
    on.gaveUp(this.#gaveUp);
    this.#endProcess().catch(() => undefined);
  }

  async #endProcess(): Promise<void> {
    clearTimeout(this.#idleTimer);
    const process = this.#process;
    this.#process = undefined;
    this.#model = undefined;
    await process?.stop();
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
