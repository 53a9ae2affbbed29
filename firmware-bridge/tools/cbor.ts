/** What a descriptor is made of. */
export type CborValue = number | string | readonly CborValue[] | { readonly [key: string]: CborValue };

const MAJOR = { unsigned: 0, negative: 1, text: 3, array: 4, map: 5 } as const;

/**
 * Encodes in the deterministic form of RFC 8949, section 4.2.1: the shortest form of each number, definite lengths, map keys
 * in the order of their encoded bytes. A number without a fraction becomes an integer.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? integer(value) : float(value);
  if (typeof value === 'string') {
    const utf8 = Buffer.from(value, 'utf8');
    return Buffer.concat([head(MAJOR.text, utf8.length), utf8]);
  }
  if (Array.isArray(value)) return Buffer.concat([head(MAJOR.array, value.length), ...value.map(encodeCbor)]);
  const pairs = Object.entries(value).map(([key, item]) => [encodeCbor(key), encodeCbor(item)] as const);
  pairs.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([head(MAJOR.map, pairs.length), ...pairs.flat()]);
}

function integer(value: number): Uint8Array {
  return value >= 0 ? head(MAJOR.unsigned, value) : head(MAJOR.negative, -1 - value);
}

function head(major: number, argument: number): Uint8Array {
  const first = major << 5;
  if (argument < 24) return Uint8Array.of(first | argument);
  if (argument <= 0xff) return Uint8Array.of(first | 24, argument);
  const bytes = Buffer.alloc(argument <= 0xffff ? 3 : argument <= 0xffff_ffff ? 5 : 9);
  bytes[0] = first | (bytes.length === 3 ? 25 : bytes.length === 5 ? 26 : 27);
  if (bytes.length === 3) bytes.writeUInt16BE(argument, 1);
  else if (bytes.length === 5) bytes.writeUInt32BE(argument, 1);
  else bytes.writeBigUInt64BE(BigInt(argument), 1);
  return bytes;
}

/** The shortest of 16, 32 and 64 bits that holds the number exactly. */
function float(value: number): Uint8Array {
  const half = halfBits(value);
  if (half !== undefined) return Uint8Array.of(0xf9, half >> 8, half & 0xff);
  const isSingle = Math.fround(value) === value;
  const bytes = Buffer.alloc(isSingle ? 5 : 9);
  bytes[0] = isSingle ? 0xfa : 0xfb;
  if (isSingle) bytes.writeFloatBE(value, 1);
  else bytes.writeDoubleBE(value, 1);
  return bytes;
}

/** IEEE 754 half precision, for numbers that it holds exactly. */
function halfBits(value: number): number | undefined {
  const sign = value < 0 ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  const subnormal = magnitude / 2 ** -24;
  if (Number.isInteger(subnormal) && subnormal < 1024) return sign | subnormal;
  const exponent = Math.floor(Math.log2(magnitude));
  const mantissa = (magnitude / 2 ** exponent - 1) * 1024;
  const isHeld = exponent >= -14 && exponent <= 15 && Number.isInteger(mantissa);
  return isHeld ? sign | ((exponent + 15) << 10) | mantissa : undefined;
}
