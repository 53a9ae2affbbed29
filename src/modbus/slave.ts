import { exponentialMs } from '../system/back-off.ts';
import type { Clock } from '../system/clock.ts';
import type { Answer, AskOptions, Bus } from './bus.ts';
import { exceptionText } from './message.ts';
import { sizeOf } from './profile.ts';
import { type Block, type PlacedChannel, type ReadValue, requestOf, valuesOf } from './registers.ts';

/** So many requests in a row without an answer, and the device is only probed. */
const FAILURES_MAX = 3;
const PROBES = { firstMs: 2000, longestMs: 60_000 } as const;
/** So long after its time a round that has not begun never will. */
const STUCK_MS = 30_000;
/** Latencies that the figures are of. */
const LATENCIES_KEPT = 100;

export interface SlaveOptions {
  readonly unit: number;
  readonly blocks: readonly Block[];
  readonly everyMs: number;
  readonly answerMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onValues: (block: Block, values: readonly ReadValue[], monoMs: number) => void;
  /** What came of a request that brought no values, for the counters. */
  readonly onFailure: (kind: 'silent' | 'damaged' | 'foreign' | 'exception', detail: string) => void;
  /** It does not answer any more, or answers again after so long. */
  readonly onState: (state: SlaveState) => void;
}

export type SlaveState =
  | { readonly kind: 'answering'; readonly awayMs: number | undefined }
  | { readonly kind: 'away'; readonly reason: string };

/** What `health` shows of a device. */
export interface SlaveFigures {
  readonly unit: number;
  readonly requests: number;
  readonly answered: number;
  readonly silent: number;
  readonly damaged: number;
  readonly foreign: number;
  readonly exceptions: number;
  readonly late: number;
  /** Half and 95 of 100 of the latest answers came within it. */
  readonly latencyMs: { readonly p50: number; readonly p95: number } | undefined;
  /** Requests that failed in a row; from three on the device is only probed. */
  readonly failures: number;
}

