import { FieldnoteError, messageOf } from '../system/errors.ts';
import { LANES, type Lane } from '../values/lane.ts';
import type { Connection } from './connection.ts';
import { eventIdOf, REPORT_EVENT_CONTENT_TYPE } from './envelope.ts';
import { type Message, messageFault, sizeFault } from './message.ts';
import type { OutboxSource, PendingReport } from './outbox.ts';
import { publishRefused, reasonText, verdictOf } from './reasons.ts';
import type { RetryDelay } from './retry-delay.ts';
import { Settlement } from './settlement.ts';

export interface DeliveryOptions {
  readonly connection: Connection;
  readonly broker: string;
  readonly outbox: OutboxSource;
  /** Body to send for a stored report; what it throws puts the report aside. */
  readonly bodyOf: (report: PendingReport) => string;
  /** Reports that may wait for their acknowledgement at the same time. */
  readonly windowLengthMax: number;
  /** Reports up to this one are sent one at a time: one of them made a broker hang up. */
  readonly aloneUntilSeq: number;
  readonly retryDelay: RetryDelay;
  readonly on: DeliveryEvents;
}

export interface DeliveryEvents {
  /** A publish was handed to the connection. */
  sent(): void;
  /** So many reports were acknowledged and are off the outbox. */
  delivered(count: number): void;
  /** A report was put aside because no broker will ever take it. */
  quarantined(seq: number, reason: string): void;
  /**
   * The broker refused a publish; its topic is tried again after so long, or at the next connection when that is
   * infinite. Nothing is lost.
   */
  refused(error: FieldnoteError, retryInMs: number): void;
}

/** Settled reports that may wait for the outbox before sending pauses. */
const UNWRITTEN_LENGTH_MAX = 1024;

/** Reports read from the outbox at a time. */
const READ_LENGTH = 64;

