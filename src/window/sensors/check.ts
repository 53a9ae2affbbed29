import type { AssetConfig, ChannelConfig } from '../../config/schema.ts';
import type { SensorFault } from '../../values/incident.ts';
import type { Sample } from '../../values/sample.ts';
import { type Feed, feedsOf } from '../feed.ts';
import { ChannelCheck, type ChannelFault } from './channel-check.ts';
import { ClockJumps } from './clock-jumps.ts';
import { physicalRange } from './physical-range.ts';
import { type ChannelProfile, newProfile } from './profile.ts';

/** What was learned of each channel, by its key. */
export type SensorProfiles = Readonly<Record<string, ChannelProfile>>;

export interface SensorCheckOptions {
  readonly channels: AssetConfig['channels'];
  readonly holdMs: number;
  /** Time that one verdict judges. */
  readonly windowMs: number;
  /** How long it is learned what is usual for a channel. */
  readonly learnForMs: number;
  /** Sources whose samples are placed by the time of their device. */
  readonly deviceClocks: readonly string[];
  /** Learned before; channels that are missing are learned now. */
  readonly profiles?: SensorProfiles | undefined;
}

/** A fault, with the channels that it concerns and when it began on the timeline of the samples. */
export interface SensorFinding extends Omit<SensorFault, 'since'> {
  /** Key of the channel, or `source:<key>`. */
  readonly subject: string;
  readonly sinceMs: number;
}

interface Clock {
  readonly jumps: ClockJumps;
  latest: { readonly jumpMs: number; readonly atMs: number } | undefined;
}

/**
 * Tells what is wrong with the sensors of an asset from what is wrong with the machine: by what a live sensor cannot do
 * and a machine cannot make it do. It sees each value before the grid does, and withholds those that cannot be believed.
 */
export class SensorCheck {
  /** What was learned so far. */
  readonly profiles: SensorProfiles;
  readonly #options: SensorCheckOptions;
  readonly #keys: readonly string[];
  readonly #checks: readonly ChannelCheck[];
  readonly #feeds: ReadonlyMap<string, Feed>;
  readonly #clocks: ReadonlyMap<string, Clock>;
  #nowMs = Number.NaN;

