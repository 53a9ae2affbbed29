import {
  ACK_LAYOUT,
  type AckBody,
  BURST_LAYOUT,
  type BurstBody,
  DESC_LAYOUT,
  type DescBody,
  EVENT_LAYOUT,
  type EventBody,
  HELLO_LAYOUT,
  type HelloBody,
  LIMITS,
  LOG_LAYOUT,
  type LogBody,
  STATS_LAYOUT,
  type StatsBody,
  SYNC_LAYOUT,
  type SyncBody,
} from './protocol.ts';

/**
 * The bodies of frames to the host. Each reader returns undefined when the size or a value breaks the definition.
 * What it returns shares no memory with the frame. DATA is read by its stream, which knows the layout.
 */

/** Below, a batch has too coarse times; above, 32 bits of ticks last no two minutes between two HELLOs. */
const TICK_HZ_MIN = 1000;
const TICK_HZ_MAX = 50_000_000;

export function readHello(body: DataView): HelloBody | undefined {
  const at = HELLO_LAYOUT;
  if (body.byteLength < at.sizeMin) return undefined;
  const uidSize = body.getUint8(at.uidSize);
  const firmwareAt = at.uid + uidSize;
  const firmwareSize = body.byteLength - firmwareAt;
  if (uidSize > LIMITS.uidSizeMax || firmwareSize < 0 || firmwareSize > LIMITS.firmwareSizeMax)
    return undefined;
  const firmware = textOf(body, firmwareAt);
  const tickHz = body.getUint32(at.tickHz, true);
  if (firmware === undefined || tickHz < TICK_HZ_MIN || tickHz > TICK_HZ_MAX) return undefined;
  return {
    revision: body.getUint8(at.revision),
    resetCause: body.getUint8(at.resetCause),
    receiveWindow: body.getUint16(at.receiveWindow, true),
    bootId: body.getUint32(at.bootId, true),
    tickHz,
    schemaCrc32c: body.getUint32(at.schemaCrc32c, true),
    tick: body.getUint32(at.tick, true),
    uid: bytesOf(body, at.uid, firmwareAt),
    firmware,
  };
}

export function readDesc(body: DataView): DescBody | undefined {
  const at = DESC_LAYOUT;
  if (body.byteLength <= at.sizeMin) return undefined;
  const offset = body.getUint16(at.offset, true);
  const total = body.getUint16(at.total, true);
  const chunk = bytesOf(body, at.chunk);
  if (total > LIMITS.descriptorSizeMax || offset + chunk.length > total) return undefined;
  return { offset, total, chunk };
}

export function readEvent(body: DataView): EventBody | undefined {
  const at = EVENT_LAYOUT;
  if (body.byteLength < at.sizeMin) return undefined;
  return {
    tick: body.getUint32(at.tick, true),
    code: body.getUint16(at.code, true),
    arguments: bytesOf(body, at.arguments),
  };
}

export function readLog(body: DataView): LogBody | undefined {
  if (body.byteLength < LOG_LAYOUT.sizeMin) return undefined;
  const text = textOf(body, LOG_LAYOUT.text);
  return text === undefined ? undefined : { level: body.getUint8(LOG_LAYOUT.level), text };
}

/** @returns the keys and values of one frame */
export function readStats(body: DataView): ReadonlyMap<StatsBody['key'], number> | undefined {
  const at = STATS_LAYOUT;
  const valuesSize = body.byteLength - at.sizeMin;
  if (valuesSize <= 0 || valuesSize % 4 !== 0) return undefined;
  const firstKey = body.getUint8(at.key);
  const stats = new Map<number, number>();
  for (let index = 0; index * 4 < valuesSize; index++)
    stats.set(firstKey + index, body.getInt32(at.values + index * 4, true));
  return stats;
}

export function readSync(body: DataView): SyncBody | undefined {
  if (body.byteLength !== SYNC_LAYOUT.sizeMin) return undefined;
  return { t1: body.getBigUint64(SYNC_LAYOUT.t1, true), tick: body.getUint32(SYNC_LAYOUT.tick, true) };
}

export function readAck(body: DataView): AckBody | undefined {
  if (body.byteLength !== ACK_LAYOUT.sizeMin) return undefined;
  return { id: body.getUint8(ACK_LAYOUT.id), status: body.getUint8(ACK_LAYOUT.status) };
}

export function readBurst(body: DataView): BurstBody | undefined {
  const at = BURST_LAYOUT;
  if (body.byteLength <= at.sizeMin) return undefined;
  const offset = body.getUint16(at.offset, true);
  const total = body.getUint16(at.total, true);
  const chunk = bytesOf(body, at.chunk);
  if (offset + chunk.length > total) return undefined;
  return {
    id: body.getUint16(at.id, true),
    offset,
    total,
    t0: body.getUint32(at.t0, true),
    crc32c: body.getUint32(at.crc32c, true),
    chunk,
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Text to the end of the body; undefined when it is no UTF-8. */
function textOf(body: DataView, start: number): string | undefined {
  try {
    return utf8.decode(bytesOf(body, start));
  } catch {
    return undefined;
  }
}

function bytesOf(body: DataView, start: number, end = body.byteLength): Uint8Array {
  return new Uint8Array(body.buffer, body.byteOffset + start, end - start).slice();
}