/**
 * Sends the outbox over one connection: the most urgent lane first, in order within it, a window at a time. A report leaves the outbox only when it was
 * acknowledged. A refused report holds its topic back, so that only those already in flight can overtake it; after
 * a delay the outbox is read again from its beginning. What is in flight lives here only and is forgotten with the
 * connection.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #settlement: Settlement;
  readonly #inFlight = new Set<number>();
  readonly #heldTopics = new Map<string, NodeJS.Timeout>();
  #aloneUntilSeq: number;
  /** Read from the outbox but not yet sent. */
  #ready: PendingReport[] = [];
  /** Last report that was read of each lane. */
  #cursors = new Map<Lane, number>();
  #isReadDue = true;
  #isRewindDue = false;
  #isFinishing = false;
  #isOver = false;
  #wake = Promise.withResolvers<void>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#aloneUntilSeq = options.aloneUntilSeq;
    this.#settlement = new Settlement({
      outbox: options.outbox,
      onDelivered: (count) => {
        options.on.delivered(count);
        this.#wake.resolve();
      },
      onQuarantined: (seq, reason) => {
        options.on.quarantined(seq, reason);
        this.#wake.resolve();
      },
      onFailed: (error) => this.#fail(error),
    });
  }

  /** Sent but not acknowledged. */
  get inFlight(): readonly number[] {
    return [...this.#inFlight];
  }

  /** Sends until `end`, or after `finish` until everything in flight is acknowledged. */
  async run(): Promise<void> {
    while (!this.#isOver && !(this.#isFinishing && this.#inFlight.size === 0)) {
      if (this.#isRewindDue) this.#rewind();
      this.#sendReady();
      if (this.#ready.length === 0 && this.#isReadDue && !this.#isFinishing) await this.#read();
      else await this.#sleep();
    }
    for (const timer of this.#heldTopics.values()) clearTimeout(timer);
    await this.#settlement.flush();
  }

  /** Something new was accepted. */
  nudge(): void {
    this.#isReadDue = true;
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

  async #sleep(): Promise<void> {
    await this.#wake.promise;
    this.#wake = Promise.withResolvers();
  }

  async #read(): Promise<void> {
    // Before the read, so that a nudge during it is not forgotten.
    this.#isReadDue = false;
    try {
      this.#ready = await this.#nextReports();
    } catch (error) {
      this.#fail(error);
    }
    const last = this.#ready.at(-1);
    if (last === undefined) return;
    this.#cursors.set(last.lane, last.seq);
    this.#isReadDue = true;
  }

  /** Of the most urgent lane that has some. */
  async #nextReports(): Promise<PendingReport[]> {
    for (const lane of LANES) {
      const seq = this.#cursors.get(lane) ?? 0;
      const reports = await this.#options.outbox.pendingAfter({ lane, seq, limit: READ_LENGTH });
      if (reports.length > 0) return [...reports];
    }
    return [];
  }

  #rewind(): void {
    this.#isRewindDue = false;
    this.#isReadDue = true;
    this.#cursors.clear();
    this.#ready = [];
  }

  #sendReady(): void {
    while (!this.#isOver && !this.#isFinishing) {
      const report = this.#ready[0];
      if (report === undefined || !this.#hasRoomFor(report)) return;
      this.#ready.shift();
      if (!this.#isElsewhere(report)) this.#send(report);
    }
  }

  #hasRoomFor({ seq }: PendingReport): boolean {
    const [first = seq] = this.#inFlight;
    const lengthMax = Math.min(first, seq) <= this.#aloneUntilSeq ? 1 : this.#options.windowLengthMax;
    return this.#inFlight.size < lengthMax && this.#settlement.size < UNWRITTEN_LENGTH_MAX;
  }

  /** Held back, on its way or done: a rewind reads such reports a second time. */
  #isElsewhere({ seq, topic }: PendingReport): boolean {
    return this.#heldTopics.has(topic) || this.#inFlight.has(seq) || this.#settlement.has(seq);
  }

  #send(report: PendingReport): void {
    const message = this.#messageOf(report);
    if (typeof message === 'string') {
      this.#settlement.quarantined(report.seq, message);
      return;
    }
    this.#inFlight.add(report.seq);
    this.#options.connection.publish(message, (code) => this.#acknowledged(report, code));
    this.#options.on.sent();
  }

  /** The message of a report, or why there can be none. */
  #messageOf(report: PendingReport): Message | string {
    const { bodyOf, connection } = this.#options;
    try {
      const message: Message = {
        topic: report.topic,
        payload: bodyOf(report),
        contentType: REPORT_EVENT_CONTENT_TYPE,
        qos: 1,
        isRetained: false,
        id: eventIdOf(report),
      };
      return messageFault(message) ?? sizeFault(message, connection.packetSizeBytesMax) ?? message;
    } catch (error) {
      return messageOf(error);
    }
  }

  #acknowledged(report: PendingReport, code: number): void {
    const verdict = verdictOf(code);
    this.#inFlight.delete(report.seq);
    if (verdict === 'quarantine') this.#settlement.quarantined(report.seq, `broker: ${reasonText(code)}`);
    else if (verdict !== 'delivered') this.#hold(report, code, verdict === 'retry-slowly');
    else {
      this.#options.retryDelay.reset();
      this.#settlement.delivered(report.seq);
    }
    this.#wake.resolve();
  }

  #hold({ seq, topic }: PendingReport, code: number, isSlow: boolean): void {
    // One at a time next time: a second refusal must not let later reports of the topic overtake this one.
    this.#aloneUntilSeq = Math.max(this.#aloneUntilSeq, seq);
    if (this.#heldTopics.has(topic)) return;
    const { retryDelay, broker, on } = this.#options;
    const retryInMs = isSlow ? retryDelay.slowMs() : retryDelay.nextMs();
    const release = () => {
      this.#heldTopics.delete(topic);
      this.#isRewindDue = true;
      this.#wake.resolve();
    };
    this.#heldTopics.set(topic, setTimeout(release, retryInMs));
    on.refused(publishRefused(code, { broker, topic }), retryInMs);
  }

  #fail(error: unknown): void {
    const message = `the outbox failed: ${messageOf(error)}`;
    this.#options.connection.drop(
      error instanceof FieldnoteError ? error : new FieldnoteError('STORE_DEAD', message, {}, error),
    );
  }
}
