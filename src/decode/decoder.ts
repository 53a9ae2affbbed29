import type { SourceConfig } from '../config/schema.ts';
import type { Decoded } from '../values/sample.ts';
import { LineDecoder } from './text.ts';

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
}

/** @param source key of the source, which every sample carries */
export function createDecoder(source: string, protocol: SourceConfig['protocol']): Decoder {
  switch (protocol) {
    case 'text':
      return new LineDecoder(source);
  }
}
