import type { DeviceValue } from './device.ts';
import type { TimeOfDay } from './time.ts';

/**
 * What a decoder found in the bytes of one source: a sample, noise that was counted and skipped, what a device that
 * describes itself says beside its samples, or the time of day.
 */
export type Decoded = Sample | Noise | DeviceValue | TimeOfDay;

/** Values of some channels of one source at one time. */
export interface Sample {
  readonly kind: 'sample';
  /** Key of the source in the configuration. */
  readonly source: string;
  /**
   * In milliseconds on the agent's monotonic timeline; in a replay, the recording's time. When it was taken, if the
   * protocol tells; otherwise when it arrived. Within one stream of a device it never falls back.
   */
  readonly monoMs: number;
  /** The time written in the data itself (Unix milliseconds or the device's own counter), if there was one. */
  readonly deviceMs: number | undefined;
  /**
   * Channel names as the source spells them. The same array object for as long as the layout of the source
   * does not change, so that a reader may cache by identity.
   */
  readonly names: readonly string[];
  /** One number per name; NaN where the line had no valid number for it. Never infinite. */
  readonly values: readonly number[];
  /** What the device itself says is no value, by name, with what it would be. `values` has NaN for it. */
  readonly refused?: ReadonlyMap<string, number>;
}

/** Bytes that were no sample. They are counted by reason; the next good sample is read all the same. */
export interface Noise {
  readonly kind: 'noise';
  readonly source: string;
  readonly monoMs: number;
  readonly reason: NoiseReason;
  readonly sizeBytes: number;
  /** At most 64 printable characters of it, for the log and for `fieldnote check`. */
  readonly excerpt: string;
}

export type NoiseReason =
  | 'unreadable' // no known format fits the line
  | 'not-utf8' // broken or half characters, binary bytes
  | 'line-too-long' // discarded up to the next line end
  | 'not-a-number' // a value such as NaN, 1e999, "err": the other values of the line are kept
  | 'missing-columns' // fewer or more columns than the header has
  | 'too-many-channels' // more channels than the limit
  | 'bad-frame' // bytes between two delimiters that are no frame
  | 'bad-crc' // a frame that was damaged
  | 'bad-signature' // a frame that nobody with the key has signed, or that was sent before
  | 'bad-body' // a frame whose size, values or time break the protocol or the device's own description
  | 'unknown-frame' // a frame of a type or stream that nobody described
  | 'duplicate-frame' // a frame that was there before
  | 'undescribed' // a frame of a device that has not said yet who it is and what it measures
  | 'bad-descriptor' // the device's description of itself cannot be used
  | 'unused-sentence' // of NMEA 0183: a maker's own, or of a kind that says nothing here
  | 'unrecognised'; // no known protocol was found in the bytes
