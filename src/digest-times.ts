import { offsetMs, type Period } from './values/period.ts';
import type { Stamp } from './values/stamp.ts';

/** When digests are due: at times of the local day, or after as much running where nobody knows the time. */

const DAY_MS = 86_400_000;
/** The day before yesterday: a time of yesterday may be missing where clocks go forward. */
const DAYS_BACK_MAX = 2;

export interface DigestTimes {
  /** Times of the local day, `HH:MM`. */
  readonly at: readonly string[];
  readonly now: Stamp;
  /** Until when digests have told. */
  readonly told: Stamp;
  /** When the agent began. */
  readonly began: Stamp;
}

/** The time that a digest is due about, or undefined while none is: each begins where the last one ended. */
export function periodDue({ at, now, told, began }: DigestTimes): Period | undefined {
  if (at.length === 0) return undefined;
  // A board without a clock of its own begins in the past until somebody sets it.
  const isBehind = now.clock === 'floor' && told.clock !== 'unknown' && now.wallMs < told.wallMs;
  if (now.clock === 'unknown' || isBehind) {
    const sinceMs = told.boot === now.boot ? offsetMs(told, now) : offsetMs(began, now);
    return (sinceMs ?? 0) >= DAY_MS / at.length ? { from: told, to: now } : undefined;
  }
  const dueMs = latestTimeMs(at, now.wallMs);
  if (dueMs === undefined) return undefined;
  const to = stampOfWall(dueMs, now);
  const sinceMs = offsetMs(told, to);
  return sinceMs !== undefined && sinceMs > 0 ? { from: told, to } : undefined;
}

/** The latest of these times of the local day that is not after the given moment, in Unix milliseconds. */
export function latestTimeMs(at: readonly string[], wallMs: number): number | undefined {
  const times: number[] = [];
  for (let daysBack = 0; daysBack <= DAYS_BACK_MAX; daysBack++) {
    const day = new Date(wallMs);
    day.setDate(day.getDate() - daysBack);
    for (const time of at) {
      const [hours = 0, minutes = 0] = time.split(':').map(Number);
      times.push(new Date(day.getFullYear(), day.getMonth(), day.getDate(), hours, minutes).getTime());
    }
  }
  const past = times.filter((timeMs) => timeMs <= wallMs);
  return past.length === 0 ? undefined : Math.max(...past);
}

/** A moment of the wall clock as a stamp: of this boot, or of one that nobody counted where it was before. */
export function stampOfWall(wallMs: number, now: Stamp): Stamp {
  const monoMs = now.monoMs - (now.wallMs - wallMs);
  const isOfThisBoot = monoMs >= 0;
  return { ...now, boot: isOfThisBoot ? now.boot : 0, monoMs: isOfThisBoot ? monoMs : 0, wallMs };
}