/** One device on a bus: reads its blocks again and again, and asks seldom while it does not answer. */
export class Slave {
  readonly #options: SlaveOptions;
  readonly #stopping = new AbortController();
  readonly #counts = { requests: 0, answered: 0, silent: 0, damaged: 0, foreign: 0, exceptions: 0, late: 0 };
  readonly #latencies: number[] = [];
  #blocks: readonly Block[];
  #failures = 0;
  #awaySinceMs: number | undefined;
  #hasAnswered = false;
  /** When the next round is due; undefined while it is asked, and before and after all. */
  #dueMs: number | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SlaveOptions) {
    this.#options = options;
    this.#blocks = options.blocks;
  }

  get figures(): SlaveFigures {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const quantile = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
    const latencyMs = sorted.length === 0 ? undefined : { p50: quantile(0.5), p95: quantile(0.95) };
    return { unit: this.#options.unit, ...this.#counts, latencyMs, failures: this.#failures };
  }

  /** Why its reader stands still; undefined while it comes round, also when the device does not answer. */
  get stuck(): string | undefined {
    const nowMs = this.#options.clock.monoMs();
    const overdueMs = nowMs - (this.#dueMs ?? nowMs);
    return overdueMs > STUCK_MS ? `is ${Math.round(overdueMs / 1000)} s late with its round` : undefined;
  }

  start(bus: Bus): void {
    this.#running = this.#read(bus);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** A reply of it came after the wait for it was over. */
  cameLate(): void {
    this.#counts.late += 1;
  }

  async #read(bus: Bus): Promise<void> {
    const { clock, everyMs } = this.#options;
    const { signal } = this.#stopping;
    let dueMs = clock.monoMs();
    while (!signal.aborted) {
      const postponedMs = this.#isAway ? bus.reserveProbe(this.#options.answerMs) : 0;
      if (postponedMs > 0) {
        await this.#pause(postponedMs);
        continue;
      }
      await this.#readOnce(bus, this.#isAway || !this.#hasAnswered);
      // Rounds that were missed are not made up for: the line would only get later.
      dueMs = Math.max(dueMs + everyMs, clock.monoMs());
      await this.#pause(this.#isAway ? this.#probeMs() : dueMs - clock.monoMs());
      if (this.#isAway) dueMs = clock.monoMs();
    }
  }

  async #pause(delayMs: number): Promise<void> {
    this.#dueMs = this.#options.clock.monoMs() + delayMs;
    await pause(delayMs, this.#stopping.signal);
    this.#dueMs = undefined;
  }

  /** One that has never answered is away at once: it may not exist. */
  get #failuresMax(): number {
    return this.#hasAnswered ? FAILURES_MAX : 1;
  }

  get #isAway(): boolean {
    return this.#failures >= this.#failuresMax;
  }

  #probeMs(): number {
    const longestMs = exponentialMs(this.#failures - this.#failuresMax, PROBES);
    return Math.max(this.#options.everyMs, longestMs * (0.5 + this.#options.random() / 2));
  }

  async #readOnce(bus: Bus, isProbe: boolean): Promise<void> {
    for (const block of this.#blocks) {
      if (this.#stopping.signal.aborted) return;
      const { unit, answerMs } = this.#options;
      const answer = await bus.ask(requestOf(block, unit), { answerMs, isProbe } satisfies AskOptions);
      if (this.#stopping.signal.aborted || answer.kind === 'closed') return;
      this.#counts.requests += 1;
      if (answer.kind === 'data' || answer.kind === 'exception') this.#answered(block, answer);
      else {
        this.#unanswered(answer.kind);
        return;
      }
    }
  }

  #answered(block: Block, answer: Extract<Answer, { kind: 'data' | 'exception' }>): void {
    const { clock, onState, onValues, onFailure } = this.#options;
    this.#failures = 0;
    this.#latencies.push(answer.latencyMs);
    if (this.#latencies.length > LATENCIES_KEPT) this.#latencies.shift();
    const nowMs = clock.monoMs();
    if (!this.#hasAnswered || this.#awaySinceMs !== undefined) {
      const awayMs = this.#awaySinceMs === undefined ? undefined : nowMs - this.#awaySinceMs;
      onState({ kind: 'answering', awayMs });
    }
    this.#hasAnswered = true;
    this.#awaySinceMs = undefined;
    if (answer.kind === 'data') {
      this.#counts.answered += 1;
      onValues(block, valuesOf(block, answer.data), nowMs);
      return;
    }
    this.#counts.exceptions += 1;
    const { address, count } = block;
    onFailure('exception', `registers ${address} to ${address + count - 1}: ${exceptionText(answer.code)}`);
    if (answer.code === 2 || answer.code === 3) this.#split(block);
  }

  #unanswered(kind: 'silent' | 'damaged' | 'foreign'): void {
    const { clock, onFailure, onState } = this.#options;
    this.#counts[kind] += 1;
    this.#failures += 1;
    const reason = REASONS[kind];
    onFailure(kind, reason);
    if (this.#failures !== this.#failuresMax) return;
    this.#awaySinceMs ??= clock.monoMs();
    onState({ kind: 'away', reason });
  }

  /** A device may refuse what lies between its registers, or so many at once: then each channel is asked for alone. */
  #split(block: Block): void {
    if (block.channels.length < 2) return;
    const parts = runsOf(block);
    this.#blocks = this.#blocks.flatMap((other) => (other === block ? parts : [other]));
  }
}

const REASONS = {
  silent: 'it does not answer',
  damaged: 'its answers are damaged',
  foreign: 'what answers is something else',
} as const;

/** The parts of a block without unused registers between them; of one without those, its halves. */
export function runsOf(block: Block): Block[] {
  const runs: PlacedChannel[][] = [];
  let end = -1;
  for (const channel of block.channels) {
    if (channel.register > end || runs.length === 0) runs.push([]);
    runs.at(-1)?.push(channel);
    end = Math.max(end, channel.register + sizeOf(channel));
  }
  const middle = Math.ceil(block.channels.length / 2);
  const parts = runs.length > 1 ? runs : [block.channels.slice(0, middle), block.channels.slice(middle)];
  return parts.map((channels) => {
    const address = Math.min(...channels.map(({ register }) => register));
    const last = Math.max(...channels.map((channel) => channel.register + sizeOf(channel)));
    return { function: block.function, address, count: last - address, channels };
  });
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    signal.addEventListener('abort', end);
  });
}
