import type { SensorFault } from '../../values/incident.ts';
import { Extremes } from './extremes.ts';
import type { Range } from './physical-range.ts';
import {
  type ChannelProfile,
  isFine,
  isLearned,
  isLive,
  isWithin,
  ProfileLearner,
  RESTS_MAX,
} from './profile.ts';
import { Run } from './run.ts';
import { Spikes } from './spikes.ts';

/** What is wrong with a channel, in times of the samples. */
export interface ChannelFault
  extends Pick<SensorFault, 'fault' | 'value' | 'min' | 'max' | 'count' | 'withinMs' | 'normalMs'> {
  readonly sinceMs: number;
}

export interface ChannelCheckOptions {
  readonly range: Range;
  /** How long a value is believed without another one. */
  readonly holdMs: number;
  /** Time that one verdict judges. */
  readonly windowMs: number;
  readonly learnForMs: number;
  /** What was learned so far; goes on from there. */
  readonly profile: ChannelProfile;
}

/** So many values in a row that cannot be true are a fault of the sensor; fewer are spikes. */
const OUT_OF_RANGE_MIN = 3;
/** A run is suspect when it is longer than twice the longest that was learned, a fault at ten times. */
const SUSPECT_RUNS = 2;
const STUCK_RUNS = 10;
const STUCK_SAMPLES_MIN = 20;
/** Windows in which spikes are counted. */
const SPIKE_WINDOWS = 20;
/** A window of fewer samples than this cannot miss one: what is withheld from it is seen in the others' mean. */
const WITHHOLDING_SAMPLES_MIN = 8;
/** A channel has dropped out after so many holds, or so many times the longest silence that was learned. */
const DROPPED_HOLDS = 10;
const DROPPED_SILENCES = 5;
/** An extreme that is had so often in a block, in so many visits, is the end of what can be measured. */
const CLIPPED_MIN = 8;
const CLIPPED_ENTRIES_MIN = 3;
/** Other values that repeat as well show that the resolution has become coarse. */
const REPEATS_MAX = 4;

/** Checks the values of one channel, and learns what is usual for it. The memory that it takes is fixed. */
export class ChannelCheck {
  readonly #options: ChannelCheckOptions;
  readonly #learner: ProfileLearner;
  readonly #run = new Run();
  readonly #extremes = new Extremes();
  #spikes = new Spikes(Number.POSITIVE_INFINITY);
  #isLearned = false;
  #isLive = false;
  #isFine = false;
  #mayWithhold = false;
  #clipped: ChannelFault | undefined;
  /** Where it was cut off last. */
  #rail: number | undefined;
  #outOfRange = { count: 0, sinceMs: 0, value: 0 };
  /** When the latest value came, whatever it was. */
  #latestMs = Number.NaN;
  #latest: number | undefined;

  constructor(options: ChannelCheckOptions) {
    this.#options = options;
    this.#learner = new ProfileLearner(options.profile, DROPPED_HOLDS * options.holdMs);
    this.#endLearning();
  }

  get isLearned(): boolean {
    return this.#isLearned;
  }

  /** Whether its values repeat now as those of no live sensor do; undefined for a channel that does not live. */
  get isStill(): boolean | undefined {
    return this.#isLearned && this.#isLive ? this.#run.count >= STUCK_SAMPLES_MIN : undefined;
  }

  get latestMs(): number {
    return this.#latestMs;
  }

  /** Whether its latest value is within what was learned. */
  get isUsual(): boolean {
    return this.#latest !== undefined && isWithin(this.#latest, this.#options.profile);
  }

  /** Whether it has given a value that may be believed. */
  get isAlive(): boolean {
    return this.#latest !== undefined && this.#outOfRange.count === 0 && this.suspectSinceMs === undefined;
  }

  /** Silence counts from here on. */
  begin(timeMs: number): void {
    this.#latestMs = timeMs;
  }

