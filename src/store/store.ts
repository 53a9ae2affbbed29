import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { Period } from '../values/period.ts';
import type { Stamp } from '../values/stamp.ts';
import type { Begun } from './begin.ts';
import type { Gap, GapRow } from './gaps.ts';
import { errorOf, type Reply } from './group-commit.ts';
import type { LearningKey } from './learning.ts';
import type { Totals } from './ledger.ts';
import type { Settings } from './open.ts';
import type { Argument, OperationName, Result } from './operations.ts';
import type { Acceptance, DeliveredRange, DigestAcceptance, Reading } from './outbox.ts';
import type { Recollection } from './recall.ts';
import type { OutboxRow } from './row.ts';
import type { SyncPoint } from './sync-points.ts';
import type { RevisionKey } from './unwritten.ts';
import type { MomentName, WatchedStretch } from './watched.ts';
import type { Greeting, ToWorker } from './worker.ts';

export interface StoreOptions extends Settings {
  /** Called once if the store's thread ends by itself; open a new Store to go on. */
  onDead(error: FieldnoteError): void;
}

/** More calls than this never wait for the disk at the same time. */
export const REQUESTS_MAX = 1024;

/**
 * The only durable state, as the main thread sees it: every method sends a message to the thread that owns the file
 * and resolves after the fsynced commit; only few deliveries wait for the next one. Calls are served in the order in which they are made. Any method rejects
 * with STORE_FULL when there is no room on the disk or 1024 calls wait already, and with STORE_DEAD when the thread
 * has ended: then nobody knows whether the calls under way became durable.
 */
export class Store {
  /** Number of this boot of the device, from 1. */
  readonly boot: number;
  /** 64 random bits in hex, minted with the file. Sequence numbers are only comparable within one epoch. */
  readonly epoch: string;
  /** What a person should know about the file that was opened: it was salvaged, or it is a copy. */
  readonly notice: string | undefined;
  readonly #worker: Worker;
  readonly #onDead: (error: FieldnoteError) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #exited = Promise.withResolvers<void>();
  #requests = 0;
  #ended: FieldnoteError | undefined;

