/**
 * The wire protocol of our firmware: docs/reference/wire-protocol.md explains it. Generated from
 * firmware-bridge/protocol/definition.json: do not edit.
 */

/** Upper two bits of the first byte of every frame. */
export const VERSION = 1;

/** Additions to this version, said in HELLO. */
export const REVISION = 0;

/** Sizes in bytes, and counts. */
export const LIMITS = {
  /** Bytes of a frame before COBS, header and CRC included: COBS then costs exactly one byte. */
  frameSizeMax: 254,
  /** Bytes of a frame with an empty body. */
  frameSizeMin: 5,
  /** Bytes of a body. */
  bodySizeMax: 249,
  /** Bytes between two delimiters; a longer run is no frame. */
  runSizeMax: 255,
  /** Bytes of the unique id in HELLO. */
  uidSizeMax: 16,
  /** Bytes of the firmware version in HELLO. */
  firmwareSizeMax: 32,
  /** Bytes of the whole descriptor. */
  descriptorSizeMax: 8192,
  /** Streams of one descriptor. */
  streamsMax: 32,
  /** Fields of one stream. */
  fieldsMax: 64,
  /** Bytes of the name of a stream or a field. */
  nameSizeMax: 32,
  /** Bytes of a unit. */
  unitSizeMax: 16,
  /** Bytes of one packed sample: it must fit a DATA body beside t0. */
  sampleSizeMax: 245,
  /** Bytes of one waveform. */
  burstSizeMax: 65535,
} as const;

/** Times that both ends keep. */
export const TIMING = {
  /** A device says HELLO and STATS so often. */
  helloPeriodMs: 5000,
  /** A device that hears no host sends one DESC chunk so often. */
  descPeriodMs: 1000,
  /** After so long without a valid frame from the host a device takes itself for unheard. */
  hostSilenceMs: 30000,
} as const;

/** Lower six bits of the first byte of a frame. */
export const FRAME_TYPES = {
  /** Who the device is: at boot, on request, and every 5 s. */
  hello: 0,
  /** One chunk of the descriptor. */
  desc: 1,
  /** A batch of samples of one stream. */
  data: 2,
  /** Something happened on the device. */
  event: 3,
  /** Text for people. */
  log: 4,
  /** How the device itself is doing. */
  stats: 5,
  /** One round trip, to take the delay of the link out of the clock. */
  sync: 6,
  /** A command; the host repeats it until it is acknowledged. */
  cmd: 7,
  /** The answer to a command. */
  ack: 8,
  /** One chunk of a fast waveform. */
  burst: 9,
} as const;

export type FrameType = keyof typeof FRAME_TYPES;

/** Reset causes. */
export const RESET_CODES = {
  /** The chip does not tell. */
  unknown: 0,
  /** Power came. */
  powerOn: 1,
  /** The supply sagged. */
  brownOut: 2,
  /** Reset pin or button, DTR of a USB adapter. */
  external: 3,
  /** The firmware hung. */
  watchdog: 4,
  /** The firmware restarted itself. */
  software: 5,
  /** Hard fault, stack overflow, failed assertion. */
  fault: 6,
} as const;

/** Log levels. */
export const LOG_CODES = {
  /** Something does not work. */
  error: 0,
  /** Somebody should know. */
  warning: 1,
  /** Good to know. */
  info: 2,
  /** For the author of the firmware. */
  debug: 3,
} as const;

/** Acknowledgement statuses. */
export const ACK_CODES = {
  /** Carried out. */
  ok: 0,
  /** No such command. */
  unknown: 1,
  /** The arguments do not fit. */
  badArgument: 2,
  /** Not now; send it again under another id. */
  busy: 3,
  /** Tried in vain. */
  failed: 4,
} as const;

/** Commands. */
export const CMD_CODES = {
  /** Does nothing; every device answers ok. */
  ping: 0,
  /** 128 to 255 belong to the firmware, 1 to 127 to later revisions. */
  application: 128,
} as const;

