import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { RECORDED_TIME_SIZE, readRecordedMs } from '../../src/decode/mavlink/recorded-time.ts';

/** One packet of a telemetry log. */
export interface LoggedPacket {
  /** Since the first one. */
  readonly atMs: number;
  readonly bytes: Uint8Array;
  /** What the autopilot says in its heartbeat; undefined in other messages. */
  readonly isArmed: boolean | undefined;
}

/** A log of MAVLink 1, whole and without noise: the time, then the packet. */
export function readTelemetryLog(path: string): readonly LoggedPacket[] {
  const log = readFileSync(path);
  const packets: LoggedPacket[] = [];
  let firstMs: number | undefined;
  for (let start = 0; start < log.length; ) {
    const ms = readRecordedMs(log, start);
    const begin = start + RECORDED_TIME_SIZE;
    if (ms === undefined || log[begin] !== 0xfe) throw new Error(`${path}: no packet at ${start}`);
    firstMs ??= ms;
    const bytes = log.subarray(begin, begin + 8 + (log[begin + 1] ?? 0));
    packets.push({ atMs: ms - firstMs, bytes, isArmed: armedIn(bytes) });
    start = begin + bytes.length;
  }
  return packets;
}

/** Message id 0; its base mode is behind six bytes of the header and six of the payload. */
function armedIn(packet: Uint8Array): boolean | undefined {
  return packet[5] === 0 ? ((packet[12] ?? 0) & 0x80) !== 0 : undefined;
}

/**
 * Plays a log as it was recorded: each packet when its time has come, never earlier.
 * @returns how late the latest packet was; the vehicle seems to take so much longer for what it does
 */
export async function playAtItsRate(
  packets: readonly LoggedPacket[],
  write: (packet: LoggedPacket) => void,
  signal: AbortSignal,
): Promise<number> {
  const startedMs = performance.now();
  let latestMs = 0;
  for (const packet of packets) {
    const aheadMs = () => startedMs + packet.atMs - performance.now();
    if (aheadMs() > 1) await sleep(aheadMs());
    if (signal.aborted) break;
    latestMs = Math.max(latestMs, -aheadMs());
    write(packet);
  }
  return latestMs;
}
