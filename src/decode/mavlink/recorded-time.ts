/** The time before each packet of a .tlog: microseconds since 1970, 8 bytes, big-endian. */
export const RECORDED_TIME_SIZE = 8;

/** 2001 to 2100; or, where the recorder had no clock, the first month since it was started. */
const WALL_MS = { earliest: 978_307_200_000, end: 4_102_444_800_000 } as const;
const RUNNING_MS_MAX = 31 * 86_400_000;

/** @returns milliseconds since 1970 or since the start of the recorder; undefined when these bytes can be neither */
export function readRecordedMs(bytes: Uint8Array, start: number): number | undefined {
  let microseconds = 0;
  for (let at = start; at < start + RECORDED_TIME_SIZE; at++)
    microseconds = microseconds * 256 + (bytes[at] as number);
  const ms = microseconds / 1000;
  return ms <= RUNNING_MS_MAX || (ms >= WALL_MS.earliest && ms < WALL_MS.end) ? ms : undefined;
}
