import { crc32 } from 'node:zlib';

/** CRC-32 (IEEE 802.3) over values of a row: finds bits that the disk has flipped. */
export function checksum(...values: readonly (string | number | Uint8Array)[]): number {
  return values.reduce<number>(
    (crc, value) => crc32(value instanceof Uint8Array ? value : `${value}\n`, crc),
    0,
  );
}
