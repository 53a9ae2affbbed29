import type { Clock } from '../system/clock.ts';
import type { Found, Framing } from './framing.ts';
import { type ModbusRequest, type Reply, replyLengthMax } from './message.ts';
import { OwedReplies, type OwedReply } from './owed.ts';

/** What is received for one request at most: an echo, noise and the longest reply. */
const RECEIVED_BYTES_MAX = 1024;
/** Quarantine after a reply that did not come, in times of the wait for it, and in times of the latest one seen. */
const QUARANTINE_WAITS = 2;
const QUARANTINE_LATEST = 1.5;
const QUARANTINE_MS_MAX = 10_000;
/** The longest quarantine and the longest answer at the lowest rate take less: who still has not gone on never will. */
const STUCK_MS = 60_000;
/** Units that are away may take this share of the line together. */
const PROBE_SHARE = 0.05;
/** CRC and unit beside the PDU. */
const FRAME_BYTES = 3;

export interface BusTiming {
  /** One character on the line; 0 where there is no line. */
  readonly characterMs: number;
  /** Silence between a reply and the next request. */
  readonly pauseMs: number;
  /** Silence that ends what is left over of a reply that did not come in time. */
  readonly settleMs: number;
}

export type Answer =
  | (Reply & { readonly latencyMs: number })
  /** silent: nothing came. damaged: no frame. foreign: a frame that answers something else. closed: no link. */
  | { readonly kind: 'silent' | 'damaged' | 'foreign' | 'closed' };

export interface AskOptions {
  /** How long the unit may take to begin its answer. */
  readonly answerMs: number;
  /** The unit has not answered for long: nothing is to be waited for after this request. */
  readonly isProbe?: boolean;
}

export interface BusOptions {
  readonly framing: Framing;
  readonly timing: BusTiming;
  readonly clock: Clock;
  readonly send: (frame: Uint8Array) => void;
  /** A reply came after the wait for it was over. */
  readonly onLate?: (unit: number, latencyMs: number) => void;
  /**
   * Off only to show what it is for: then the next request is sent at once, and a late reply to the one before it is
   * believed.
   */
  readonly hasQuarantine?: boolean;
}

interface Exchange {
  readonly request: ModbusRequest;
  readonly frame: Uint8Array;
  readonly sentMs: number;
  readonly end: (answer: Answer) => void;
}

/**
 * One line with several units: one request at a time, in the order in which they are asked.
 *
 * The rule that must hold: what is answered to a request was sent because of it. After a reply that did not come, the
 * bus listens and throws away until the reply came after all, or until nothing can be expected any more; and what could
 * come even later than that is told from a new reply by its length (`OwedReplies`).
 */
export class Bus {
  readonly #options: BusOptions;
  readonly #owed = new OwedReplies();
  readonly #received = new Uint8Array(RECEIVED_BYTES_MAX);
  #receivedBytes = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #exchange: Exchange | undefined;
  #isOpen = false;
  #askedCount = 0;
  /** When it last went on: took a request, or looked whether the line is quiet. */
  #wentOnMs = Number.NEGATIVE_INFINITY;
  #heardMs = Number.NEGATIVE_INFINITY;
  #silenceMs: number;
  #quarantineEndMs = Number.NEGATIVE_INFINITY;
  #latestMs = 0;
  /** When the next unit that is away may be probed. */
  #probeMs = Number.NEGATIVE_INFINITY;
  #wake: () => void = () => undefined;

  constructor(options: BusOptions) {
    this.#options = options;
    this.#silenceMs = options.timing.pauseMs;
  }

  /** The longest that a reply took that came too late. */
  get latestMs(): number {
    return this.#latestMs;
  }

  /** Why it stands still; undefined while it goes on, also when no unit answers and when the line is full of noise. */
  get stuck(): string | undefined {
    const stillMs = this.#options.clock.monoMs() - this.#wentOnMs;
    if (this.#askedCount === 0 || stillMs <= STUCK_MS) return undefined;
    return `has not gone on with its requests for ${Math.round(stillMs / 1000)} s`;
  }

  open(): void {
    this.#isOpen = true;
  }

  /** Whatever is asked now fails at once. */
  close(): void {
    this.#isOpen = false;
    this.#exchange?.end({ kind: 'closed' });
    this.#wake();
  }

  /**
   * To be asked before a unit is probed that is away, so that many of them cost the others little.
   * @returns 0 when it may be asked now, which takes its turn; otherwise how long to wait before asking again
   */
  reserveProbe(answerMs: number): number {
    const { clock, timing } = this.#options;
    const nowMs = clock.monoMs();
    if (nowMs < this.#probeMs) return this.#probeMs - nowMs;
    this.#probeMs = nowMs + (answerMs + timing.settleMs) / PROBE_SHARE;
    return 0;
  }

  /** Waits for its turn. Never rejects. */
  ask(request: ModbusRequest, options: AskOptions): Promise<Answer> {
    if (this.#askedCount++ === 0) this.#wentOnMs = this.#options.clock.monoMs();
    const answer = this.#turn.then(async () => {
      const given = await this.#askNow(request, options);
      this.#askedCount--;
      return given;
    });
    this.#turn = answer;
    return answer;
  }

  hear(bytes: Uint8Array, monoMs: number): void {
    this.#heardMs = monoMs;
    const room = RECEIVED_BYTES_MAX - this.#receivedBytes;
    this.#received.set(bytes.length > room ? bytes.subarray(0, room) : bytes, this.#receivedBytes);
    this.#receivedBytes += Math.min(bytes.length, room);
    if (this.#isProtected) this.#noticeLate(monoMs);
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const found = this.#options.framing.find(exchange.request, exchange.frame, this.#input);
    if (found === undefined) return;
    if (found.reply.kind === 'data') this.#owed.settle(exchange);
    exchange.end({ ...found.reply, latencyMs: monoMs - exchange.sentMs });
  }

  get #isProtected(): boolean {
    return !this.#options.framing.isNumbered && this.#options.hasQuarantine !== false;
  }

  get #input(): Uint8Array {
    return this.#received.subarray(0, this.#receivedBytes);
  }

