import type { FlightChannelName } from '../../values/flight-channels.ts';
import type { FlightSample, LimitFinding } from '../../values/flight-finding.ts';
import { Airborne } from './airborne.ts';
import { LatestValues } from './latest-values.ts';
import { type LimitContext, type LimitRule, PUBLISHED_LIMITS } from './published-limits.ts';

/** One channel under one rule. */
interface Watched {
  readonly rule: LimitRule;
  readonly channel: FlightChannelName;
  /** Since when it is on the other side of the limit than the finding says; undefined while it is not. */
  changingMs: number | undefined;
  /** When it passed the limit; undefined while there is no finding. */
  openedMs: number | undefined;
  worst: number;
}

export interface LimitWatchOptions {
  /** Cells of the battery in series, for autopilots that measure the whole battery only. */
  readonly cells?: number;
}

/** Compares each sample with the published limits. A finding opens and closes when its value stays on the other side. */
export class LimitWatch implements LimitContext {
  readonly cells: number;
  readonly #airborne = new Airborne();
  readonly #latest: LatestValues<FlightChannelName>;
  readonly #watched = new Map<string, Watched[]>();
  #isAirborne = false;
  #clipsAtTakeOff = Number.NaN;

  constructor(
    { cells = Number.NaN }: LimitWatchOptions = {},
    rules: readonly LimitRule[] = PUBLISHED_LIMITS,
  ) {
    this.cells = cells;
    for (const rule of rules)
      for (const channel of rule.channels) {
        const watched = { rule, channel, changingMs: undefined, openedMs: undefined, worst: Number.NaN };
        this.#watched.set(channel, [...(this.#watched.get(channel) ?? []), watched]);
      }
    const demands = ['attitude.rollDemand', 'attitude.pitchDemand'] as const;
    this.#latest = new LatestValues([...rules.flatMap(({ channels }) => channels), ...demands]);
  }

  get clipsAtTakeOff(): number {
    return this.#clipsAtTakeOff;
  }

  readonly get = (channel: FlightChannelName): number => this.#latest.get(channel);

  push(sample: FlightSample): readonly LimitFinding[] {
    this.#latest.take(sample);
    const isAirborne = this.#airborne.push(sample);
    if (isAirborne && Number.isNaN(this.#clipsAtTakeOff)) this.#clipsAtTakeOff = this.get('vibration.clips');
    if (this.#airborne.isLanded) this.#clipsAtTakeOff = Number.NaN;
    this.#isAirborne = isAirborne;
    return sample.names.flatMap((name) =>
      (this.#watched.get(name) ?? []).flatMap((watched) => this.#follow(watched, sample.timeMs)),
    );
  }

  #follow(watched: Watched, timeMs: number): readonly LimitFinding[] {
    const { rule, channel } = watched;
    const value = rule.value?.(channel, this) ?? this.get(channel);
    if (Number.isNaN(value)) return [];
    const isBeyond = (!rule.isInFlight || this.#isAirborne) && isBeyondLimit(value, rule);
    if (isBeyond) watched.worst = worseOf(watched.worst, value, rule);
    if (isBeyond === (watched.openedMs !== undefined)) {
      watched.changingMs = undefined;
      if (!isBeyond) watched.worst = Number.NaN;
      return [];
    }
    watched.changingMs ??= timeMs;
    if (timeMs - watched.changingMs < rule.holdMs) return [];
    return [isBeyond ? open(watched, value, timeMs) : close(watched, value, timeMs)];
  }
}

function open(watched: Watched, value: number, timeMs: number): LimitFinding {
  watched.openedMs = watched.changingMs ?? timeMs;
  watched.changingMs = undefined;
  return findingOf(watched, { event: 'opened', value, timeMs, sinceMs: watched.openedMs });
}

function close(watched: Watched, value: number, timeMs: number): LimitFinding {
  const finding = findingOf(watched, { event: 'closed', value, timeMs, sinceMs: watched.openedMs ?? timeMs });
  watched.openedMs = undefined;
  watched.changingMs = undefined;
  watched.worst = Number.NaN;
  return finding;
}

function findingOf(
  { rule: { rule, severity, unit, direction, limit, source }, channel, worst }: Watched,
  what: Pick<LimitFinding, 'event' | 'value' | 'timeMs' | 'sinceMs'>,
): LimitFinding {
  return { kind: 'limit', rule, severity, channel, unit, direction, limit, source, worst, ...what };
}

function isBeyondLimit(value: number, { direction, limit }: LimitRule): boolean {
  return direction === 'above' ? value > limit : value < limit;
}

function worseOf(worst: number, value: number, { direction }: LimitRule): number {
  if (Number.isNaN(worst)) return value;
  return direction === 'above' ? Math.max(worst, value) : Math.min(worst, value);
}
