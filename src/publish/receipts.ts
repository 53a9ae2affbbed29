import { exponentialMs } from '../system/back-off.ts';
import type { Clock } from '../system/clock.ts';
import type { Lane } from '../values/lane.ts';
import { readReceipt, type SequenceRange } from '../values/receipt.ts';
import type { PendingReport } from './outbox.ts';

export interface ReceiptsOptions {
  /** Of the store; receipts of another one are about other reports. */
  readonly epoch: () => string | undefined;
  /** How long a receipt may take. */
  readonly timeoutMs: number;
  /** Reports that may wait for their receipt at the same time; critical ones twice as many. */
  readonly lengthMax: number;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly on: ReceiptsEvents;
}

export interface ReceiptsEvents {
  /** A receipt was about something that was not sent over this connection, or came in a flood. */
  receiptIgnored(): void;
  /** So many reports got no receipt in time. */
  receiptsOverdue(count: number): void;
}

interface Awaited extends Pick<PendingReport, 'seq' | 'lane' | 'laneSeq'> {
  readonly sentMs: number;
}

/** The largest honest receipt has 256 ranges of two numbers. */
const PAYLOAD_BYTES_MAX = 16 * 1024;
const RECEIPTS_PER_SECOND_MAX = 500;
/** Overdue reports whose receipt still counts when it comes: a collector may be slow. */
const LATE_LENGTH_MAX = 4096;
/** While no collector answers at all, all is sent again ever less often, at last after so many deadlines. */
const SILENT_DEADLINES_MAX = 32;

/**
 * What was sent over one connection and waits for its receipt: for `timeoutMs`, then it counts as lost on the way and
 * is to be sent again. Whoever may publish to the topic of the receipts can say anything, so a receipt
 * counts only for reports that were sent over this connection, and the work for each one is bounded.
 */
export class Receipts {
  /** Called when what is overdue should be sent again. */
  onResend: () => void = () => {};
  readonly #options: ReceiptsOptions;
  /** By `seq`, the one that waits longest first. */
  readonly #awaited = new Map<number, Awaited>();
  readonly #late = new Map<number, Awaited>();
  /** Highest number that was sent of each lane. */
  readonly #sentMax = new Map<string, number>();
  #isOver = false;
  #deadline: NodeJS.Timeout | undefined;
  #resend: NodeJS.Timeout | undefined;
  /** Times in a row that all was sent again without any receipt. */
  #silences = 0;
  #second = { beganMs: Number.NEGATIVE_INFINITY, count: 0 };

  constructor(options: ReceiptsOptions) {
    this.#options = options;
  }

  /** Whether one more report of the lane may be sent. What is critical does not wait behind a collector that is away. */
  hasRoomFor(lane: Lane): boolean {
    const { lengthMax } = this.#options;
    return this.#awaited.size < (lane === 'critical' ? 2 * lengthMax : lengthMax);
  }

  isAwaited(seq: number): boolean {
    return this.#awaited.has(seq);
  }

  sent({ seq, lane, laneSeq }: PendingReport): void {
    this.#late.delete(seq);
    this.#awaited.set(seq, { seq, lane, laneSeq, sentMs: this.#options.clock.monoMs() });
    this.#sentMax.set(lane, Math.max(laneSeq, this.#sentMax.get(lane) ?? 0));
    this.#deadline ??= setTimeout(() => this.#checkDeadline(), this.#options.timeoutMs);
  }

  /** The broker has refused it: no receipt can come. */
  forget(seq: number): void {
    this.#awaited.delete(seq);
  }

  /** Takes what came on the topic of the receipts; gives the `seq` of the reports that are stored now. */
  take(payload: Buffer): number[] {
    const receipt = this.#isFlood() || payload.length > PAYLOAD_BYTES_MAX ? undefined : readReceipt(payload);
    const sentMax = this.#sentMax.get(receipt?.lane ?? '') ?? 0;
    const isOurs = receipt !== undefined && receipt.epoch === this.#options.epoch();
    // A range may reach further than this connection has: copies of an earlier one are in it too.
    if (!isOurs || receipt.ranges.some(([from, to]) => from > to || to > sentMax))
      this.#options.on.receiptIgnored();
    if (!isOurs) return [];
    const holds = holderOf(receipt.ranges);
    const seqs = [...this.#awaited.values(), ...this.#late.values()]
      .filter(({ lane, laneSeq }) => lane === receipt.lane && holds(laneSeq))
      .map(({ seq }) => seq);
    for (const seq of seqs) if (!this.#awaited.delete(seq)) this.#late.delete(seq);
    if (seqs.length > 0) this.#endSilence();
    return seqs;
  }

  /** The connection has ended. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#deadline);
    clearTimeout(this.#resend);
  }

  /** What waited too long may be sent again; one timer, for the one that waits longest. */
  #checkDeadline(): void {
    this.#deadline = undefined;
    const { clock, timeoutMs, on } = this.#options;
    const overdue = [...this.#awaited.values()].filter(({ sentMs }) => clock.monoMs() - sentMs >= timeoutMs);
    for (const report of overdue) this.#setLate(report);
    if (overdue.length > 0) {
      on.receiptsOverdue(overdue.length);
      this.#scheduleResend();
    }
    const [oldest] = this.#awaited.values();
    if (oldest === undefined || this.#isOver) return;
    const leftMs = oldest.sentMs + timeoutMs - clock.monoMs();
    this.#deadline = setTimeout(() => this.#checkDeadline(), Math.max(1, Math.ceil(leftMs)));
  }

  #setLate(report: Awaited): void {
    this.#awaited.delete(report.seq);
    this.#late.set(report.seq, report);
    const [oldest] = this.#late.keys();
    if (this.#late.size > LATE_LENGTH_MAX && oldest !== undefined) this.#late.delete(oldest);
  }

  #scheduleResend(): void {
    if (this.#resend !== undefined || this.#isOver) return;
    const { timeoutMs } = this.#options;
    const limits = { firstMs: timeoutMs, longestMs: SILENT_DEADLINES_MAX * timeoutMs };
    const waitMs = this.#silences === 0 ? 0 : exponentialMs(this.#silences - 1, limits);
    this.#silences += 1;
    this.#resend = setTimeout(() => this.#resendNow(), waitMs);
  }

  #resendNow(): void {
    clearTimeout(this.#resend);
    this.#resend = undefined;
    this.onResend();
  }

  #endSilence(): void {
    this.#silences = 0;
    if (this.#resend !== undefined) this.#resendNow();
  }

  #isFlood(): boolean {
    const nowMs = this.#options.clock.monoMs();
    if (nowMs - this.#second.beganMs >= 1000) this.#second = { beganMs: nowMs, count: 0 };
    this.#second.count += 1;
    return this.#second.count > RECEIPTS_PER_SECOND_MAX;
  }
}

/** Tells quickly whether a number is in one of the ranges, in whatever order they came and however they overlap. */
function holderOf(ranges: readonly SequenceRange[]): (number: number) => boolean {
  const sorted = ranges.filter(([from, to]) => from <= to).sort(([a], [b]) => a - b);
  let reach = 0;
  const reaches = sorted.map(([from, to]) => {
    reach = Math.max(reach, to);
    return { from, reach };
  });
  return (number) => {
    let [low, high] = [0, reaches.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((reaches[middle]?.from ?? 0) <= number) low = middle + 1;
      else high = middle;
    }
    return (reaches[low - 1]?.reach ?? 0) >= number;
  };
}
