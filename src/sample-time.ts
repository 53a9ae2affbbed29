import type { SourceConfig } from './config/schema.ts';
import type { Sample } from './values/sample.ts';

/** Gives the samples of one source their place on the timeline of the windows. */
export type SampleTime = (sample: Sample) => number;

/** A device clock that falls back by more was restarted or set; samples of one device overtake each other by less. */
const SETBACK_MS_MAX = 1000;

/** The least delay is that of the last one or two such spans, so that a clock that runs slow is followed. */
const SPAN_MS = 10_000;

/**
 * Within this much the least delay may change and no sample moves: USB adapters alone hold bytes back for up to 16 ms, and
 * the first sample of all is commonly the slowest.
 */
const SLACK_MS = 20;

/**
 * `arrival`: when the bytes came. `device`: the device's own time, tied to the arrival of the sample that came with the
 * least delay of late, since none arrives before it was taken; to `SLACK_MS`. So the jitter of the link does not show, nor
 * does what waited in a buffer until the link was opened. Samples without a time fall back to their arrival.
 */
export function liveTime(choice: SourceConfig['time']): SampleTime {
  return choice === 'arrival' ? ({ monoMs }) => monoMs : deviceTime();
}

function deviceTime(): SampleTime {
  const leastDelay = leastDelayOf();
  let latest = { deviceMs: Number.NEGATIVE_INFINITY, monoMs: Number.NaN };
  let [delayMs, isBacklog] = [Number.POSITIVE_INFINITY, true];
  return ({ monoMs, deviceMs }) => {
    if (deviceMs === undefined) return monoMs;
    const isSetBack = deviceMs < latest.deviceMs - SETBACK_MS_MAX;
    const leastMs = leastDelay(monoMs, monoMs - deviceMs, isSetBack);
    // What waited comes at once, each sample with less delay than the one before; the same sample may be asked about again.
    isBacklog = (isSetBack || isBacklog) && leastMs === monoMs - deviceMs;
    const isWaiting = isBacklog && monoMs === latest.monoMs && deviceMs > latest.deviceMs;
    if (isSetBack || isWaiting || Math.abs(delayMs - leastMs) > SLACK_MS) delayMs = leastMs;
    latest = { deviceMs: isSetBack ? deviceMs : Math.max(latest.deviceMs, deviceMs), monoMs };
    return deviceMs + delayMs;
  };
}

/** The least delay of late. */
function leastDelayOf(): (monoMs: number, delayMs: number, isNew: boolean) => number {
  let spanStartMs = Number.NEGATIVE_INFINITY;
  let [leastMs, leastBeforeMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  return (monoMs, delayMs, isNew) => {
    const spanMs = monoMs - spanStartMs;
    if (isNew || spanMs >= SPAN_MS) {
      leastBeforeMs = isNew || spanMs >= 2 * SPAN_MS ? Number.POSITIVE_INFINITY : leastMs;
      leastMs = Number.POSITIVE_INFINITY;
      spanStartMs = monoMs;
    }
    leastMs = Math.min(leastMs, delayMs);
    return Math.min(leastMs, leastBeforeMs);
  };
}

/** In a replay the recording's own time is the time. */
export const recordedTime: SampleTime = ({ monoMs, deviceMs }) => deviceMs ?? monoMs;
