import { decode } from 'cborg';

/** Only what the protocol names: integers, finite floats, texts, arrays and maps of definite length. */
const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
} as const;

/**
 * One CBOR item (RFC 8949) in its deterministic encoding. Maps with text keys become plain objects.
 * @returns undefined when the bytes are something else, or nested too deeply
 */
export function readCbor(bytes: Uint8Array): unknown {
  try {
    return decode(bytes, STRICT);
  } catch {
    return undefined;
  }
}
