import type { Clock } from '../system/clock.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { Lane } from '../values/lane.ts';
import { Backlog } from './backlog.ts';
import type { Connection } from './connection.ts';
import { eventIdOf, REPORT_EVENT_CONTENT_TYPE } from './envelope.ts';
import { expiryIntervalS, type LifetimesMs, remainingMs } from './expiry.ts';
import { LaneTurns } from './lane-turns.ts';
import { type Message, messageFault, packed, packetSizeBytes, sizeFault } from './message.ts';
import type { OutboxSource, PendingReport } from './outbox.ts';
import type { RateLimit } from './rate-limit.ts';
import { publishRefused, reasonText, verdictOf } from './reasons.ts';
import type { Receipts } from './receipts.ts';
import type { RetryDelay } from './retry-delay.ts';
import { SendingWindow } from './sending-window.ts';
import { Settlement, unwrittenLengthMax } from './settlement.ts';
import type { Suspects } from './suspects.ts';

export interface DeliveryOptions {
  readonly connection: Connection;
  readonly broker: string;
  readonly outbox: OutboxSource;
  readonly clock: Clock;
  /** Body to send for a stored report; what it throws puts the report aside. */
  readonly bodyOf: (report: PendingReport) => string;
  /** Whether bodies are sent packed by gzip. */
  readonly isPacked: boolean;
  readonly lifetimesMs: LifetimesMs;
  /** Reports that may wait for their acknowledgement at the same time. */
  readonly windowLengthMax: number;
  readonly rateLimit: RateLimit;
  readonly suspects: Suspects;
  readonly retryDelay: RetryDelay;
  /** Present when a report leaves the outbox on its receipt and not before. */
  readonly receipts?: Receipts | undefined;
  /** While true only critical reports are sent; a nudge says that it may have ended. */
  readonly isQuiet?: (() => boolean) | undefined;
  readonly on: DeliveryEvents;
}

export interface DeliveryEvents {
  /** A publish was handed to the connection. */
  sent(): void;
  /** So many reports were acknowledged and are off the outbox. */
  delivered(count: number): void;
  /** So many reports were too old to be sent and are off the outbox. */
  expired(count: number): void;
  /** A report was put aside because no broker will ever take it. */
  quarantined(seq: number, reason: string): void;
  /**
   * The broker refused a publish; its topic is tried again after so long, or at the next connection when that is
   * infinite. Nothing is lost.
   */
  refused(error: FieldnoteError, retryInMs: number): void;
}

