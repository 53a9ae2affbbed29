/**
 * The time of day from satellites, for a board that has neither a network nor a clock with a battery. One telling proves
 * nothing: receivers speak of 1980 before they know better, are out by the leap seconds for their first minutes, and after
 * 1024 weeks begin to count anew. So a time is believed only after several tellings of one source that agree, and only if
 * this program can live in it.
 *
 * The sum is an offset, wall time minus monotonic time. A telling is never early, so of those that agree the greatest
 * offset is the least late one, and the true one lies no more than its error above.
 */

/** What a device told; `TimeOfDay` is one. */
export interface ToldTime {
  readonly source: string;
  readonly monoMs: number;
  readonly wallMs: number;
  readonly errorMs: number;
}

/** Wall time of a moment, and the half-width of the interval that holds the true one. */
export interface KnownTime {
  readonly wallMs: number;
  readonly errorMs: number;
}

/** What became of a telling. `set` and `moved` are for the log: the clock was not known before, or was another. */
export type Hearing =
  | { readonly kind: 'set' | 'moved'; readonly by: number; readonly rolledOver: boolean }
  | { readonly kind: 'kept' | 'waiting' }
  | { readonly kind: 'refused'; readonly reason: 'implausible' | 'out of order' };

/** Tellings that must agree, one after the other, and the time that they must span. */
const AGREEING_MIN = 5;
const SPAN_MS_MIN = 3000;
/** To move a clock that was believed before takes more: leap seconds that the receiver learns, or a forger. */
const MOVE_AGREEING_MIN = 30;
const MOVE_SPAN_MS_MIN = 30_000;
/** Quartz drifts by less, over the temperatures that a board survives. */
const DRIFT_MAX = 1e-4;
/** No device on a serial line is later; one that claims less than a millisecond does not know its line. */
const ERROR_MS = { least: 1, greatest: 2000 } as const;
/** Tellings that the least late one is sought among. */
const RECENT_MAX = 16;
/** The week number of GPS has ten bits. */
const ROLL_OVER_MS = 1024 * 7 * 86_400_000;
const ROLL_OVERS_MAX = 2;
/** Nobody runs this program for longer after it was built. More would let the birthdays of receivers pass (1980, 2000). */
const LIFETIME_MS = 10 * 365.25 * 86_400_000;

/** Offsets of one source that agree, one after the other. */
interface Run {
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly count: number;
  readonly recent: readonly Offset[];
}

interface Offset {
  readonly monoMs: number;
  readonly offsetMs: number;
  readonly errorMs: number;
}

export class GnssTime {
  readonly #floorMs: number;
  readonly #runs = new Map<string, Run>();
  #known: (Offset & { readonly source: string }) | undefined;

  /** @param floorMs Unix milliseconds before which this program cannot be running */
  constructor(floorMs: number) {
    this.#floorMs = floorMs;
  }

  /** Takes what a device told. Tellings of one source come in order; one that does not is refused. */
  hear({ source, monoMs, wallMs, errorMs }: ToldTime): Hearing {
    const rolledMs = this.#unrolled(wallMs);
    if (rolledMs === undefined || !Number.isFinite(monoMs)) return { kind: 'refused', reason: 'implausible' };
    const before = this.#runs.get(source);
    if (before !== undefined && monoMs <= before.lastMs) return { kind: 'refused', reason: 'out of order' };
    const boundedMs = Math.min(Math.max(errorMs, ERROR_MS.least), ERROR_MS.greatest);
    const offset = { monoMs, offsetMs: rolledMs - monoMs, errorMs: boundedMs };
    const run = longer(before, offset);
    this.#runs.set(source, run);
    return this.#settle(source, run, rolledMs !== wallMs);
  }

  /** The time of a moment of this boot, or undefined while none was believed. The error grows with the distance. */
  at(monoMs: number): KnownTime | undefined {
    if (this.#known === undefined) return undefined;
    const { offsetMs, errorMs, monoMs: knownMs } = this.#known;
    // The truth lies between the offset and the error above it; the middle halves the bound.
    const halfMs = errorMs / 2;
    return {
      wallMs: monoMs + offsetMs + halfMs,
      errorMs: halfMs + Math.abs(monoMs - knownMs) * DRIFT_MAX,
    };
  }

  #settle(source: string, run: Run, rolledOver: boolean): Hearing {
    const best = leastLate(run.recent);
    const spanMs = run.lastMs - run.sinceMs;
    const known = this.at(run.lastMs);
    if (known === undefined) {
      if (run.count < AGREEING_MIN || spanMs < SPAN_MS_MIN) return { kind: 'waiting' };
      this.#known = { ...best, source };
      return { kind: 'set', by: 0, rolledOver };
    }
    const by = run.lastMs + best.offsetMs + best.errorMs / 2 - known.wallMs;
    if (Math.abs(by) <= known.errorMs + best.errorMs / 2) {
      // A second receiver is of use only where it knows better than the first one's drift.
      const isBetter = source === this.#known?.source || best.errorMs / 2 < known.errorMs;
      if (run.count >= AGREEING_MIN && isBetter) this.#known = { ...best, source };
      return { kind: 'kept' };
    }
    if (run.count < MOVE_AGREEING_MIN || spanMs < MOVE_SPAN_MS_MIN) return { kind: 'waiting' };
    this.#known = { ...best, source };
    return { kind: 'moved', by, rolledOver };
  }

  /** A date of before this program was built can be one whose weeks were counted anew. */
  #unrolled(wallMs: number): number | undefined {
    for (let times = 0; times <= ROLL_OVERS_MAX; times++) {
      const candidateMs = wallMs + times * ROLL_OVER_MS;
      if (candidateMs >= this.#floorMs)
        return candidateMs <= this.#floorMs + LIFETIME_MS ? candidateMs : undefined;
    }
    return undefined;
  }
}

/** The run with one more offset, or one that begins with it where it does not agree. */
function longer(run: Run | undefined, offset: Offset): Run {
  const last = run?.recent.at(-1);
  const { monoMs } = offset;
  if (run === undefined || last === undefined || !agree(last, offset))
    return { sinceMs: monoMs, lastMs: monoMs, count: 1, recent: [offset] };
  const recent = [...run.recent, offset].slice(-RECENT_MAX);
  return { sinceMs: run.sinceMs, lastMs: monoMs, count: run.count + 1, recent };
}

function agree(a: Offset, b: Offset): boolean {
  const driftMs = Math.abs(b.monoMs - a.monoMs) * DRIFT_MAX;
  return Math.abs(a.offsetMs - b.offsetMs) <= Math.max(a.errorMs, b.errorMs) + driftMs;
}

function leastLate(offsets: readonly Offset[]): Offset {
  return offsets.reduce((best, offset) => (offset.offsetMs >= best.offsetMs ? offset : best));
}
