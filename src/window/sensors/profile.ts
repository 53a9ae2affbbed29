import { z } from 'zod';
import { Extremes } from './extremes.ts';
import { Run } from './run.ts';

/**
 * What the values of a healthy channel do, as the time of learning has shown it. Only sums and extremes, so that it
 * takes the same few numbers after a minute and after a year.
 */
export const channelProfileSchema = z.strictObject({
  /** Time and samples that it was learned from. */
  learnedMs: z.number().min(0),
  samples: z.int().min(0),
  min: z.number().nullable(),
  max: z.number().nullable(),
  /** Longest time without a value. */
  silenceMs: z.number().min(0),
  /** Samples that differ from the one before, and those of them that go the other way. */
  changes: z.int().min(0),
  turns: z.int().min(0),
  /** Longest run of one value, in samples and time; rests do not count. */
  runSamples: z.int().min(0),
  runMs: z.number().min(0),
  /** Values at which it stays, such as 0 of a machine that stands still, and the samples spent there. */
  rests: z.array(z.number()).max(8),
  restSamples: z.int().min(0),
  /** The furthest that a single sample was off the one before and the one after it. */
  excursion: z.number().min(0),
  /** The most that exactly the same extreme was had in a block, see Extremes. */
  extremes: z.int().min(0),
});

export type ChannelProfile = z.output<typeof channelProfileSchema>;

/** A channel with more rests is calm by nature. */
export const RESTS_MAX = 8;
/** So many equal samples in a row are a rest. */
const REST_SAMPLES = 50;
/** Exactly 0 is how much there is when there is nothing: fewer make it a rest. */
const ZERO_REST_SAMPLES = 2;
/** Fewer samples show nothing, however long they took. */
const SAMPLES_MIN = 100;
/** A channel lives when so much of its samples, rests apart, differ from the one before… */
const CHANGES_SHARE_MIN = 0.2;
/** …and so much of these go the other way: it has a noise of its own, above its resolution. */
const TURNS_SHARE_MIN = 0.3;

/** A channel is fine when so much of its samples differ from the one before, and extremes are no more often than that. */
const FINE_CHANGES_SHARE_MIN = 0.9;
const FINE_EXTREMES_MAX = 4;

export function newProfile(): ChannelProfile {
  return {
    ...{ learnedMs: 0, samples: 0, min: null, max: null, silenceMs: 0, changes: 0, turns: 0 },
    ...{ runSamples: 0, runMs: 0, rests: [], restSamples: 0, excursion: 0, extremes: 0 },
  };
}

/** Whether a value lies between those that were learned. */
export function isWithin(value: number, { min, max }: ChannelProfile): boolean {
  return min !== null && max !== null && value > min && value < max;
}

/** Whether it was learned for long enough. */
export function isLearned({ learnedMs, samples }: ChannelProfile, learnForMs: number): boolean {
  return learnedMs >= learnForMs && samples >= SAMPLES_MIN;
}

/**
 * Whether the channel never holds still while it works, so that a value which repeats says something. Setpoints,
 * switches, counters and quantities that are calm by nature do not live.
 */
export function isLive({ samples, restSamples, changes, turns, rests }: ChannelProfile): boolean {
  const isMoving = changes >= CHANGES_SHARE_MIN * (samples - restSamples);
  return isMoving && turns > 0 && turns >= TURNS_SHARE_MIN * changes && rests.length < RESTS_MAX;
}

/**
 * Whether nearly no value ever repeats and the extremes of the channel are as rare: only then an extreme that repeats
 * says something. A signal of few steps has them all the time.
 */
export function isFine({ samples, restSamples, changes, extremes }: ChannelProfile): boolean {
  return changes >= FINE_CHANGES_SHARE_MIN * (samples - restSamples) && extremes <= FINE_EXTREMES_MAX;
}

/** Learns the profile of one channel, sample by sample. */
export class ProfileLearner {
  readonly #profile: ChannelProfile;
  readonly #gapMs: number;
  readonly #run = new Run();
  readonly #extremes = new Extremes();
  #latest = Number.NaN;
  #step = 0;

  /** @param gapMs after so long without a value something was wrong, and nothing is learned from it */
  constructor(profile: ChannelProfile, gapMs: number) {
    this.#profile = profile;
    this.#gapMs = gapMs;
  }

  push(value: number, timeMs: number): ChannelProfile {
    const profile = this.#profile;
    const sinceMs = timeMs - this.#run.latestMs;
    const elapsedMs = sinceMs >= 0 && sinceMs <= this.#gapMs ? sinceMs : 0;
    profile.samples += 1;
    profile.learnedMs += elapsedMs;
    profile.silenceMs = Math.max(profile.silenceMs, elapsedMs);
    profile.min = Math.min(profile.min ?? value, value);
    profile.max = Math.max(profile.max ?? value, value);
    this.#pushStep(value);
    this.#pushRun(value, timeMs);
    profile.extremes = Math.max(profile.extremes, this.#extremes.push(value, timeMs)?.count ?? 0);
    return profile;
  }

  #pushStep(value: number): void {
    const step = Number.isNaN(this.#latest) ? 0 : value - this.#latest;
    const isTurn = step * this.#step < 0;
    if (isTurn) this.#profile.turns += 1;
    if (step !== 0) this.#profile.changes += 1;
    const excursion = isTurn ? Math.min(Math.abs(step), Math.abs(this.#step)) : 0;
    this.#profile.excursion = Math.max(this.#profile.excursion, excursion);
    this.#latest = value;
    this.#step = step;
  }

  #pushRun(value: number, timeMs: number): void {
    const profile = this.#profile;
    const ended = this.#run.push(value, timeMs);
    if (ended !== undefined && !profile.rests.includes(ended.value)) {
      profile.runSamples = Math.max(profile.runSamples, ended.count);
      profile.runMs = Math.max(profile.runMs, ended.durationMs);
    }
    const samplesMin = value === 0 ? ZERO_REST_SAMPLES : REST_SAMPLES;
    if (this.#run.count < samplesMin) return;
    profile.restSamples += this.#run.count === samplesMin ? samplesMin : 1;
    const isNew = !profile.rests.includes(value) && profile.rests.length < RESTS_MAX;
    if (isNew) profile.rests = [...profile.rests, value];
  }
}
