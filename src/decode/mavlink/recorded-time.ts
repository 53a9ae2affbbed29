/** The time before each packet of a .tlog: microseconds since 1970, 8 bytes, big-endian. */
export const RECORDED_TIME_SIZE = 8;

/** 2001 to 2100: what cannot be true is no time, and what comes before no first packet. */
const EARLIEST_MS = 978_307_200_000;
const LATEST_MS = 4_102_444_800_000;

/** @returns Unix milliseconds; undefined when these bytes are no time */
export function readRecordedMs(bytes: Uint8Array, start: number): number | undefined {
  let microseconds = 0;
  for (let at = start; at < start + RECORDED_TIME_SIZE; at++)
    microseconds = microseconds * 256 + (bytes[at] as number);
  const ms = microseconds / 1000;
  return ms >= EARLIEST_MS && ms < LATEST_MS ? ms : undefined;
}
