import type { SourceConfig } from './config/schema.ts';
import type { Sample } from './values/sample.ts';

/** Gives the samples of one source their place on the timeline of the windows. */
export type SampleTime = (sample: Sample) => number;

/** A device clock that falls back by more was restarted or set; samples of one device overtake each other by less. */
const SETBACK_MS_MAX = 1000;

/** The least delay is that of the last one or two such spans, so that a clock that runs slow is followed. */
const SPAN_MS = 10_000;

/**
 * `arrival`: when the bytes came. `device`: the device's own time, tied to the arrival of the sample that came with the
 * least delay of late, since none arrives before it was taken. So the jitter of the link does not show, nor does what
 * waited in a buffer until the link was opened. Samples without a time fall back to their arrival.
 */
export function liveTime(choice: SourceConfig['time']): SampleTime {
  return choice === 'arrival' ? ({ monoMs }) => monoMs : deviceTime();
}

function deviceTime(): SampleTime {
  let latestMs = Number.NEGATIVE_INFINITY;
  let spanStartMs = Number.NEGATIVE_INFINITY;
  let [leastMs, leastBeforeMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  return ({ monoMs, deviceMs }) => {
    if (deviceMs === undefined) return monoMs;
    const isSetBack = deviceMs < latestMs - SETBACK_MS_MAX;
    const spanMs = monoMs - spanStartMs;
    if (isSetBack || spanMs >= SPAN_MS) {
      leastBeforeMs = isSetBack || spanMs >= 2 * SPAN_MS ? Number.POSITIVE_INFINITY : leastMs;
      leastMs = Number.POSITIVE_INFINITY;
      spanStartMs = monoMs;
    }
    latestMs = isSetBack ? deviceMs : Math.max(latestMs, deviceMs);
    leastMs = Math.min(leastMs, monoMs - deviceMs);
    return deviceMs + Math.min(leastMs, leastBeforeMs);
  };
}

/** In a replay the recording's own time is the time. */
export const recordedTime: SampleTime = ({ monoMs, deviceMs }) => deviceMs ?? monoMs;
