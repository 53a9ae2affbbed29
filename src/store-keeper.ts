import { setTimeout as sleep } from 'node:timers/promises';
import type { GapRow } from './store/gaps.ts';
import type { LearningKey } from './store/learning.ts';
import type { Acceptance, DeliveredRange, Reading } from './store/outbox.ts';
import type { OutboxRow } from './store/row.ts';
import { Store, type StoreOptions } from './store/store.ts';
import type { RevisionKey } from './store/unwritten.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import { type ErrorCode, FieldnoteError, messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import type { Lane } from './values/lane.ts';
import type { Stamp } from './values/stamp.ts';
import { WaitingReports } from './waiting-reports.ts';

const RETRY_MS = 10_000;
/** The same report may be stored later: there is room again, or the store was opened again. */
const PASSING: readonly ErrorCode[] = ['STORE_FULL', 'STORE_UNWRITABLE', 'STORE_DEAD', 'STORE_CORRUPT'];
/** Another daemon owns the store, or a newer version wrote it. */
const HARMFUL: readonly ErrorCode[] = ['STORE_LOCKED', 'STORE_NEWER'];

export interface StoreKeeperOptions {
  readonly settings: Omit<StoreOptions, 'onDead'>;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
  /** There may be something new to publish: a report of this lane became durable, or the store was opened late. */
  readonly onAccepted: (lane?: Lane) => void;
}

/**
 * Keeps a store open. A disk that is full, read-only, broken or slow must not stop the watching: reports wait here,
 * in order and bounded, and are stored when the store takes them again; what had to go is counted and becomes a gap.
 */
export class StoreKeeper {
  readonly #options: StoreKeeperOptions;
  readonly #waiting = new WaitingReports();
  readonly #stopping = new AbortController();
  #urgent = new AbortController();
  #store: Store | undefined;
  #refused = 0;
  #isWorking = false;
  #working: Promise<void> = Promise.resolve();

  /**
   * Opens the store; when that fails it says so and goes on trying.
   * @throws FieldnoteError STORE_LOCKED or STORE_NEWER: to go on would do harm
   */
  static async start(options: StoreKeeperOptions): Promise<StoreKeeper> {
    const keeper = new StoreKeeper(options);
    const error = await keeper.#open();
    if (error instanceof FieldnoteError && HARMFUL.includes(error.code)) throw error;
    if (error !== undefined) keeper.#work(keeper.#pause());
    return keeper;
  }

  private constructor(options: StoreKeeperOptions) {
    this.#options = options;
  }

  /** Undefined while it cannot be opened. */
  get store(): Store | undefined {
    return this.#store;
  }

  /** Takes a report on its way into the store. */
  accept(acceptance: Acceptance): void {
    const shed = this.#waiting.push(acceptance);
    if (shed !== undefined) this.#refuse(shed);
    if (acceptance.entry.lane === 'critical') this.#urgent.abort();
    this.#work();
  }

  // The outbox, for the publisher. Without a store there is nothing to publish.