/** Stats keys. */
export const STAT_CODES = {
  /** Frames that found no room in the device's ring, since boot. */
  ringDrops: 0,
  /** Samples in those frames. */
  samplesDropped: 1,
  /** Runs of bytes from the host that were no frame, or came too soon. */
  receiveErrors: 2,
  /** Samples not taken: overruns, bus errors. */
  sensorErrors: 3,
  /** Bytes of stack never used. */
  stackFreeMin: 4,
  /** Supply voltage in mV. */
  supplyMv: 5,
  /** Temperature of the chip in 0.01 °C. */
  dieTemperatureCc: 6,
  /** 64 and up belong to the firmware. */
  application: 64,
} as const;

/** Types of a field: its size in bytes, and the DataView method that reads it. */
export const FIELD_TYPES = {
  u8: { size: 1, read: 'getUint8' },
  i8: { size: 1, read: 'getInt8' },
  u16: { size: 2, read: 'getUint16' },
  i16: { size: 2, read: 'getInt16' },
  u32: { size: 4, read: 'getUint32' },
  i32: { size: 4, read: 'getInt32' },
  f32: { size: 4, read: 'getFloat32' },
} as const;

export type FieldType = keyof typeof FIELD_TYPES;

/** What the numbers of a field are. */
export const FIELD_KINDS = {
  /** A measured quantity; the default. */
  value: 'value',
  /** Only grows, and wraps at the width of its type. */
  counter: 'counter',
  /** A number that stands for a state; its differences mean nothing. */
  state: 'state',
} as const;

export type FieldKind = keyof typeof FIELD_KINDS;

/** Nothing else that a device sends means anything before its first HELLO. */
export interface HelloBody {
  /** Additions to this version of the protocol that the device knows; 0 is this page. */
  readonly revision: number;
  /** Why it started, see reset causes. */
  readonly resetCause: number;
  /** Bytes that the host may send before it waits for an answer; 0: the device only transmits. */
  readonly receiveWindow: number;
  /** Differs from boot to boot; a new one restarts clock, sequences and bursts. */
  readonly bootId: number;
  /** Ticks per second of every time below. */
  readonly tickHz: number;
  /** CRC-32C of the whole descriptor: the key of a host's cache. */
  readonly schemaCrc32c: number;
  /** The device's time when this frame was made. */
  readonly tick: number;
  /** Serial number of the chip; empty when it has none. */
  readonly uid: Uint8Array;
  /** Version of the firmware, UTF-8, 0 to 32 bytes. */
  readonly firmware: string;
}

/** Offsets in the body of HELLO, and the least size of it, in bytes. */
export const HELLO_LAYOUT = {
  revision: 0,
  resetCause: 1,
  receiveWindow: 2,
  bootId: 4,
  tickHz: 8,
  schemaCrc32c: 12,
  tick: 16,
  uidSize: 20,
  uid: 21,
  sizeMin: 21,
} as const;

/** The descriptor is one CBOR map, see below. Chunks may come in any order and size. */
export interface DescBody {
  /** Of the first byte of this chunk. */
  readonly offset: number;
  /** Bytes of the whole descriptor. */
  readonly total: number;
  /** 1 to 245 bytes. */
  readonly chunk: Uint8Array;
}

/** Offsets in the body of DESC, and the least size of it, in bytes. */
export const DESC_LAYOUT = {
  offset: 0,
  total: 2,
  chunk: 4,
  sizeMin: 4,
} as const;

/** Asks for the chunk that begins at an offset. An offset past the end is not answered. */
export interface DescRequestBody {
  /** Of the first byte wanted. */
  readonly offset: number;
}

/** Offsets in the body of DESC_REQUEST, and the least size of it, in bytes. */
export const DESC_REQUEST_LAYOUT = {
  offset: 0,
  sizeMin: 2,
} as const;

/** Sample k was taken at t0 + k × tick_hz / rate. The number of samples follows from the length, which must be a multiple of the sample's size. A stream without a rate has one sample in each frame. */
export interface DataBody {
  /** Ticks of the first sample. */
  readonly t0: number;
  /** 1 or more samples: the fields of the stream, packed in the order of the descriptor. */
  readonly samples: Uint8Array;
}