  /**
   * Opens or creates `<dataDir>/fieldnote.db`. A damaged one is put aside and what can be read of it is taken over,
   * with a new epoch and a gap; a copied or restored one gets a new epoch too.
   * @throws FieldnoteError STORE_LOCKED, STORE_NEWER, STORE_FULL or STORE_UNWRITABLE
   */
  static async open({ onDead, ...settings }: StoreOptions): Promise<Store> {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: settings });
    const [greeting] = (await once(worker, 'message')) as [Greeting];
    if ('failure' in greeting) throw errorOf(greeting.failure);
    return new Store(worker, greeting, onDead);
  }

  private constructor(worker: Worker, begun: Begun, onDead: (error: FieldnoteError) => void) {
    this.boot = begun.boot;
    this.epoch = begun.epoch;
    this.notice = begun.notice;
    this.#worker = worker;
    this.#onDead = onDead;
    worker.on('message', (replies: readonly Reply[]) => this.#settle(replies));
    let reason = 'it ended';
    worker.on('error', (error) => {
      reason = messageOf(error);
    });
    // Only now has the thread let go of the file, so that a new store can open it.
    worker.on('exit', () => {
      this.#die(reason);
      this.#exited.resolve();
    });
  }

  /**
   * Takes a report and the incident state behind it, both or neither.
   * @returns the `seq` of the report
   * @throws FieldnoteError BAD_ARGUMENT when a part is over its size limit
   */
  accept(acceptance: Acceptance): Promise<number> {
    return this.#ask('accept', acceptance);
  }

  /**
   * Takes a digest and the moment up to which it tells.
   * @returns the `seq` of it
   * @throws FieldnoteError BAD_ARGUMENT when it is over its size limit
   */
  acceptDigest(acceptance: DigestAcceptance): Promise<number> {
    return this.#ask('acceptDigest', acceptance);
  }

  /** Everything that is known of a stretch of time; without one everything there is. */
  recall(period: Period | null): Promise<Recollection> {
    return this.#ask('recall', period);
  }

  /** Remembers when assets were watched. */
  recordWatched(stretches: readonly WatchedStretch[]): Promise<void> {
    return this.#ask('recordWatched', stretches);
  }

  recordMoment(name: MomentName, stamp: Stamp): Promise<void> {
    return this.#ask('recordMoment', { name, stamp });
  }

  moment(name: MomentName): Promise<Stamp | null> {
    return this.#ask('moment', name);
  }

  /** The state that was last accepted for each asset. */
  incidentStates(): Promise<ReadonlyMap<string, unknown>> {
    return this.#ask('incidentStates', undefined);
  }

  /** Reports of a lane that wait, after `seq` and in order; at most `limit`, and fewer when they are large. */
  pendingAfter(reading: Reading): Promise<readonly OutboxRow[]> {
    return this.#ask('pendingAfter', reading);
  }

  /**
   * Deletes reports that were acknowledged. Of few it lasts only from the next commit on: a power cut before makes them
   * wait again.
   */
  async markDelivered(seqs: readonly number[]): Promise<void> {
    await this.#ask('markDelivered', seqs);
  }

  /** Deletes reports that somebody has confirmed to have, at most 1024 of them, likewise; resolves with how many. */
  markDeliveredRange(range: DeliveredRange): Promise<number> {
    return this.#ask('markDeliveredRange', range);
  }

  /** Puts a report aside that can never be delivered, with a gap. */
  quarantine(seq: number, reason: string, at: Stamp): Promise<void> {
    return this.#ask('quarantine', { seq, reason, at });
  }

  /** Gives up reports that are too old to be of use, with a gap. */
  expire(seqs: readonly number[], at: Stamp): Promise<void> {
    return this.#ask('expire', { seqs, at });
  }

  /** Reports as JSON that wait for the words of the language model, the oldest incident first. */
  unwritten(): Promise<readonly string[]> {
    return this.#ask('unwritten', undefined);
  }

  /** Lets a report keep its template. */
  dropUnwritten(key: RevisionKey): Promise<void> {
    return this.#ask('dropUnwritten', key);
  }

  /** What the asset has learned with this channel list, the oldest row first. */
  learningRows(key: LearningKey): Promise<readonly Float32Array[]> {
    return this.#ask('learningRows', key);
  }

  /**
   * Adds rows of one value per channel; rows of another channel list are discarded.
   * @throws FieldnoteError STORE_FULL when learning has used up its quarter of the size limit
   */
  appendLearning(key: LearningKey, rows: readonly Float32Array[]): Promise<void> {
    return this.#ask('appendLearning', { ...key, rows });
  }

  clearLearning(asset: string): Promise<void> {
    return this.#ask('clearLearning', asset);
  }

  totals(): Promise<Totals> {
    return this.#ask('totals', undefined);
  }

  /** The newest 1000 gaps, the oldest of them first. */
  gaps(): Promise<readonly GapRow[]> {
    return this.#ask('gaps', undefined);
  }

  recordGap(gap: Gap): Promise<void> {
    return this.#ask('recordGap', gap);
  }

  /** Remembers a wall time that is known to be right; the most exact one of each boot is kept. */
  recordSyncPoint(point: SyncPoint): Promise<void> {
    return this.#ask('recordSyncPoint', point);
  }

  syncPoint(boot: number): Promise<SyncPoint | null> {
    return this.#ask('syncPoint', boot);
  }

  /** Finishes what was asked, closes the file and ends the thread. Later calls reject with STORE_DEAD. */
  async close(): Promise<void> {
    this.#ended ??= new FieldnoteError('STORE_DEAD', 'the store is closed');
    await Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise));
    this.#worker.postMessage('close' satisfies ToWorker);
    await this.#exited.promise;
  }

  async #ask<N extends OperationName>(name: N, argument: Argument<N>): Promise<Result<N>> {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#waiting.size >= REQUESTS_MAX)
      throw new FieldnoteError(
        'STORE_FULL',
        `the disk is too slow: ${REQUESTS_MAX} calls of the store wait for it`,
      );
    const id = this.#requests++;
    this.#worker.postMessage({ id, name, argument } satisfies ToWorker);
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    return (await waiting.promise) as Result<N>;
  }

  #settle(replies: readonly Reply[]): void {
    for (const reply of replies) {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('failure' in reply) waiting?.reject(errorOf(reply.failure));
      else waiting?.resolve(reply.result);
    }
  }

  #die(reason: string): void {
    const isExpected = this.#ended !== undefined;
    const error = new FieldnoteError('STORE_DEAD', `the thread of the store has ended: ${reason}`, {
      reason,
    });
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    if (!isExpected) this.#onDead(error);
  }
}
