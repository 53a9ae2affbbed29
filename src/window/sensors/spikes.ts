/** So many spikes within the time that is watched are a fault of the sensor. */
const SPIKES_MIN = 5;
/** A value is suspect when it is so many times further off than any single value was while the channel was learned… */
const EXCURSIONS_MIN = 3;
/** …and so many times its present noise, which rises when the machine itself is rough. */
const NOISES_MIN = 8;
/** What comes after it is back where it was, but for so much of its way. */
const BACK_SHARE = 1 / 3;
/** Weight of the latest step in the noise. */
const NOISE_WEIGHT = 1 / 32;

interface Spike {
  readonly value: number;
  readonly timeMs: number;
  /** How far it was off the value before it. */
  readonly step: number;
}

/**
 * Single values far off that return at once. A value that is suspect is withheld until the next one says what it was:
 * back where it came from means a spike, anything else a true change, of which one sample is lost.
 */
export class Spikes {
  readonly #reach: number;
  #base = Number.NaN;
  #noise = 0;
  #suspect: Spike | undefined;
  #recent: readonly Spike[] = [];

  /** @param reach furthest that a single value was off its neighbours while it was learned; infinite for no check */
  constructor(reach: number) {
    this.#reach = reach;
  }

  /** The spikes that count, once there are enough within so long. A machine that has become rough takes them back. */
  enough(nowMs: number, withinMs: number): readonly Spike[] | undefined {
    const [first] = this.#recent;
    const isMany = this.#recent.length === SPIKES_MIN && first !== undefined;
    const isIsolated = this.#recent.every(({ step }) => step > NOISES_MIN * this.#noise);
    return isMany && isIsolated && nowMs - first.timeMs <= withinMs ? this.#recent : undefined;
  }

  /** @returns whether the value may be believed for now */
  push(value: number, timeMs: number): boolean {
    const step = Number.isNaN(this.#base) ? 0 : Math.abs(value - this.#base);
    const limit = Math.max(EXCURSIONS_MIN * this.#reach, NOISES_MIN * this.#noise);
    const isFar = step > limit;
    const suspect = this.#suspect;
    this.#noise += NOISE_WEIGHT * (Math.min(step, 2 * limit) - this.#noise);
    this.#suspect = isFar && suspect === undefined ? { value, timeMs, step } : undefined;
    if (this.#suspect !== undefined) return false;
    if (suspect !== undefined && step < BACK_SHARE * suspect.step) this.#add(suspect);
    this.#base = value;
    return true;
  }

  /** A value that cannot be true counts as a spike as well, however far it is. */
  addImpossible(value: number, timeMs: number): void {
    this.#add({ value, timeMs, step: Number.POSITIVE_INFINITY });
  }

  #add(spike: Spike): void {
    this.#recent = [...this.#recent.slice(1 - SPIKES_MIN), spike];
  }
}