  /** @returns whether the value may be believed for now */
  take(value: number, timeMs: number): boolean {
    this.#latestMs = timeMs;
    this.#latest = value;
    const [min, max] = this.#options.range;
    if (value < min || value > max) return this.#refuse(value, timeMs);
    const isSpike = this.#outOfRange.count > 0 && this.#outOfRange.count < OUT_OF_RANGE_MIN;
    if (isSpike && Number.isFinite(this.#outOfRange.value))
      this.#spikes.addImpossible(this.#outOfRange.value, this.#outOfRange.sinceMs);
    this.#outOfRange.count = 0;
    if (!this.#isLearned) return this.#learn(value, timeMs);
    this.#followRun(value, timeMs);
    if (this.#isFine) this.#followExtremes(value, timeMs);
    return this.#spikes.push(value, timeMs) || !this.#mayWithhold;
  }

  /**
   * The device itself says that it has no value, such as for a sensor that is broken.
   * @param value what it would be; NaN when that is no number either
   */
  refuse(value: number, timeMs: number): void {
    this.#latestMs = timeMs;
    this.#latest = undefined;
    this.#refuse(value, timeMs);
  }

  /** The gravest of what is wrong now. */
  faultAt(nowMs: number): ChannelFault | undefined {
    return (
      this.#outOfRangeFault() ??
      this.#silence(nowMs) ??
      this.#stuck() ??
      this.#spiking(nowMs) ??
      this.#clipped
    );
  }

  /** Since when its values should not be used for now, although nothing is sure yet. */
  get suspectSinceMs(): number | undefined {
    const { runSamples } = this.#options.profile;
    const isSuspect = this.#mayBeStuck && this.#run.count > SUSPECT_RUNS * Math.max(1, runSamples);
    return isSuspect ? this.#run.sinceMs : undefined;
  }

  #refuse(value: number, timeMs: number): false {
    const { count, sinceMs } = this.#outOfRange;
    this.#outOfRange = { count: count + 1, sinceMs: count === 0 ? timeMs : sinceMs, value };
    return false;
  }

  #learn(value: number, timeMs: number): true {
    this.#learner.push(value, timeMs);
    this.#run.push(value, timeMs);
    this.#endLearning();
    return true;
  }

  #endLearning(): void {
    const { profile, learnForMs, windowMs } = this.#options;
    this.#isLearned = isLearned(profile, learnForMs);
    if (!this.#isLearned) return;
    this.#mayWithhold = windowMs * profile.samples >= WITHHOLDING_SAMPLES_MIN * profile.learnedMs;
    this.#isLive = isLive(profile);
    this.#isFine = this.#isLive && isFine(profile);
    const width = (profile.max ?? 0) - (profile.min ?? 0);
    const reach = this.#isLive ? profile.excursion : Math.max(profile.excursion, width);
    this.#spikes = new Spikes(reach > 0 ? reach : Number.POSITIVE_INFINITY);
  }

  #outOfRangeFault(): ChannelFault | undefined {
    const { count, sinceMs, value } = this.#outOfRange;
    if (count < OUT_OF_RANGE_MIN) return undefined;
    const [min, max] = this.#options.range;
    if (!Number.isFinite(value)) return { fault: 'out-of-range', sinceMs };
    const passed = value < min ? { min } : value > max ? { max } : {};
    return { fault: 'out-of-range', sinceMs, value, ...passed };
  }

  #silence(nowMs: number): ChannelFault | undefined {
    const { holdMs, profile } = this.#options;
    const silenceMsMax = Math.max(DROPPED_HOLDS * holdMs, DROPPED_SILENCES * profile.silenceMs);
    const isSilent = this.#isLearned && nowMs - this.#latestMs > silenceMsMax;
    if (!isSilent) return undefined;
    const value = this.#latest;
    return { fault: 'dropped-out', sinceMs: this.#latestMs, value, normalMs: profile.silenceMs };
  }

  get #mayBeStuck(): boolean {
    return this.#isLearned && this.#isLive && !this.#options.profile.rests.includes(this.#run.value);
  }

  #stuck(): ChannelFault | undefined {
    const { profile, holdMs, range } = this.#options;
    const { value, sinceMs, count, durationMs } = this.#run;
    const isLong =
      count >= Math.max(STUCK_SAMPLES_MIN, STUCK_RUNS * profile.runSamples) && durationMs >= holdMs;
    if (!isLong || !this.#mayBeStuck) return undefined;
    const [min, max] = range;
    if (value === min) return { fault: 'saturated', sinceMs, value, min };
    if (value === max) return { fault: 'saturated', sinceMs, value, max };
    if (value === this.#rail) return { fault: 'saturated', sinceMs, value };
    return { fault: 'stuck', sinceMs, value, normalMs: profile.runMs };
  }

  #spiking(nowMs: number): ChannelFault | undefined {
    const spikes = this.#spikes.enough(nowMs, SPIKE_WINDOWS * this.#options.windowMs);
    const [first, last] = [spikes?.[0], spikes?.at(-1)];
    if (spikes === undefined || first === undefined || last === undefined) return undefined;
    const withinMs = last.timeMs - first.timeMs;
    return { fault: 'spiking', sinceMs: first.timeMs, value: last.value, count: spikes.length, withinMs };
  }

  /** A value that the channel came back from alive was a rest that the learning had not shown. */
  #followRun(value: number, timeMs: number): void {
    const before = this.#stuck()?.fault === 'stuck' ? this.#run.value : undefined;
    this.#run.push(value, timeMs);
    const { profile } = this.#options;
    if (before === undefined || before === value || !isWithin(before, profile)) return;
    profile.rests = [...profile.rests.slice(1 - RESTS_MAX), before];
  }

  /**
   * A sensor that gave more while it was learned has no limit there. Exactly 0 is none either: it is how much there is
   * when there is nothing.
   */
  #followExtremes(value: number, timeMs: number): void {
    const block = this.#extremes.push(value, timeMs);
    if (block === undefined) return;
    const { value: extreme, count, entries, repeats, sinceMs } = block;
    const isOften = count >= CLIPPED_MIN && entries >= CLIPPED_ENTRIES_MIN && repeats <= REPEATS_MAX;
    const isClipped = isOften && extreme !== 0 && !isWithin(extreme, this.#options.profile);
    if (isClipped) this.#rail = extreme;
    this.#clipped = isClipped ? { fault: 'saturated', sinceMs, value: extreme, count } : undefined;
  }
}
