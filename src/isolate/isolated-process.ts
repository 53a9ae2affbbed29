import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../system/clock.ts';
import { type ErrorCode, FieldnoteError, messageOf } from '../system/errors.ts';
import { BackOff } from './back-off.ts';
import { FrameReader, toFrame } from './frames.ts';
import { type Answered, CHANNEL_FD } from './serve.ts';

const ANSWER_SIZE_BYTES_MAX = 1024 * 1024;
const STDERR_LENGTH_MAX = 2048;
const ERROR_LENGTH_MAX = 1000;
const BACK_OFF = { firstMs: 500, longestMs: 60_000 } as const;

/** Between the end of the channel and the end of the process, so that the process can say why it ended. */
const CLOSING_MS = 500;

/** Timers of Node may fire a little before their time. */
const TIMER_EARLY_MS = 5;

/** Requests that may wait for their turn, with the one in flight. An owner with more of them keeps its own queue. */
const REQUESTS_MAX = 16;

export interface IsolatedProcessOptions {
  /** What messages call it, such as "judge". */
  readonly name: string;
  /** The module that the child runs; it calls `serve`. */
  readonly module: URL;
  /** Limit of its JavaScript heap, beyond which it ends; memory of native code is not in it. */
  readonly heapSizeMaxMiB: number;
  /** Real time, in a replay too. */
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly random: () => number;
  /** Called once for each loss of the process. It starts again at the next need, when the back-off is over. */
  readonly onRestart: (reason: FieldnoteError) => void;
}

interface InFlight<Answer> {
  readonly id: number;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: FieldnoteError) => void;
}

/**
 * A child process for code that may crash, hang or eat the memory. It starts at the first need, without the
 * daemon's environment; one request is in flight at a time. Whatever it does wrong, it is killed, its owner is told
 * and it starts again after a jittered exponential back-off of at most a minute, forgiven after a healthy minute.
 */
export class IsolatedProcess<Request, Answer> {
  readonly #options: IsolatedProcessOptions;
  readonly #backOff: BackOff;
  #child: ChildProcess | undefined;
  /** Resolves when the latest child has ended and been reaped; undefined when there is nothing to wait for. */
  #ended: Promise<void> | undefined;
  #stderr = '';
  #inFlight: InFlight<Answer> | undefined;
  #lastTurn: Promise<unknown> = Promise.resolve();
  #requests = 0;
  #nextId = 1;
  #isStopped = false;