  constructor(options: SensorCheckOptions) {
    const { channels, profiles = {}, deviceClocks } = options;
    this.#options = options;
    this.#keys = Object.keys(channels);
    const known = new Map(Object.entries(profiles));
    const profileOf = new Map(this.#keys.map((key) => [key, { ...(known.get(key) ?? newProfile()) }]));
    this.profiles = Object.fromEntries(profileOf);
    this.#checks = Object.entries(channels).map(([key, channel]) =>
      newCheck(channel, profileOf.get(key) ?? newProfile(), options),
    );
    this.#feeds = feedsOf(channels);
    this.#clocks = new Map(
      deviceClocks.map((source) => [source, { jumps: new ClockJumps(), latest: undefined }]),
    );
  }

  /** Whether it is known of every channel what is usual. */
  get isLearned(): boolean {
    return this.#checks.every((check) => check.isLearned);
  }

  /** @returns the sample with NaN for what cannot be believed */
  take(sample: Sample, timeMs: number): Sample {
    const feed = this.#feeds.get(sample.source);
    const leads = feed?.leadsOf(sample.names) ?? [];
    if (feed === undefined || leads.length === 0) return sample;
    this.#moveTo(timeMs, timeMs < feed.latestMs - this.#options.holdMs);
    feed.latestMs = timeMs;
    this.#followClock(sample, timeMs);
    let values: number[] | undefined;
    for (const { at, column } of leads) {
      const refused = sample.refused?.get(sample.names[at] ?? '');
      if (refused !== undefined) this.#checks[column]?.refuse(refused, timeMs);
      const value = sample.values[at] ?? Number.NaN;
      const isBelieved = !Number.isFinite(value) || (this.#checks[column]?.take(value, timeMs) ?? true);
      if (isBelieved) continue;
      values ??= [...sample.values];
      values[at] = Number.NaN;
    }
    return values === undefined ? sample : { ...sample, values };
  }

  /** The clock has come to this time, on the timeline of the samples. */
  advanceTo(timeMs: number): void {
    if (!(timeMs < this.#nowMs)) this.#moveTo(timeMs, false);
  }

  /** Silence counts from this time on. */
  resume(timeMs: number): void {
    this.#moveTo(timeMs, true);
  }

  /** What is wrong now. */
  get findings(): readonly SensorFinding[] {
    const faults = this.#checks.map((check) => check.faultAt(this.#nowMs));
    const isSure = faults.map((fault, column) => fault?.fault !== 'stuck' || !this.#isStandstill(column));
    return [...this.#feeds].flatMap(([source, feed]) => {
      const whole =
        this.#lostSource(source, feed, faults) ??
        this.#frozenSource(source, feed, faults) ??
        this.#jumpOf(source, feed);
      const ofChannels = feed.columns.flatMap((column): SensorFinding[] => {
        const [fault, key = ''] = [faults[column], this.#keys[column]];
        const isTold = fault?.fault === whole?.fault;
        if (fault === undefined || isTold || !isSure[column]) return [];
        return [{ ...fault, subject: key, source, channels: [key] }];
      });
      return whole === undefined ? ofChannels : [whole, ...ofChannels];
    });
  }

  /** Columns whose values should not be used for now, although nothing is sure yet, and since when. */
  get suspects(): ReadonlyMap<number, number> {
    const suspects = new Map<number, number>();
    for (const [column, { suspectSinceMs }] of this.#checks.entries())
      if (suspectSinceMs !== undefined && !this.#isStandstill(column)) suspects.set(column, suspectSinceMs);
    return suspects;
  }

  /** Whether a channel that was at fault shows that it lives; false as long as that is not known. */
  isAlive(channel: string): boolean {
    return this.#checks[this.#keys.indexOf(channel)]?.isAlive ?? true;
  }

  /** A source that falls back in time was restarted: silence counts from there. */
  #moveTo(timeMs: number, isRestart: boolean): void {
    const isFirst = Number.isNaN(this.#nowMs);
    this.#nowMs = isFirst || isRestart ? timeMs : Math.max(this.#nowMs, timeMs);
    if (isFirst || isRestart) for (const check of this.#checks) check.begin(timeMs);
  }

  #followClock({ source, deviceMs, monoMs }: Sample, timeMs: number): void {
    const clock = this.#clocks.get(source);
    const jumpMs = deviceMs === undefined ? undefined : clock?.jumps.push(deviceMs, monoMs);
    if (clock !== undefined && jumpMs !== undefined) clock.latest = { jumpMs, atMs: timeMs };
  }

  /** All channels of a source that say nothing are one fault: that of the device or its cable. */
  #lostSource(
    source: string,
    { columns }: Feed,
    faults: readonly (ChannelFault | undefined)[],
  ): SensorFinding | undefined {
    const latestMs = (column: number) => this.#checks[column]?.latestMs ?? Number.NEGATIVE_INFINITY;
    const newestMs = Math.max(...columns.map(latestMs));
    const isLost = columns.some(
      (column) =>
        faults[column]?.fault === 'dropped-out' && latestMs(column) >= newestMs - this.#options.holdMs,
    );
    if (!isLost || columns.length === 1) return undefined;
    return { ...this.#wholeSource(source, columns), fault: 'dropped-out', sinceMs: newestMs };
  }

  /** When all live channels of a source repeat their values at once, it is the device that sends old ones. */
  #frozenSource(
    source: string,
    { columns }: Feed,
    faults: readonly (ChannelFault | undefined)[],
  ): SensorFinding | undefined {
    const isFrozen = columns.every((column) => this.#checks[column]?.isStill !== false);
    const stuck = columns.filter((column) => faults[column]?.fault === 'stuck');
    // A machine that stands still may give constant values too, but none that it gave while it ran.
    const isRunning = stuck.some((column) => this.#checks[column]?.isUsual);
    if (!isFrozen || stuck.length < 2 || !isRunning) return undefined;
    const sinceMs = Math.max(...stuck.map((column) => faults[column]?.sinceMs ?? Number.NEGATIVE_INFINITY));
    return { ...this.#wholeSource(source, columns), fault: 'stuck', sinceMs };
  }

  #jumpOf(source: string, { columns }: Feed): SensorFinding | undefined {
    const jump = this.#clocks.get(source)?.latest;
    if (jump === undefined || Math.abs(this.#nowMs - jump.atMs) > this.#options.holdMs) return undefined;
    const { jumpMs, atMs } = jump;
    return { ...this.#wholeSource(source, columns), fault: 'clock-jump', sinceMs: atMs, jumpMs };
  }

  #wholeSource(source: string, columns: readonly number[]) {
    const channels = columns.map((column) => this.#keys[column] ?? '');
    return { subject: `source:${source}`, source, channels };
  }

  /**
   * A machine that stands still for the first time gives constant values where nothing flows or turns, and then its other
   * channels are not as usual either. A sensor that died is the only one.
   */
  #isStandstill(column: number): boolean {
    if (this.#checks[column]?.isUsual ?? true) return false;
    const others = this.#checks.filter((check, at) => at !== column && check.isLearned);
    return others.filter((check) => check.isUsual).length <= others.length / 2;
  }
}

function newCheck(
  { unit, range }: ChannelConfig,
  profile: ChannelProfile,
  { holdMs, windowMs, learnForMs }: SensorCheckOptions,
): ChannelCheck {
  return new ChannelCheck({ range: physicalRange(unit, range), holdMs, windowMs, learnForMs, profile });
}
