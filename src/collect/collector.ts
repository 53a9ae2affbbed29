import { setTimeout as sleep } from 'node:timers/promises';
import { fullJitterMs } from '../system/back-off.ts';
import type { Clock } from '../system/clock.ts';
import { FieldnoteError } from '../system/errors.ts';
import { RECEIPT_RANGES_MAX, type Receipt, rangesOf } from '../values/receipt.ts';
import type { InboxMessage } from './inbox.ts';
import { type CollectedReport, type Content, putAsideOf, readMessage } from './message.ts';
import type { Batch, Sink } from './sink.ts';

export interface CollectorOptions {
  readonly sink: Sink;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly on: CollectorEvents;
}

export interface CollectorEvents {
  /** Reports of a node became durable, or were put aside for good; `topic` is where it listens. */
  receipt(topic: string, receipt: Receipt): void;
  /** A message cannot be read or stored and is put aside. */
  putAside(topic: string, reason: string): void;
  /** The database does not take it; the same is tried again after so long. */
  failed(error: unknown, retryInMs: number): void;
}

/** What came of every message that came: received = stored + copies + gaps + putAside + waiting. */
export interface CollectorTotals {
  readonly received: number;
  /** Reports that were new. */
  readonly stored: number;
  /** Reports that were there already. */
  readonly copies: number;
  /** Lists of gaps. */
  readonly gaps: number;
  readonly putAside: number;
  readonly waiting: number;
}

interface Waiting {
  readonly message: InboxMessage;
  readonly content: Content;
}

/** One commit holds at most so much. */
const BATCH_LENGTH_MAX = 256;
const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/** Twice what a broker may send before it waits; messages that need no acknowledgement are not counted by it. */
const WAITING_LENGTH_MAX = 512;
const RETRY = { firstMs: 1000, longestMs: 30_000 } as const;

/**
 * Stores what comes, acknowledges it, and sends the receipts: in this order, so that neither broker nor node forgets
 * what is not on the disk of the database. A commit starts at once when none is under way; what comes meanwhile
 * shares the next one.
 */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #stopping = new AbortController();
  #waiting: Waiting[] = [];
  #lengthMax = BATCH_LENGTH_MAX;
  #isWorking = false;
  #working: Promise<void> = Promise.resolve();
  #counts = { received: 0, stored: 0, copies: 0, gaps: 0, putAside: 0 };

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  get totals(): CollectorTotals {
    return { ...this.#counts, waiting: this.#waiting.length };
  }

  /** Takes a message, or while it stops leaves it to others; false when too many wait already. */
  take(message: InboxMessage): boolean {
    if (this.#stopping.signal.aborted) return true;
    if (this.#waiting.length >= WAITING_LENGTH_MAX) return false;
    this.#counts.received += 1;
    this.#waiting.push({ message, content: readMessage(message) });
    if (!this.#isWorking) this.#working = this.#work();
    return true;
  }

  /** Stores what has come, unless the database refuses it now. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#working;
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    let failures = 0;
    while (this.#waiting.length > 0) {
      const error = await this.#storeNext();
      failures = error === undefined ? 0 : failures + 1;
      if (error === undefined) continue;
      if (this.#stopping.signal.aborted) break;
      const retryInMs = fullJitterMs(failures - 1, RETRY, this.#options.random);
      this.#options.on.failed(error, retryInMs);
      // Rejects only when `stop` ends the wait.
      await sleep(retryInMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
    this.#isWorking = false;
  }

  /** Stores what waits, as much as goes into a batch; comes back with an error that may pass. */
  async #storeNext(): Promise<unknown> {
    const batch = beginningOf(this.#waiting, this.#lengthMax);
    try {
      const stored = await this.#options.sink.store(this.#batchOf(batch));
      this.#waiting = this.#waiting.slice(batch.length);
      this.#lengthMax = Math.min(BATCH_LENGTH_MAX, 2 * this.#lengthMax);
      this.#tell(batch, stored);
      return undefined;
    } catch (error) {
      return this.#isolate(batch, error) ? undefined : error;
    }
  }

  /** Looks in ever smaller batches for the one whose content is at fault, and puts it aside. */
  #isolate([first, ...others]: readonly Waiting[], error: unknown): boolean {
    if (!(error instanceof FieldnoteError) || error.code !== 'SINK_REFUSED') return false;
    if (first === undefined || first.content.kind === 'unreadable') return others.length > 0;
    this.#lengthMax = Math.max(1, Math.floor((1 + others.length) / 2));
    if (others.length === 0) this.#waiting[0] = { ...first, content: refused(first.content, error.message) };
    return true;
  }

  #batchOf(batch: readonly Waiting[]): Batch {
    return {
      reports: reportsOf(batch),
      gaps: batch.flatMap(({ content }) => (content.kind === 'gaps' ? content.gaps : [])),
      putAside: batch.flatMap(({ content, message: { topic, payload } }) =>
        content.kind === 'unreadable' ? [putAsideOf(topic, payload, content.reason)] : [],
      ),
      receivedMs: this.#options.clock.wallMs(),
    };
  }

  #tell(batch: readonly Waiting[], stored: number): void {
    const { on } = this.#options;
    const reports = reportsOf(batch);
    const isKind = (kind: Content['kind']) => batch.filter(({ content }) => content.kind === kind).length;
    this.#counts.stored += stored;
    this.#counts.copies += reports.length - stored;
    this.#counts.gaps += isKind('gaps');
    this.#counts.putAside += isKind('unreadable');
    for (const { message, content } of batch) {
      message.acknowledge();
      if (content.kind === 'unreadable') on.putAside(message.topic, content.reason);
    }
    // A refused report that got no receipt would come again for ever.
    const kept = batch.flatMap(({ content }) => ('report' in content ? (content.report ?? []) : []));
    for (const { topic, receipt } of receiptsOf(kept)) on.receipt(topic, receipt);
  }
}

/** A receipt for each lane of each node; more than one where a receipt holds too few ranges. */
export function receiptsOf(reports: readonly CollectedReport[]): { topic: string; receipt: Receipt }[] {
  const lanes = Map.groupBy(reports, ({ site, node, epoch, lane }) => [site, node, epoch, lane].join('/'));
  return [...lanes.values()].flatMap((ofLane) => {
    const { site, node, epoch, lane } = ofLane[0] as CollectedReport;
    const ranges = rangesOf(ofLane.map(({ sequence }) => sequence)).map(([from, to]): [number, number] => [
      from,
      to,
    ]);
    const topic = `fieldnote/${site}/${node}/receipt`;
    return chunksOf(ranges, RECEIPT_RANGES_MAX).map((chunk) => ({
      topic,
      receipt: { epoch, lane, ranges: chunk },
    }));
  });
}

function chunksOf<T>(items: readonly T[], length: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / length) }, (_, at) =>
    items.slice(at * length, (at + 1) * length),
  );
}

function beginningOf(waiting: readonly Waiting[], lengthMax: number): Waiting[] {
  let bytes = 0;
  const end = waiting.slice(0, lengthMax).findIndex(({ message }, at) => {
    bytes += message.payload.length;
    return at > 0 && bytes > BATCH_BYTES_MAX;
  });
  return waiting.slice(0, end === -1 ? lengthMax : end);
}

function refused(content: Content, reason: string): Content {
  return { kind: 'unreadable', reason, ...(content.kind === 'report' && { report: content.report }) };
}

function reportsOf(batch: readonly Waiting[]): CollectedReport[] {
  return batch.flatMap(({ content }) => (content.kind === 'report' ? [content.report] : []));
}
