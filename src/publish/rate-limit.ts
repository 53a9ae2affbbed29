import type { Clock } from '../system/clock.ts';
import type { Lane } from '../values/lane.ts';

export interface RateLimits {
  readonly bytesPerSecond?: number | undefined;
  readonly messagesPerSecond?: number | undefined;
}

/** What was not used is kept for so long: more would be a burst that the link was not meant to carry. */
const SAVED_S_MAX = 1;

/**
 * Keeps to what a link may cost. Everything that is sent takes from one account, and a message may go as soon as that is
 * not overdrawn, however large it is. Critical reports look at an account of their own, which only they take from: so a
 * fresh one goes at once, and the others pay for it by waiting.
 */
export class RateLimit {
  readonly #clock: Clock;
  readonly #all: readonly Account[];
  readonly #critical: readonly Account[];

  constructor(limits: RateLimits, clock: Clock) {
    this.#clock = clock;
    this.#all = accountsOf(limits, clock.monoMs());
    this.#critical = accountsOf(limits, clock.monoMs());
  }

  /** Milliseconds until a message of this lane may go; 0 when it may go now. */
  waitMs(lane: Lane | undefined): number {
    const nowMs = this.#clock.monoMs();
    const accounts = lane === 'critical' ? this.#critical : this.#all;
    return Math.max(0, ...accounts.map((account) => account.waitMs(nowMs)));
  }

  /** A message of so many bytes was sent; @param lane undefined for what is no report */
  take(sizeBytes: number, lane: Lane | undefined): void {
    const nowMs = this.#clock.monoMs();
    for (const account of this.#all) account.take(sizeBytes, nowMs);
    if (lane === 'critical') for (const account of this.#critical) account.take(sizeBytes, nowMs);
  }
}

function accountsOf({ bytesPerSecond, messagesPerSecond }: RateLimits, nowMs: number): Account[] {
  return [
    ...(bytesPerSecond === undefined ? [] : [new Account(bytesPerSecond, (sizeBytes) => sizeBytes, nowMs)]),
    ...(messagesPerSecond === undefined ? [] : [new Account(messagesPerSecond, () => 1, nowMs)]),
  ];
}

/** A token bucket that may be overdrawn by one message. */
class Account {
  readonly #perSecond: number;
  readonly #costOf: (sizeBytes: number) => number;
  #balance = 0;
  #atMs: number;

  constructor(perSecond: number, costOf: (sizeBytes: number) => number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#costOf = costOf;
    this.#atMs = nowMs;
  }

  waitMs(nowMs: number): number {
    const balance = this.#balanceAt(nowMs);
    return balance >= 0 ? 0 : (-balance / this.#perSecond) * 1000;
  }

  take(sizeBytes: number, nowMs: number): void {
    this.#balance = this.#balanceAt(nowMs) - this.#costOf(sizeBytes);
    this.#atMs = nowMs;
  }

  #balanceAt(nowMs: number): number {
    const earned = ((nowMs - this.#atMs) / 1000) * this.#perSecond;
    return Math.min(this.#balance + earned, this.#perSecond * SAVED_S_MAX);
  }
}