/** Offsets in the body of DATA, and the least size of it, in bytes. */
export const DATA_LAYOUT = {
  t0: 0,
  samples: 4,
  sizeMin: 4,
} as const;

export interface EventBody {
  /** When it happened. */
  readonly tick: number;
  /** What happened; the firmware's own numbers. */
  readonly code: number;
  /** One CBOR item, or nothing. */
  readonly arguments: Uint8Array;
}

/** Offsets in the body of EVENT, and the least size of it, in bytes. */
export const EVENT_LAYOUT = {
  tick: 0,
  code: 4,
  arguments: 6,
  sizeMin: 6,
} as const;

export interface LogBody {
  /** See log levels. */
  readonly level: number;
  /** UTF-8, at most 248 bytes, without a line end. */
  readonly text: string;
}

/** Offsets in the body of LOG, and the least size of it, in bytes. */
export const LOG_LAYOUT = {
  level: 0,
  text: 1,
  sizeMin: 1,
} as const;

/** Figures about the device. Each replaces the last value of its key; a frame need not hold all of them. */
export interface StatsBody {
  /** Of the first value, see stats keys. */
  readonly key: number;
  /** One or more i32: the values of this key and of those that follow it. */
  readonly values: Uint8Array;
}

/** Offsets in the body of STATS, and the least size of it, in bytes. */
export const STATS_LAYOUT = {
  key: 0,
  values: 1,
  sizeMin: 1,
} as const;

export interface SyncRequestBody {
  /** The host's time; the device only gives it back. */
  readonly t1: bigint;
}

/** Offsets in the body of SYNC_REQUEST, and the least size of it, in bytes. */
export const SYNC_REQUEST_LAYOUT = {
  t1: 0,
  sizeMin: 8,
} as const;

export interface SyncBody {
  /** As it came. */
  readonly t1: bigint;
  /** When the request's closing delimiter had arrived. */
  readonly tick: number;
}

/** Offsets in the body of SYNC, and the least size of it, in bytes. */
export const SYNC_LAYOUT = {
  t1: 0,
  tick: 8,
  sizeMin: 12,
} as const;

/** Commands are idempotent. A device carries the same body out once and answers every repetition with the same ACK. */
export interface CmdBody {
  /** Chosen by the host, another one for each new command. */
  readonly id: number;
  /** What to do, see commands. */
  readonly code: number;
  /** As the command wants them. */
  readonly arguments: Uint8Array;
}

/** Offsets in the body of CMD, and the least size of it, in bytes. */
export const CMD_LAYOUT = {
  id: 0,
  code: 1,
  arguments: 2,
  sizeMin: 2,
} as const;

export interface AckBody {
  /** Of the command. */
  readonly id: number;
  /** See acknowledgement statuses. */
  readonly status: number;
}

/** Offsets in the body of ACK, and the least size of it, in bytes. */
export const ACK_LAYOUT = {
  id: 0,
  status: 1,
  sizeMin: 2,
} as const;

/** Every chunk says everything about its burst, so that any chunk may be the first to arrive. A burst is whole when all its bytes are there and their CRC-32C matches; otherwise it is lost, and counted. */
export interface BurstBody {
  /** Counts the bursts of this stream since boot. */
  readonly id: number;
  /** Of the first byte of this chunk in the waveform. */
  readonly offset: number;
  /** Bytes of the waveform. */
  readonly total: number;
  /** Ticks of the first sample. */
  readonly t0: number;
  /** CRC-32C of the whole waveform. */
  readonly crc32c: number;
  /** 1 to 235 bytes of packed samples. */
  readonly chunk: Uint8Array;
}

/** Offsets in the body of BURST, and the least size of it, in bytes. */
export const BURST_LAYOUT = {
  id: 0,
  offset: 2,
  total: 4,
  t0: 6,
  crc32c: 10,
  chunk: 14,
  sizeMin: 14,
} as const;
