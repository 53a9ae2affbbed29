import type { SourceConfig } from './config/schema.ts';
import type { Sample } from './values/sample.ts';

/** Gives the samples of one source their place on the timeline of the windows. */
export type SampleTime = (sample: Sample) => number;

/** A device clock that is so far off its own beginning was restarted or set; it is tied to the arrival anew. */
const DRIFT_MS_MAX = 60_000;

/**
 * `arrival`: when the bytes came. `device`: the device's own time, tied to the arrival of its first sample, so that
 * the jitter of the link does not show; samples without a time fall back to their arrival.
 */
export function liveTime(choice: SourceConfig['time']): SampleTime {
  if (choice === 'arrival') return ({ monoMs }) => monoMs;
  let offsetMs: number | undefined;
  return ({ monoMs, deviceMs }) => {
    if (deviceMs === undefined) return monoMs;
    const isTied = offsetMs !== undefined && Math.abs(deviceMs + offsetMs - monoMs) <= DRIFT_MS_MAX;
    if (!isTied) offsetMs = monoMs - deviceMs;
    return deviceMs + (offsetMs ?? 0);
  };
}

/** In a replay the recording's own time is the time. */
export const recordedTime: SampleTime = ({ monoMs, deviceMs }) => deviceMs ?? monoMs;
