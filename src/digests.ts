import { randomUUID } from 'node:crypto';
import type { Config } from './config/schema.ts';
import { Coverage } from './coverage.ts';
import { periodDue } from './digest-times.ts';
import { happenedBy, type NamedAsset } from './happened.ts';
import { topicsOf } from './publish/topics.ts';
import { digestOf } from './report/digest.ts';
import type { Recollection } from './store/recall.ts';
import type { MomentName } from './store/watched.ts';
import type { StoreKeeper } from './store-keeper.ts';
import { exponentialMs } from './system/back-off.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import { messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import { agentVersion } from './system/version.ts';
import type { Digest } from './values/digest.ts';
import type { Lane } from './values/lane.ts';
import { offsetMs, type Period } from './values/period.ts';
import type { Stamp } from './values/stamp.ts';
import type { Verdict } from './values/verdict.ts';

/** How often it is looked whether a digest is due. */
const TICK_MS = 10_000;
/** How often it becomes durable that the link is up and what was watched: what a power cut may take of it. */
const KEEP_MS = 300_000;
/** Of the digest of a link that came back: only older ones of its kind can be before it. */
export const OFFLINE_LANE: Lane = 'telemetry';

/** Digests that nobody has yet, of one link after the other. */
const UNTOLD_MAX = 1024;
/** Waits after digests that could not be stored: each costs a look at all that is remembered. */
const RETRY = { firstMs: 20_000, longestMs: 3_600_000 };

export interface DigestsOptions {
  readonly config: Config;
  /** Of the configuration file. */
  readonly configSha256: string;
  readonly clock: Clock;
  readonly keeper: Pick<StoreKeeper, 'store' | 'pendingAfter'>;
  readonly counters: Counters;
  readonly log: Logger;
  /** A digest is in the store. */
  readonly onStored: (lane: Lane) => void;
}

export interface DigestRequest {
  readonly occasion: Digest['occasion'];
  readonly period: Period;
  /** Becomes durable with it: until when digests of this kind have told. */
  readonly moment?: MomentName;
  /** Of a flight. */
  readonly flight?: Digest['flight'];
}

/**
 * Makes digests: at times of the day, and when a link returns after a long time. One of a flight is
 * `make({ occasion: 'flight', period: { from: armed, to: disarmed } })`.
 */
