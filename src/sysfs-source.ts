import { Worker } from 'node:worker_threads';
import type { LinkConfig } from './config/schema.ts';
import type { SysfsAnswer, SysfsTask } from './link/sysfs-thread.ts';
import type { Source, SourceOptions } from './source-seam.ts';
import type { Device } from './values/device.ts';

export type SysfsLink = Extract<LinkConfig, { type: 'iio' | 'hwmon' }>;

export interface SysfsSourceOptions extends SourceOptions {
  readonly link: SysfsLink;
  /** Folder of the chips, in place of the kernel's. */
  readonly root?: string;
}

/** Memory of the thread: it reads texts of a few bytes. */
const THREAD_LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 } as const;

/** A round that is so late never comes, and a thread that takes so long never starts. */
const STUCK_MS = 30_000;

/**
 * A chip that the kernel reads. It is asked again and again, never before it has answered, in a thread of its own: a chip
 * on a dead bus blocks its reader for seconds, and the few threads that Node shares among all would soon be used up.
 */
export class SysfsSource implements Source {
  readonly #options: SysfsSourceOptions;
  #thread: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** When the chip was last asked, or found not to have answered yet. */
  #roundMs: number | undefined;
  #threadStartMs: number | undefined;
  #askedMs: number | undefined;
  #awaySinceMs: number | undefined;
  #state = 'opening';
  #device: Device | undefined;
  #names: readonly string[] = [];
  #slowestMs = 0;
  #isStopped = false;

  constructor(options: SysfsSourceOptions) {
    this.#options = options;
  }

  /** An answer that is overdue shows at once, not when it comes. */
  get state(): string {
    const { clock, config, link } = this.#options;
    const waitedMs = this.#askedMs === undefined ? 0 : clock.monoMs() - this.#askedMs;
    if (waitedMs <= config.silenceTimeout) return this.#state;
    return `waiting: ${link.type} device ${link.device} has not answered for ${(waitedMs / 1000).toFixed(0)} s`;
  }

  /** Why its reader stands still; undefined while it comes round, also when the chip is away or holds its thread up. */
  get stuck(): string | undefined {
    const nowMs = this.#options.clock.monoMs();
    const lateMs = nowMs - (this.#roundMs ?? nowMs) - this.#options.link.every;
    if (lateMs > STUCK_MS) return `is ${Math.round(lateMs / 1000)} s late with its round`;
    const startingMs = nowMs - (this.#threadStartMs ?? nowMs);
    if (startingMs > STUCK_MS) return `starts its thread for ${Math.round(startingMs / 1000)} s`;
    return undefined;
  }

  get device(): (Device & { readonly timing: undefined }) | undefined {
    return this.#device && { ...this.#device, timing: undefined };
  }

  get figures(): Readonly<Record<string, unknown>> {
    return { slowestMs: Math.round(this.#slowestMs) };
  }

  start(): void {
    this.#ask();
    this.#timer = setInterval(() => this.#ask(), this.#options.link.every);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#roundMs = undefined;
    this.#threadStartMs = undefined;
    clearInterval(this.#timer);
    // Not awaited: a read that hangs in the kernel ends when it ends, and nothing of it is used.
    this.#thread?.unref();
    void this.#thread?.terminate().catch(() => undefined);
  }

  #ask(): void {
    if (this.#isStopped) return;
    this.#roundMs = this.#options.clock.monoMs();
    if (this.#askedMs !== undefined) return;
    this.#askedMs = this.#roundMs;
    this.#thread ??= this.#startThread();
    this.#thread.postMessage('read');
  }

  #startThread(): Worker {
    const { link, root } = this.#options;
    const task: SysfsTask = { kind: link.type, device: link.device, root };
    const thread = new Worker(new URL('./link/sysfs-thread.ts', import.meta.url), {
      workerData: task,
      resourceLimits: THREAD_LIMITS,
    });
    this.#threadStartMs = this.#options.clock.monoMs();
    thread.on('online', () => {
      this.#threadStartMs = undefined;
    });
    thread.on('message', (answer: SysfsAnswer) => this.#hear(answer));
    thread.on('error', (error) => this.#lose(`its reader failed: ${error.message}`));
    thread.on('exit', () => {
      this.#thread = undefined;
      this.#threadStartMs = undefined;
      this.#askedMs = undefined;
    });
    return thread;
  }

  #hear(answer: SysfsAnswer): void {
    if (this.#isStopped) return;
    const { key, clock, counters, onSample } = this.#options;
    const nowMs = clock.monoMs();
    this.#slowestMs = Math.max(this.#slowestMs, nowMs - (this.#askedMs ?? nowMs));
    this.#askedMs = undefined;
    if ('fault' in answer) {
      this.#lose(answer.fault);
      return;
    }
    this.#greet(answer, nowMs);
    counters.add('samples_read', key);
    const values = answer.readings.map(({ value }) => value);
    onSample({ kind: 'sample', source: key, monoMs: nowMs, deviceMs: undefined, names: this.#names, values });
  }

  /** Tells who it is when it comes, and when it measures something else than before. */
  #greet({ device, readings }: Exclude<SysfsAnswer, { fault: string }>, nowMs: number): void {
    const { key, link, counters, log, onDevice, onGap } = this.#options;
    if (this.#awaySinceMs !== undefined)
      onGap(`source ${key} was away for ${((nowMs - this.#awaySinceMs) / 1000).toFixed(1)} s`, null);
    this.#awaySinceMs = undefined;
    const names = readings.map(({ name }) => name);
    const isSame = names.length === this.#names.length && names.every((name, at) => name === this.#names[at]);
    if (this.#state === 'open' && isSame) return;
    if (this.#state !== 'open') counters.add('link_opened', key);
    this.#state = 'open';
    log.info({ source: key, ...device }, `source ${key} is ${device.name} at ${device.address}`);
    if (isSame) return;
    this.#names = names;
    this.#device = {
      ...{
        kind: 'device',
        source: key,
        monoMs: nowMs,
        uid: device.address,
        bootId: 0,
        resetCause: '',
        firmware: '',
      },
      board: device.name,
      channels: readings.map(({ name, unit }) => ({
        ...{ name, unit, rateHz: 1000 / link.every, isWaveform: false, min: undefined, max: undefined },
        quantity: 'value',
      })),
    };
    onDevice(this.#device);
  }

  #lose(reason: string): void {
    const { key, clock, counters, log } = this.#options;
    const state = `waiting: ${reason}`;
    if (this.#state === state) return;
    if (this.#state === 'open') {
      this.#awaySinceMs = clock.monoMs();
      counters.add('link_lost', key);
    }
    this.#state = state;
    log.warn({ source: key }, reason);
  }
}
