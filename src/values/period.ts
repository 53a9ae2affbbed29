import type { Stamp } from './stamp.ts';

/** A stretch of time, both ends included. */
export interface Period {
  readonly from: Stamp;
  readonly to: Stamp;
}

/**
 * Milliseconds from one moment to another, negative when that was before: exact within a boot, otherwise by the wall
 * clocks. Where one of them knows nothing, or nobody has set it and it denies the order of the boots, that order is known
 * at least, as ±Infinity. Undefined when not even that is: boot 0 is one that nobody counted.
 */
export function offsetMs(from: Stamp, to: Stamp): number | undefined {
  if (from.boot === to.boot && from.boot !== 0) return to.monoMs - from.monoMs;
  const isCounted = from.boot !== 0 && to.boot !== 0;
  const isUnset = from.clock === 'floor' || to.clock === 'floor';
  const isDenied = isCounted && isUnset && to.wallMs > from.wallMs !== to.boot > from.boot;
  if (from.clock !== 'unknown' && to.clock !== 'unknown' && !isDenied) return to.wallMs - from.wallMs;
  if (!isCounted) return undefined;
  return to.boot > from.boot ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}

/**
 * How much of one stretch of time lies in another, ≥ 0; undefined when nobody knows. Something without an end lasts
 * for ever: its share may be infinite.
 */
export function overlapMs(
  { from, to }: { readonly from: Stamp; readonly to: Stamp | null },
  period: Period,
): number | undefined {
  const lengthMs = to === null ? Number.POSITIVE_INFINITY : offsetMs(from, to);
  const [beginMs, endMs] = [offsetMs(from, period.from), offsetMs(from, period.to)];
  if (lengthMs === undefined || beginMs === undefined || endMs === undefined) return undefined;
  if (beginMs === Number.POSITIVE_INFINITY) return 0;
  return Math.max(0, Math.min(lengthMs, endMs) - Math.max(0, beginMs));
}

/** Whether two stretches of time touch; undefined when nobody knows. */
export function touches(
  { from, to }: { readonly from: Stamp; readonly to: Stamp | null },
  period: Period,
): boolean | undefined {
  const untilEndMs = offsetMs(from, period.to);
  const sinceBeginMs = to === null ? Number.POSITIVE_INFINITY : offsetMs(period.from, to);
  if ((untilEndMs ?? 0) < 0 || (sinceBeginMs ?? 0) < 0) return false;
  return untilEndMs === undefined || sinceBeginMs === undefined ? undefined : true;
}