/**
 * Sends the outbox over one connection: a window at a time, urgent lanes first and each lane in order. A report leaves the
 * outbox only when it was acknowledged. A refused report holds its topic back, so that only those already in flight can
 * overtake it; after a delay the outbox is read again from its beginning. What is in flight lives here only and is
 * forgotten with the connection.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #settlement: Settlement;
  readonly #backlog: Backlog;
  readonly #turns = new LaneTurns();
  readonly #window: SendingWindow;
  /** Topics, and single reports, that are not sent now. */
  readonly #held = new Map<string | number, NodeJS.Timeout>();
  #hasProgress = false;
  #isRewindDue = false;
  #isFinishing = false;
  #isOver = false;
  #wake = Promise.withResolvers<void>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
    const { outbox, suspects, receipts, clock, on } = options;
    this.#backlog = new Backlog(outbox);
    this.#window = new SendingWindow({ lengthMax: options.windowLengthMax, suspects });
    const wake = () => this.#wake.resolve();
    if (receipts) receipts.onResend = () => this.#rewindSoon();
    this.#settlement = new Settlement({
      outbox,
      onDelivered: (count) => {
        on.delivered(count);
        wake();
      },
      onExpired: (count) => {
        on.expired(count);
        wake();
      },
      onQuarantined: (seq, reason) => {
        suspects.clear(seq);
        on.quarantined(seq, reason);
        wake();
      },
      onFailed: (error) => this.#fail(error),
    });
    for (const [seq, leftMs] of suspects.heldAt(clock.monoMs())) this.#hold(seq, leftMs);
  }

  /** Sent but not acknowledged, in the order in which they were sent. */
  get inFlight(): readonly number[] {
    return this.#window.seqs;
  }

  /** Whether the broker has answered any report. */
  get hasProgress(): boolean {
    return this.#hasProgress;
  }

  /** Sends until `end`, or after `finish` until everything in flight is acknowledged. */
  async run(): Promise<void> {
    while (!this.#isOver && !(this.#isFinishing && this.#window.isEmpty)) {
      if (this.#isRewindDue) this.#rewind();
      if (this.#backlog.isReadDue && !this.#isFinishing) await this.#read();
      const limitedMs = this.#sendReady();
      if (this.#isFinishing || !this.#backlog.isReadDue) await this.#sleep(limitedMs);
    }
    for (const timer of this.#held.values()) clearTimeout(timer);
    this.#options.receipts?.end();
    await this.#settlement.flush();
  }

  /** Something new was accepted: into this lane, or nobody knows into which. */
  nudge(lane?: Lane): void {
    this.#backlog.nudge(lane);
    this.#wake.resolve();
  }

  /** Something came on the topic of the receipts. */
  receipt(payload: Buffer): void {
    for (const seq of this.#options.receipts?.take(payload) ?? []) this.#settlement.delivered(seq);
    this.#wake.resolve();
  }

  /** Sends nothing more and lets `run` return when everything in flight is acknowledged. */
  finish(): void {
    this.#isFinishing = true;
    this.#wake.resolve();
  }

  /** The connection has ended. */
  end(): void {
    this.#isOver = true;
    this.#wake.resolve();
  }

  /** Until something happens, or for so long when the rate limit is all that is waited for. */
  async #sleep(limitedMs: number): Promise<void> {
    const timer = limitedMs > 0 ? setTimeout(() => this.#wake.resolve(), Math.ceil(limitedMs)) : undefined;
    await this.#wake.promise;
    clearTimeout(timer);
    this.#wake = Promise.withResolvers();
  }

  async #read(): Promise<void> {
    try {
      await this.#backlog.read();
    } catch (error) {
      this.#fail(error);
    }
  }

  #rewind(): void {
    this.#isRewindDue = false;
    this.#backlog.rewind();
  }

  /** @returns milliseconds after which the rate limit lets the next report go; 0 when it is not waited for */
  #sendReady(): number {
    while (!this.#isOver && !this.#isFinishing) {
      this.#dropElsewhere();
      // The next report of a lane that was read up to here may be more urgent than what is in memory.
      if (this.#backlog.isReadDue) return 0;
      const ready = this.#candidates.filter((report) => this.#window.hasRoomFor(report));
      const waits = ready.map(({ lane }) => this.#options.rateLimit.waitMs(lane));
      const allowed = ready.filter((_, at) => waits[at] === 0);
      const lane = this.#turns.next(allowed.map((report) => report.lane));
      const report = allowed.find((candidate) => candidate.lane === lane);
      if (report === undefined) return waits.length === 0 ? 0 : Math.min(...waits);
      this.#backlog.shift(report.lane);
      this.#send(report);
    }
    return 0;
  }

  /** What may be sent next: the first of each lane, or a suspect alone. */
  get #candidates(): readonly PendingReport[] {
    const { receipts, suspects, windowLengthMax, isQuiet } = this.#options;
    if (this.#settlement.size >= unwrittenLengthMax(windowLengthMax)) return [];
    const open = this.#backlog.heads.filter(({ lane }) => lane === 'critical' || isQuiet?.() !== true);
    const heads = open.filter(({ lane }) => receipts?.hasRoomFor(lane) ?? true);
    const suspect = heads.find(({ seq }) => suspects.has(seq));
    return suspect === undefined ? heads : [suspect];
  }

  /** Leaves out what is held back, on its way or done: after a rewind such reports are read a second time. */
  #dropElsewhere(): void {
    let gone: readonly PendingReport[];
    do {
      gone = this.#backlog.heads.filter((report) => this.#isElsewhere(report));
      for (const { lane } of gone) this.#backlog.shift(lane);
    } while (gone.length > 0);
  }

  #isElsewhere({ seq, topic }: PendingReport): boolean {
    const isHeld = this.#held.has(topic) || this.#held.has(seq);
    const isSent = this.#window.has(seq) || this.#options.receipts?.isAwaited(seq) === true;
    return isHeld || isSent || this.#settlement.has(seq);
  }

  #send(report: PendingReport): void {
    const { clock, lifetimesMs } = this.#options;
    const leftMs = remainingMs(report, lifetimesMs, clock);
    const message = this.#messageOf(report, expiryIntervalS(leftMs));
    if (leftMs <= 0) this.#settlement.expired(report.seq);
    else if (typeof message === 'string') this.#settlement.quarantined(report.seq, message);
    else this.#publish(report, message);
  }

  #publish(report: PendingReport, message: Message): void {
    const { connection, on, rateLimit, receipts } = this.#options;
    const sizeBytes = packetSizeBytes(message);
    this.#window.add(report.seq, sizeBytes);
    rateLimit.take(sizeBytes, report.lane);
    receipts?.sent(report);
    connection.publish(message, (code) => this.#acknowledged(report, code));
    on.sent();
  }

  /** The message of a report, or why there can be none. */
  #messageOf(report: PendingReport, expiryS: number | undefined): Message | string {
    const { bodyOf, connection, isPacked } = this.#options;
    try {
      const message: Message = {
        topic: report.topic,
        payload: bodyOf(report),
        contentType: REPORT_EVENT_CONTENT_TYPE,
        qos: 1,
        isRetained: false,
        id: eventIdOf(report),
        expiryS,
      };
      const fault = messageFault(message);
      if (fault !== undefined) return fault;
      const small = isPacked ? packed(message) : message;
      return sizeFault(small, connection.packetSizeBytesMax) ?? small;
    } catch (error) {
      return messageOf(error);
    }
  }

  #acknowledged(report: PendingReport, code: number): void {
    const verdict = verdictOf('puback', code);
    this.#hasProgress = true;
    this.#window.remove(report.seq);
    if (verdict !== 'delivered') this.#options.receipts?.forget(report.seq);
    if (verdict === 'quarantine') this.#settlement.quarantined(report.seq, `broker: ${reasonText(code)}`);
    else if (verdict !== 'delivered') this.#refused(report, code, verdict === 'retry-slowly');
    else {
      this.#options.suspects.clear(report.seq);
      this.#options.retryDelay.reset();
      if (this.#options.receipts === undefined) this.#settlement.delivered(report.seq);
    }
    this.#wake.resolve();
  }

  #refused({ seq, topic }: PendingReport, code: number, isSlow: boolean): void {
    const { retryDelay, broker, on, suspects } = this.#options;
    // Alone next time: a second refusal must not let later reports of the topic overtake this one.
    suspects.add(seq);
    if (this.#held.has(topic)) return;
    const retryInMs = isSlow ? retryDelay.slowMs() : retryDelay.nextMs();
    this.#hold(topic, retryInMs);
    on.refused(publishRefused(code, { broker, topic }), retryInMs);
  }

  #hold(key: string | number, forMs: number): void {
    const release = () => {
      this.#held.delete(key);
      this.#rewindSoon();
    };
    this.#held.set(key, setTimeout(release, forMs));
  }

  #rewindSoon(): void {
    this.#isRewindDue = true;
    this.#wake.resolve();
  }

  #fail(error: unknown): void {
    const message = `the outbox failed: ${messageOf(error)}`;
    this.#options.connection.drop(
      error instanceof FieldnoteError ? error : new FieldnoteError('STORE_DEAD', message, {}, error),
    );
  }
}