  async #askNow(request: ModbusRequest, options: AskOptions): Promise<Answer> {
    const { clock, framing } = this.#options;
    const proof = this.#owed.proofFor(request, clock.monoMs());
    if (proof === undefined) return this.#askOnce(request, options);
    const sentMs = clock.monoMs();
    const answer = await this.#askOnce(proof, options);
    // An exception has no length to be told by: it accounts for one of the replies, whichever it is.
    if (answer.kind === 'exception')
      this.#owed.trade({ request: proof, frame: framing.encode(proof), sentMs });
    else if (answer.kind !== 'data') return answer;
    const isProven = this.#owed.proofFor(request, clock.monoMs()) === undefined;
    return isProven ? this.#askOnce(request, options) : answer;
  }

  async #askOnce(request: ModbusRequest, { answerMs, isProbe = false }: AskOptions): Promise<Answer> {
    const { clock, framing, timing, send } = this.#options;
    this.#wentOnMs = clock.monoMs();
    if (this.#heardMs + this.#silenceMs > clock.monoMs() || this.#quarantineEndMs > clock.monoMs())
      await this.#quiet();
    if (!this.#isOpen) return { kind: 'closed' };
    const frame = framing.encode(request);
    const sentMs = clock.monoMs();
    const waitMs = answerMs + (frame.length + replyLengthMax(request) + FRAME_BYTES) * timing.characterMs;
    this.#receivedBytes = 0;
    const answer = await new Promise<Answer>((resolve) => {
      const wait = waiting(waitMs, () => resolve({ kind: this.#fault() }));
      const end = (ended: Answer) => {
        wait.stop();
        resolve(ended);
      };
      this.#exchange = { request, frame, sentMs, end };
      send(frame);
    });
    this.#exchange = undefined;
    this.#silenceMs = timing.pauseMs;
    const isAnswered = answer.kind === 'data' || answer.kind === 'exception';
    if (!isAnswered && this.#isProtected) this.#distrust({ request, frame, sentMs }, waitMs, isProbe);
    return answer;
  }

  #fault(): 'silent' | 'damaged' | 'foreign' {
    return this.#receivedBytes === 0 ? 'silent' : this.#options.framing.faultOf(this.#input);
  }

  /** The reply may still come. */
  #distrust(owed: OwedReply, waitMs: number, isProbe: boolean): void {
    this.#owed.add(owed);
    this.#silenceMs = this.#options.timing.settleMs;
    const longestMs = Math.max(QUARANTINE_WAITS * waitMs, QUARANTINE_LATEST * this.#latestMs);
    this.#quarantineEndMs = isProbe
      ? Number.NEGATIVE_INFINITY
      : this.#options.clock.monoMs() + Math.min(QUARANTINE_MS_MAX, longestMs);
  }

  /** The next quarantine lasts longer than what comes after this one; and this one is over when nothing is owed. */
  #noticeLate(monoMs: number): void {
    const { framing, onLate } = this.#options;
    for (const owed of this.#owed.all(monoMs)) {
      const found = framing.find(owed.request, owed.frame, this.#input);
      if (found === undefined || this.#mayBeAnswer(owed, found)) continue;
      const latencyMs = monoMs - owed.sentMs;
      this.#owed.settle(owed);
      this.#latestMs = Math.max(this.#latestMs, Math.min(QUARANTINE_MS_MAX, latencyMs));
      onLate?.(owed.request.unit, latencyMs);
      this.#receivedBytes = 0;
      this.#quarantineEndMs = Number.NEGATIVE_INFINITY;
      this.#wake();
      return;
    }
  }

  /** What has no length to be told by. A write that is asked again has the same reply as before, and the same effect. */
  #mayBeAnswer({ request }: OwedReply, { reply }: Found): boolean {
    const isSameUnit = this.#exchange?.request.unit === request.unit;
    return isSameUnit && (reply.kind === 'exception' || !('count' in request));
  }

  /** Waits until the line has been silent for long enough, and until the quarantine is over. */
  async #quiet(): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      const untilMs = Math.max(this.#heardMs + this.#silenceMs, this.#quarantineEndMs);
      const leftMs = untilMs - clock.monoMs();
      this.#wentOnMs = clock.monoMs();
      if (leftMs <= 0 || !this.#isOpen) return;
      await new Promise<void>((resolve) => {
        const wait = waiting(leftMs, resolve);
        this.#wake = () => {
          wait.stop();
          resolve();
        };
      });
    }
  }
}

/**
 * Calls back once after so long. When the thread was busy, timers run before the bytes that wait in the kernel are
 * read; so they are read first.
 */
function waiting(delayMs: number, callBack: () => void): { stop(): void } {
  let immediate: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    immediate = setImmediate(callBack);
  }, delayMs);
  return {
    stop() {
      clearTimeout(timer);
      clearImmediate(immediate);
    },
  };
}
