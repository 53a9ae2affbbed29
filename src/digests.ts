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

export interface DigestsOptions {
  readonly config: Config;
  /** Of the configuration file. */
  readonly configSha256: string;
  readonly clock: Clock;
  readonly keeper: StoreKeeper;
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
  /** Without a link, and no digest of it is in the store yet. */
  #untold: Period | undefined;
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
   * @returns its place in the outbox; undefined when there is none
   */
  async linkUp(): Promise<number | undefined> {
    const now = this.#now();
    const up = this.#isUp ? null : await this.#moment('link');
    this.#isUp = true;
    if (up !== null && (offsetMs(up, now) ?? 0) >= this.#options.config.digest.afterOffline)
      this.#untold = { from: up, to: now };
    const told = this.#working.then(() => this.#keepLink());
    this.#working = told;
    return told;
  }

  linkLost(): void {
    if (this.#isUp && this.#untold === undefined) this.#recordMoment('link', this.#now());
    this.#isUp = false;
  }

  /**
   * Makes a digest of a stretch of time and stores it.
   * @returns its place in the outbox; undefined when the store refuses it, which the log says
   */
  async make({ occasion, period, moment }: DigestRequest): Promise<number | undefined> {
    const { config, configSha256, keeper, counters, log, onStored } = this.#options;
    const { site, node } = config;
    try {
      const recollection = await this.recall(period);
      if (recollection === undefined) return undefined;
      const happened = await happenedBy(recollection, assetsOf(config));
      const provenance = { config: configSha256, agent: agentVersion };
      const digest = digestOf({ id: randomUUID(), occasion, site, node, period, happened, provenance });
      const entry = this.#entryOf(digest, period.to);
      const made = moment === undefined ? null : { name: moment, stamp: period.to };
      const seq = await keeper.store?.acceptDigest({ entry, moment: made });
      counters.add('reports_accepted', 'digest');
      log.info({ id: digest.id, occasion }, digest.text);
      onStored(entry.lane);
      return seq;
    } catch (error) {
      log.error({ occasion }, `cannot make a digest: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** What is known of a stretch of time, until now; undefined while there is no store. */
  async recall(period: Period | null): Promise<Recollection | undefined> {
    await this.#coverage.store();
    return this.#options.keeper.store?.recall(period);
  }

  /** That of a link which came back lies alone in its lane, so that nothing older goes before it. */
  #entryOf(digest: Digest, stamp: Stamp) {
    const { id, revision, occasion, site, node } = digest;
    const lane = occasion === 'offline' ? 'telemetry' : 'evidence';
    const topic = topicsOf({ site, node }).digest;
    return { id, revision, asset: '', lane, topic, payload: JSON.stringify(digest), stamp } as const;
  }

  #tick(): void {
    this.#working = this.#working.then(() => this.#look());
  }

  async #look(): Promise<void> {
    const { config, clock } = this.#options;
    const nowMs = clock.monoMs();
    if (nowMs - this.#keptMs >= KEEP_MS) {
      this.#keptMs = nowMs;
      await this.#keep();
    }
    const { at } = config.digest;
    if (at.length === 0 || this.#options.keeper.store === undefined) return;
    const told = await this.#moment('digest');
    // The first one tells from the first start on.
    if (told === null) return this.#recordMoment('digest', this.#began);
    const period = periodDue({ at, now: this.#now(), told, began: this.#began });
    if (period !== undefined) await this.make({ occasion: 'schedule', period, moment: 'digest' });
  }

  async #keep(): Promise<void> {
    await this.#keepLink();
    await this.#coverage.store();
  }

  /** When the link was there becomes durable with the digest of the time without it, not before: a full store refuses. */
  async #keepLink(): Promise<number | undefined> {
    const period = this.#untold;
    if (period === undefined) {
      if (this.#isUp) this.#recordMoment('link', this.#now());
      return undefined;
    }
    const seq = await this.make({ occasion: 'offline', period, moment: 'link' });
    // A longer one came meanwhile.
    if (seq !== undefined && this.#untold === period) this.#untold = undefined;
    return seq;
  }

  async #moment(name: MomentName): Promise<Stamp | null> {
    return (await this.#options.keeper.store?.moment(name).catch(() => null)) ?? null;
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
