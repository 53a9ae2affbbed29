import { existsSync } from 'node:fs';
import type { Stamp } from '../values/stamp.ts';
import type { KnownTime } from './gnss-time.ts';

/** Time as the agent sees it; replays and tests pass their own. */
export interface Clock {
  /** Milliseconds on a timeline that never jumps. Live: since boot of the device. */
  monoMs(): number;
  /** Unix milliseconds, which may jump. */
  wallMs(): number;
  /** The full time of a moment on the monotonic timeline. */
  stampAt(monoMs: number): Stamp;
}

/** Earliest wall time that this program can live in; an earlier clock is certainly wrong. */
export const BUILD_FLOOR_MS = Date.UTC(2026, 10, 1);

/** systemd-timesyncd touches this file once it has synchronised (systemd-timesyncd.service(8)). */
const TIMESYNC_FILE = '/run/systemd/timesync/synchronized';

/** Error that is claimed for a clock the operating system calls synchronised. */
const SYNCED_ERROR_MS = 1000;

export interface TimeSources {
  /** Time from satellites, where a source tells it: `GnssTime.at`. */
  readonly gnss?: (monoMs: number) => KnownTime | undefined;
  /** Whether the operating system says that its clock is right. */
  readonly isSynced?: () => boolean;
}

/**
 * The live clock. CLOCK_MONOTONIC counts from boot, so times of one boot stay comparable across restarts of
 * the daemon. A clock that the operating system calls synchronised is believed before satellites; those before a clock
 * that nobody vouches for.
 * @param boot number of this boot, from the store; 0 while there is no store to count it
 */
export function systemClock(boot: () => number, { gnss, isSynced = isTimesynced }: TimeSources = {}): Clock {
  const monoMs = () => Number(process.hrtime.bigint() / 1000n) / 1000;
  const stampAt = (atMs: number): Stamp => {
    const systemMs = Math.round(Date.now() - (monoMs() - atMs));
    const place = { boot: boot(), monoMs: atMs, wallMs: systemMs };
    if (isSynced()) return { ...place, clock: 'synced', errorMs: SYNCED_ERROR_MS };
    const known = gnss?.(atMs);
    if (known !== undefined)
      return { ...place, wallMs: Math.round(known.wallMs), clock: 'gnss', errorMs: known.errorMs };
    return { ...place, clock: systemMs < BUILD_FLOOR_MS ? 'unknown' : 'floor', errorMs: null };
  };
  return { monoMs, wallMs: () => stampAt(monoMs()).wallMs, stampAt };
}

function isTimesynced(): boolean {
  return existsSync(TIMESYNC_FILE);
}

/** Clock of a replay: the timeline is the recording's own, which counts as set by a person. */
export function recordingClock(): Clock & { advanceTo(ms: number): void } {
  let nowMs = 0;
  return {
    monoMs: () => nowMs,
    wallMs: () => nowMs,
    stampAt: (atMs) => ({ boot: 0, monoMs: atMs, wallMs: Math.round(atMs), clock: 'manual', errorMs: null }),
    advanceTo(ms) {
      nowMs = Math.max(nowMs, ms);
    },
  };
}
