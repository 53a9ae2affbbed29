import type { DeviceTiming } from '../values/device.ts';
import type { Decoded } from '../values/sample.ts';
import type { MavlinkOptions } from './mavlink/options.ts';

/** Turns the bytes of one source into samples and counted noise. Never throws, whatever the bytes are. */
export interface Decoder {
  /**
   * @param bytes the next bytes, cut anywhere; not kept after the call
   * @param monoMs when they arrived
   */
  decode(bytes: Uint8Array, monoMs: number): readonly Decoded[];
  /** A recording was read to its end: what was begun is whole, such as a last line without its end. */
  finish(monoMs: number): readonly Decoded[];
  /** The link was closed: what was begun is noise, and what the device said about itself is forgotten. */
  reset(monoMs: number): readonly Decoded[];
  /**
   * Time goes on. To be called each 100 ms to 1 s while the link is open, for protocols that ask the device and that wait
   * for it; the text protocols have no use for it.
   */
  tick?(monoMs: number): readonly Decoded[];
  /** How well the time of the device is known; undefined while there is no such device. */
  readonly timing?: DeviceTiming | undefined;
}

/** 'auto' finds out which of the others is spoken. What is asked over Modbus is recorded as text. */
export type Protocol = 'auto' | 'text' | 'bridge' | 'mavlink' | 'nmea' | 'modbus' | 'dataflash' | 'ulog';

export interface DecoderOptions {
  /** Key of the source, which every sample carries. */
  readonly source: string;
  readonly protocol: Protocol;
  /** Writes to the device; without it the device is only listened to, as in a recording. Must not throw. */
  readonly send?: (bytes: Uint8Array) => void;
  /** Keeps descriptions of devices, so that a known device is ready with its first words. */
  readonly descriptorCache?: DescriptorCache;
  /** For vehicles that speak MAVLink. */
  readonly mavlink?: MavlinkOptions;
}

/** Descriptors of at most 8 KiB by their CRC-32C. What `get` returns is checked, so it may be from a damaged disk. */
export interface DescriptorCache {
  get(crc: number): Uint8Array | undefined;
  put(crc: number, descriptor: Uint8Array): void;
}
