import type { Clock } from '../system/clock.ts';
import type { Lane } from '../values/lane.ts';
import type { Stamp } from '../values/stamp.ts';

/** How old a report of a lane may become, in milliseconds; a lane that is missing keeps its reports for ever. */
export type LifetimesMs = { readonly [lane in Lane]?: number | undefined };

/** Largest Message Expiry Interval in seconds (MQTT 5 section 3.3.2.3.3). */
const EXPIRY_S_MAX = 0xffff_ffff;

/**
 * Milliseconds that a report of this lane has left, negative when it is too old; infinite when it never expires.
 */
export function remainingMs({ lane, stamp }: Dated, lifetimesMs: LifetimesMs, clock: Clock): number {
  const lifetimeMs = lifetimesMs[lane];
  if (lifetimeMs === undefined) return Number.POSITIVE_INFINITY;
  return lifetimeMs - ageMs(stamp, clock.stampAt(clock.monoMs()));
}

/** The Message Expiry Interval for what is left; undefined for a message that never expires. */
export function expiryIntervalS(leftMs: number): number | undefined {
  if (leftMs === Number.POSITIVE_INFINITY) return undefined;
  return Math.min(EXPIRY_S_MAX, Math.max(1, Math.ceil(leftMs / 1000)));
}

/**
 * How old something is at least. Across boots only right clocks can tell how long the device was off; otherwise it is as
 * old as this boot, so that a wrong clock makes nothing expire. What was made before the boots were counted, which is
 * boot 0, may be of this one.
 */
export function ageMs(made: Stamp, now: Stamp): number {
  if (made.boot === now.boot) return Math.max(0, now.monoMs - made.monoMs);
  const sinceBootMs = made.boot !== 0 && made.boot < now.boot ? now.monoMs : 0;
  return isRight(made) && isRight(now) ? Math.max(sinceBootMs, now.wallMs - made.wallMs) : sinceBootMs;
}

interface Dated {
  readonly lane: Lane;
  readonly stamp: Stamp;
}

function isRight({ clock }: Stamp): boolean {
  return clock === 'synced' || clock === 'gnss';
}