  async pendingAfter(reading: Reading): Promise<readonly OutboxRow[]> {
    return (await this.#store?.pendingAfter(reading)) ?? [];
  }

  async markDelivered(seqs: readonly number[]): Promise<void> {
    await this.#store?.markDelivered(seqs);
  }

  async markDeliveredRange(range: DeliveredRange): Promise<number> {
    return (await this.#store?.markDeliveredRange(range)) ?? 0;
  }

  async quarantine(seq: number, reason: string): Promise<void> {
    const { clock } = this.#options;
    await this.#store?.quarantine(seq, reason, clock.stampAt(clock.monoMs()));
  }

  async expire(seqs: readonly number[]): Promise<void> {
    const { clock } = this.#options;
    await this.#store?.expire(seqs, clock.stampAt(clock.monoMs()));
  }

  // The texts that are still to come. Without them a restart forgets which; the templates are there.

  async unwritten(): Promise<readonly string[]> {
    return (await this.#store?.unwritten().catch(() => [])) ?? [];
  }

  dropUnwritten({ id, revision }: RevisionKey): void {
    this.#store?.dropUnwritten({ id, revision }).catch((error) => {
      this.#options.log.warn({ id, revision }, `a report stays in the queue of texts: ${messageOf(error)}`);
    });
  }

  // What the store knows besides. Without a store there is nothing to know.

  async incidentStates(): Promise<ReadonlyMap<string, unknown>> {
    return (await this.#store?.incidentStates()) ?? new Map();
  }

  /** Remembers that samples are missing; without a store only the log does. */
  async recordMissingSamples(detail: string, count: number | null): Promise<void> {
    const { clock } = this.#options;
    const at = clock.stampAt(clock.monoMs());
    await this.#store?.recordGap({ reason: 'samples', detail, count, fromSeq: null, toSeq: null, at });
  }

  async gaps(): Promise<readonly GapRow[]> {
    return (await this.#store?.gaps()) ?? [];
  }

  /** A moment of that boot when the wall clock was right. */
  async syncPoint(boot: number): Promise<Stamp | undefined> {
    return (await this.#store?.syncPoint(boot)) ?? undefined;
  }

  /** Remembers the present moment if the clock is right now. */
  async recordSyncPoint(): Promise<void> {
    const { clock } = this.#options;
    const { clock: state, errorMs, ...point } = clock.stampAt(clock.monoMs());
    if ((state === 'synced' || state === 'gnss') && errorMs !== null)
      await this.#store?.recordSyncPoint({ ...point, errorMs, clock: state });
  }

  // Learning rows: worth keeping, not worth waiting for. Without them a restart learns again.

  async learningRows(key: LearningKey): Promise<readonly Float32Array[]> {
    return (await this.#store?.learningRows(key).catch(() => [])) ?? [];
  }

  appendLearning(key: LearningKey, rows: readonly Float32Array[]): void {
    const lost = () => this.#options.counters.add('learning_rows_lost', key.asset, rows.length);
    if (this.#store === undefined) lost();
    else this.#store.appendLearning(key, rows).catch(lost);
  }

  clearLearning(asset: string): void {
    this.#store?.clearLearning(asset).catch((error) => {
      this.#options.log.warn({ asset }, `learning rows of ${asset} stay in the store: ${messageOf(error)}`);
    });
  }

  /** Stores what waits, if the store takes it, and closes it. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#working;
    await this.#store?.close();
  }

  #work(begin: Promise<void> = Promise.resolve()): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#working = begin.then(() => this.#drain());
  }

  /** Stores what waits until nothing waits and the store is open. */
  async #drain(): Promise<void> {
    for (;;) {
      if (this.#store === undefined) await this.#openLate();
      const next = this.#waiting.next();
      if (next === undefined && this.#store !== undefined) break;
      const isDone = next !== undefined && (await this.#tryStore(next));
      if (!isDone && this.#stopping.signal.aborted) return this.#giveUp();
      if (!isDone) await this.#pause();
    }
    // At once after the last look: whoever hands over a report from now on starts the work again.
    this.#isWorking = false;
  }

  /** A critical report does not wait until it is over. */
  async #pause(): Promise<void> {
    this.#urgent = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, this.#urgent.signal]);
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }

  async #tryStore(acceptance: Acceptance): Promise<boolean> {
    const { onAccepted, log, counters } = this.#options;
    try {
      if (this.#store === undefined) return false;
      await this.#recordRefused(this.#store);
      await this.#store.accept(acceptance);
      this.#waiting.settle(true);
      counters.add('reports_accepted', acceptance.entry.asset);
      onAccepted(acceptance.entry.lane);
      return true;
    } catch (error) {
      const isWorthRetrying = error instanceof FieldnoteError && PASSING.includes(error.code);
      if (!isWorthRetrying) this.#lose(acceptance);
      const outcome = isWorthRetrying
        ? `keeping it in memory, trying again in ${RETRY_MS / 1000} s`
        : 'it is lost';
      log.error({ asset: acceptance.entry.asset }, `cannot store a report: ${messageOf(error)}; ${outcome}`);
      return !isWorthRetrying;
    }
  }

  #lose(acceptance: Acceptance): void {
    this.#waiting.settle(false);
    this.#refuse(acceptance);
  }

  #refuse({ entry: { asset } }: Acceptance): void {
    this.#refused += 1;
    this.#options.counters.add('reports_refused', asset);
  }

  async #recordRefused(store: Store): Promise<void> {
    if (this.#refused === 0) return;
    const { clock } = this.#options;
    const count = this.#refused;
    const detail = 'the store could not take them, and too many waited or they were too large';
    const at = clock.stampAt(clock.monoMs());
    await store.recordGap({ reason: 'refused', detail, count, fromSeq: null, toSeq: null, at });
    this.#refused -= count;
  }

  async #openLate(): Promise<void> {
    if ((await this.#open()) === undefined) this.#options.onAccepted();
  }

  /** @returns why it could not be opened */
  async #open(): Promise<unknown> {
    const { settings, log } = this.#options;
    const onDead = (error: FieldnoteError) => {
      log.error({ code: error.code }, `${error.message}; opening it again`);
      this.#store = undefined;
      this.#work();
    };
    try {
      this.#store = await Store.open({ ...settings, onDead });
      if (this.#store.notice !== undefined) log.error(this.#store.notice);
      return undefined;
    } catch (error) {
      const retry = `reports wait in memory, trying again in ${RETRY_MS / 1000} s`;
      log.error(`cannot open the store in ${settings.dataDir}: ${messageOf(error)}; ${retry}`);
      return error;
    }
  }

  #giveUp(): void {
    const count = this.#waiting.length;
    if (count > 0) this.#options.log.error({ count }, `${count} reports could not be stored and are lost`);
  }
}