  constructor(options: IsolatedProcessOptions) {
    this.#options = options;
    this.#backOff = new BackOff({ ...options, ...BACK_OFF });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the process runs, or when its last end and its back-off are over. */
  async backOffOver(): Promise<void> {
    if (this.#child !== undefined) return;
    await this.#ended;
    const { waitMs } = this.#backOff;
    if (waitMs > 0) await sleep(waitMs + TIMER_EARLY_MS, undefined, { ref: false });
  }

  /**
   * Sends a request when those before it are answered, and gives the answer.
   * @param deadlineMs from sending it to the answer, with the start of the process if it has to start
   * @throws {FieldnoteError} CHILD_DEAD when the process dies, or is down (then at once, and the context has no
   * `pid`: no process has seen the request); CHILD_DEADLINE when it did not answer in time and was killed;
   * CHILD_FAILED when it answered with an error, or when too many requests wait
   */
  ask(request: Request, deadlineMs: number): Promise<Answer> {
    if (this.#requests >= REQUESTS_MAX) return Promise.reject(this.#overloaded());
    this.#requests += 1;
    const answer = this.#lastTurn
      .then(() => this.#exchange(request, deadlineMs))
      .finally(() => {
        this.#requests -= 1;
      });
    this.#lastTurn = answer.catch(() => undefined);
    return answer;
  }

  /** Ends the process and waits until it is gone; later requests are refused. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#child !== undefined) this.#lose(this.#child, 'CHILD_DEAD', 'was stopped');
    await this.#ended;
  }

  #exchange(request: Request, deadlineMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const child = this.#child ?? this.#start();
      const id = this.#nextId++;
      channelOf(child)?.write(toFrame({ id, request }));
      const expire = () => {
        if (this.#inFlight?.id !== id) return;
        this.#lose(child, 'CHILD_DEADLINE', `gave no answer within ${deadlineMs} ms and was killed`);
      };
      // When the daemon itself was busy the answer may be here unread: let it be read first.
      const timer = setTimeout(() => setImmediate(expire), deadlineMs);
      this.#inFlight = { id, timer, resolve, reject };
    });
  }

  #start(): ChildProcess {
    if (this.#isStopped || this.#ended !== undefined || this.#backOff.waitMs > 0) throw this.#down();
    this.#stderr = '';
    const child = this.#spawn();
    this.#child = child;
    const ended = new Promise<void>((resolve) => {
      const end = (what: string) => {
        if (this.#ended === ended) this.#ended = undefined;
        this.#lose(child, 'CHILD_DEAD', what);
        resolve();
      };
      child.on('close', (status, signal) => end(`ended by itself (${signal ?? `exit status ${status}`})`));
      child.on('error', (error) => {
        if (child.pid === undefined) end(`could not be started: ${error.message}`);
      });
    });
    this.#ended = ended;
    this.#listen(child);
    return child;
  }

  #spawn(): ChildProcess {
    const { module, heapSizeMaxMiB } = this.#options;
    // The small young generation keeps dead windows from piling up: 124 instead of 310 MiB after 100,000 of them.
    const limits = [`--max-old-space-size=${heapSizeMaxMiB}`, '--max-semi-space-size=1'];
    try {
      return spawn(process.execPath, [...limits, fileURLToPath(module)], {
        env: {},
        stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      throw this.#lost('CHILD_DEAD', `could not be started: ${messageOf(error)}`, undefined);
    }
  }

  #listen(child: ChildProcess): void {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (this.#child === child) this.#stderr = (this.#stderr + text).slice(-STDERR_LENGTH_MAX);
    });
    const channel = channelOf(child);
    const frames = new FrameReader(ANSWER_SIZE_BYTES_MAX);
    // The end of the process tells why the channel broke; a process that closed it alone is of no more use.
    channel?.on('error', () => undefined);
    channel?.on('close', () => setTimeout(() => child.kill('SIGKILL'), CLOSING_MS).unref());
    channel?.on('data', (chunk: Buffer) => {
      try {
        for (const answered of frames.push(chunk)) this.#take(child, answered);
      } catch (error) {
        this.#lose(child, 'CHILD_DEAD', `sent garbage and was killed: ${messageOf(error)}`);
      }
    });
  }

  #take(child: ChildProcess, answered: unknown): void {
    const inFlight = this.#inFlight;
    if (this.#child !== child) return;
    if (!isAnswered<Answer>(answered) || answered.id !== inFlight?.id)
      throw new Error('an answer to no request');
    this.#inFlight = undefined;
    clearTimeout(inFlight.timer);
    if ('answer' in answered) inFlight.resolve(answered.answer);
    else inFlight.reject(this.#failed(answered.error));
  }

  /** The process is of no more use: kills it, and tells the owner and whoever waits for an answer. */
  #lose(child: ChildProcess, code: ErrorCode, what: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    child.kill('SIGKILL');
    const reason = this.#lost(code, what, child.pid);
    const inFlight = this.#inFlight;
    this.#inFlight = undefined;
    clearTimeout(inFlight?.timer);
    inFlight?.reject(reason);
  }

  #lost(code: ErrorCode, what: string, pid: number | undefined): FieldnoteError {
    if (this.#isStopped) return this.#error(code, what, undefined);
    const said = this.#stderr.trim();
    const reason = this.#error(code, said === '' ? what : `${what}; it wrote: ${said}`, pid);
    this.#backOff.fail();
    this.#options.onRestart(reason);
    return reason;
  }

  #down(): FieldnoteError {
    const why = this.#isStopped
      ? 'was stopped'
      : `is down; it may start in ${Math.ceil(this.#backOff.waitMs)} ms`;
    return this.#error('CHILD_DEAD', why, undefined);
  }

  #failed(message: string): FieldnoteError {
    return this.#error('CHILD_FAILED', `failed: ${message.slice(0, ERROR_LENGTH_MAX)}`, this.pid);
  }

  #overloaded(): FieldnoteError {
    return this.#error('CHILD_FAILED', `has ${REQUESTS_MAX} requests waiting: ask for less`, this.pid);
  }

  #error(code: ErrorCode, what: string, pid: number | undefined): FieldnoteError {
    const { name } = this.#options;
    const who = pid === undefined ? `${name} process` : `${name} process ${pid}`;
    return new FieldnoteError(code, `the ${who} ${what}`, { name, pid });
  }
}

/** Undefined when the system had no file descriptors left to start the process. */
function channelOf(child: ChildProcess): Duplex | undefined {
  return child.stdio?.[CHANNEL_FD] as Duplex | undefined;
}

function isAnswered<Answer>(value: unknown): value is Answered<Answer> {
  if (typeof value !== 'object' || value === null || !('id' in value)) return false;
  return 'answer' in value || ('error' in value && typeof value.error === 'string');
}
