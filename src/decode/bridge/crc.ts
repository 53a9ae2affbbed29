/** CRC-16/MCRF4XX: polynomial 0x1021 reflected, no final XOR; "123456789" gives 0x6F91. */
export const CRC16_START = 0xffff;

/** What the CRC over a block and the complement of its own CRC comes to, as in HDLC (RFC 1662, appendix C). */
export const CRC16_RESIDUE = 0xf0b8;

/** One step: `(crc >>> 8) ^ CRC16_TABLE[(crc ^ byte) & 0xff]`. */
export const CRC16_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => tableEntry(byte, 0x8408));

const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => tableEntry(byte, 0x82f63b78));

function tableEntry(byte: number, reflectedPolynomial: number): number {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ reflectedPolynomial : crc >>> 1;
  return crc >>> 0;
}

export function crc16(bytes: Uint8Array): number {
  let crc = CRC16_START;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC16_TABLE[(crc ^ byte) & 0xff] as number);
  return crc;
}

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4) of a whole block; "123456789" gives 0xE3069283. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at++)
    crc = (crc >>> 8) ^ (CRC32C_TABLE[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return ~crc >>> 0;
}