export class Digests {
  readonly #options: DigestsOptions;
  readonly #coverage: Coverage;
  readonly #began: Stamp;
  #isUp = false;
  /** When the link returned, until it is known what the store remembers of the time before. */
  #returnedAt: Stamp | undefined;
  /** The time without a link that no stored digest tells about yet. */
  #owed: Period | undefined;
  #failures = 0;
  #retryMs = Number.NEGATIVE_INFINITY;
  #keptMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: DigestsOptions) {
    this.#options = options;
    this.#coverage = new Coverage(options);
    this.#began = this.#now();
  }

  /** A verdict about the step before its end, on the monotonic timeline. */
  saw(verdict: Verdict, stepMs: number): void {
    this.#coverage.saw(verdict, stepMs);
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  /** Makes durable what is known until now. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#working;
    await this.#keep();
  }

  /**
   * The link is there. After a long time without one, what happened meanwhile becomes a digest.
   * @returns the place in the outbox of the latest such digest that nobody has yet, also of an earlier link or start;
   *   undefined when there is none
   */
  linkUp(): Promise<number | undefined> {
    const now = this.#now();
    return this.#inTurn(async () => {
      if (!this.#isUp) this.#returnedAt = now;
      this.#isUp = true;
      await this.#tellReturn();
      return this.#untold();
    });
  }

  linkLost(): void {
    const now = this.#now();
    void this.#inTurn(async () => {
      if (this.#isUp) this.#recordLink(now);
      this.#isUp = false;
      this.#returnedAt = undefined;
    });
  }

  /**
   * Makes a digest of a stretch of time and stores it.
   * @returns its place in the outbox; undefined when the store refuses it, which the log says
   */
  async make({ occasion, period, moment, flight }: DigestRequest): Promise<number | undefined> {
    const { config, configSha256, keeper, counters, log, onStored } = this.#options;
    const { site, node } = config;
    try {
      const recollection = await this.recall(period);
      if (recollection === undefined) return undefined;
      const happened = await happenedBy(recollection, assetsOf(config));
      const provenance = { config: configSha256, agent: agentVersion };
      const digest = digestOf({
        ...{ id: randomUUID(), occasion, site, node, period, happened, provenance },
        ...(flight && { flight }),
      });
      const entry = this.#entryOf(digest, period.to);
      const made = moment === undefined ? null : { name: moment, stamp: period.to };
      const seq = await keeper.store?.acceptDigest({ entry, moment: made });
      if (seq === undefined) return undefined;
      this.#failures = 0;
      counters.add('reports_accepted', 'digest');
      log.info({ id: digest.id, occasion }, digest.text);
      onStored(entry.lane);
      return seq;
    } catch (error) {
      this.#retryMs = this.#options.clock.monoMs() + exponentialMs(this.#failures, RETRY);
      this.#failures += 1;
      log.error({ occasion }, `cannot make a digest: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** What is known of a stretch of time, until now; undefined while there is no store. */
  async recall(period: Period | null): Promise<Recollection | undefined> {
    await this.#coverage.store();
    return this.#options.keeper.store?.recall(period);
  }

  /** As a row of the outbox. Digests by the time of the day are evidence. */
  #entryOf(digest: Digest, stamp: Stamp) {
    const { id, revision, occasion, site, node } = digest;
    const lane = occasion === 'offline' ? OFFLINE_LANE : 'evidence';
    const topic = topicsOf({ site, node }).digest;
    return { id, revision, asset: '', lane, topic, payload: JSON.stringify(digest), stamp } as const;
  }

  /** A store that is not open now is asked at the next look. */
  async #tellReturn(): Promise<void> {
    const now = this.#returnedAt;
    if (now === undefined || this.#options.keeper.store === undefined) return;
    this.#returnedAt = undefined;
    await this.#returned(now);
  }

  /** Since when it was away is overwritten together with the digest about it, or when it needs none. */
  async #returned(now: Stamp): Promise<void> {
    const up = await this.#moment('link');
    const isLong = up !== null && (offsetMs(up, now) ?? 0) >= this.#options.config.digest.afterOffline;
    if (isLong) this.#owed = { from: up, to: now };
    if (isLong) await this.#tellOwed();
    else this.#recordLink(now);
  }

  async #tellOwed(): Promise<void> {
    if (this.#owed === undefined || this.#isWaiting()) return;
    const seq = await this.make({ occasion: 'offline', period: this.#owed, moment: 'link' });
    if (seq !== undefined) this.#owed = undefined;
  }

  async #untold(): Promise<number | undefined> {
    const reading = { lane: OFFLINE_LANE, seq: 0, limit: UNTOLD_MAX };
    const rows = await this.#options.keeper.pendingAfter(reading).catch(() => []);
    return rows.at(-1)?.seq;
  }

  /** After a failure it is not tried again at once. */
  #isWaiting(): boolean {
    return this.#options.clock.monoMs() < this.#retryMs;
  }

  #tick(): void {
    void this.#inTurn(() => this.#look());
  }

  /** One after the other, so that a link that comes and goes meanwhile changes nothing under a digest. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#working.then(work);
    this.#working = done;
    return done;
  }

  async #look(): Promise<void> {
    const { config, clock } = this.#options;
    const nowMs = clock.monoMs();
    await this.#tellReturn();
    if (nowMs - this.#keptMs >= KEEP_MS) {
      this.#keptMs = nowMs;
      await this.#keep();
    }
    await this.#tellOwed();
    const { at } = config.digest;
    if (at.length === 0 || this.#isWaiting() || this.#options.keeper.store === undefined) return;
    const told = await this.#moment('digest');
    // The first one tells from the first start on.
    if (told === null) return this.#recordMoment('digest', this.#began);
    const period = periodDue({ at, now: this.#now(), told, began: this.#began });
    if (period !== undefined) await this.make({ occasion: 'schedule', period, moment: 'digest' });
  }

  async #keep(): Promise<void> {
    if (this.#isUp) this.#recordLink(this.#now());
    await this.#coverage.store();
  }

  async #moment(name: MomentName): Promise<Stamp | null> {
    return (await this.#options.keeper.store?.moment(name).catch(() => null)) ?? null;
  }

  /** While a digest is owed, or may be, it stays known since when it has to tell, also across a restart. */
  #recordLink(stamp: Stamp): void {
    if (this.#owed === undefined && this.#returnedAt === undefined) this.#recordMoment('link', stamp);
  }

  #recordMoment(name: MomentName, stamp: Stamp): void {
    const { keeper, log } = this.#options;
    keeper.store?.recordMoment(name, stamp).catch((error) => {
      log.warn(`cannot store since when digests are due: ${messageOf(error)}`);
    });
  }

  #now(): Stamp {
    const { clock } = this.#options;
    return clock.stampAt(clock.monoMs());
  }
}

/** What a digest calls the assets of a configuration. */
export function assetsOf({ assets }: Config): NamedAsset[] {
  return Object.entries(assets).map(([key, { name }]) => ({ key, name: name ?? key }));
}
