import { existsSync } from 'node:fs';
import type { Stamp } from '../values/stamp.ts';

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
const BUILD_FLOOR_MS = Date.UTC(2026, 10, 1);

/** systemd-timesyncd touches this file once it has synchronised (systemd-timesyncd.service(8)). */
const TIMESYNC_FILE = '/run/systemd/timesync/synchronized';

/** Error that is claimed for a clock the operating system calls synchronised. */
const SYNCED_ERROR_MS = 1000;

/**
 * The live clock. CLOCK_MONOTONIC counts from boot, so times of one boot stay comparable across restarts of
 * the daemon.
 * @param boot number of this boot, from the store; 0 while there is no store to count it
 */
export function systemClock(boot: () => number): Clock {
  const monoMs = () => Number(process.hrtime.bigint() / 1000n) / 1000;
  return {
    monoMs,
    wallMs: () => Date.now(),
    stampAt(atMs) {
      const wallMs = Math.round(Date.now() - (monoMs() - atMs));
      const isSynced = existsSync(TIMESYNC_FILE);
      if (isSynced) return { boot: boot(), monoMs: atMs, wallMs, clock: 'synced', errorMs: SYNCED_ERROR_MS };
      const clock = wallMs < BUILD_FLOOR_MS ? 'unknown' : 'floor';
      return { boot: boot(), monoMs: atMs, wallMs, clock, errorMs: null };
    },
  };
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
