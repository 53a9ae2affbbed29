/**
 * What is asked and what is answered, without the frame around it (MODBUS Application Protocol 1.1b3, section 6): the
 * PDU begins with the function code. Addresses are those of the wire, from 0.
 */

export type ReadFunction = 1 | 2 | 3 | 4;

export type ModbusRequest = { readonly unit: number } & (
  | { readonly function: ReadFunction; readonly address: number; readonly count: number }
  | { readonly function: 5; readonly address: number; readonly value: boolean }
  | { readonly function: 6; readonly address: number; readonly value: number }
  | { readonly function: 15; readonly address: number; readonly values: readonly boolean[] }
  | { readonly function: 16; readonly address: number; readonly values: readonly number[] }
  /** Read Device Identification, basic (MEI type 14, code 1), from this object on. */
  | { readonly function: 43; readonly object: number }
);

/** Most that one request may ask for (sections 6.1 to 6.4). */
export const BITS_MAX = 2000;
export const REGISTERS_MAX = 125;

const DEVICE_IDENTIFICATION = 14;
const BASIC = 1;
const EXCEPTION = 0x80;

/** What the exception codes mean (section 7). */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: 'it does not know the function',
  2: 'it has no such register',
  3: 'it does not take the number of registers or the value',
  4: 'it failed',
  5: 'it works on it and needs longer',
  6: 'it is busy',
  8: 'its memory is damaged',
  10: 'the gateway has no way to it',
  11: 'the device behind the gateway does not answer',
};

export function exceptionText(code: number): string {
  return `exception ${code}: ${EXCEPTIONS[code] ?? 'which the standard does not know'}`;
}

export function encodeRequest(request: ModbusRequest): Uint8Array {
  switch (request.function) {
    case 5:
      return words(request.function, [request.address, request.value ? 0xff00 : 0]);
    case 6:
      return words(request.function, [request.address, request.value]);
    case 15:
      return withBytes(words(15, [request.address, request.values.length]), packBits(request.values));
    case 16:
      return withBytes(
        words(16, [request.address, request.values.length]),
        words(0, request.values).subarray(1),
      );
    case 43:
      return Uint8Array.of(43, DEVICE_IDENTIFICATION, BASIC, request.object);
    default:
      return words(request.function, [request.address, request.count]);
  }
}

/**
 * How many bytes of PDU the reply to a request has.
 * @param bytes what was received, with the PDU at `at`
 * @returns 'more' while that cannot be told yet, 'foreign' when it is not the reply to this request
 */
export function replyLength(
  request: ModbusRequest,
  bytes: Uint8Array,
  at: number,
): number | 'more' | 'foreign' {
  const code = bytes[at];
  if (code === undefined) return 'more';
  if (code === (request.function | EXCEPTION)) return 2;
  if (code !== request.function) return 'foreign';
  if (request.function === 43) return identificationLength(bytes, at);
  if (!('count' in request)) return sameAs(encodeRequest(request).subarray(0, 5), bytes, at);
  const byteCount = bytes[at + 1];
  if (byteCount === undefined) return 'more';
  return byteCount === replyBytes(request) ? 2 + byteCount : 'foreign';
}

/** Bytes of PDU that the reply has at most, for the time that it takes. */
export function replyLengthMax(request: ModbusRequest): number {
  if (request.function === 43) return 253;
  return 'count' in request ? 2 + replyBytes(request) : 5;
}

/** Data bytes that the reply to a read has. */
export function replyBytes({ function: code, count }: { function: ReadFunction; count: number }): number {
  return code <= 2 ? Math.ceil(count / 8) : 2 * count;
}

export type Reply =
  | { readonly kind: 'data'; readonly data: Uint8Array }
  | { readonly kind: 'exception'; readonly code: number };

/** @param pdu whole, as `replyLength` measured it; its data is copied */
export function readReply(request: ModbusRequest, pdu: Uint8Array): Reply {
  if ((pdu[0] ?? 0) & EXCEPTION) return { kind: 'exception', code: pdu[1] ?? 0 };
  if (request.function === 43) return { kind: 'data', data: pdu.slice(1) };
  return { kind: 'data', data: 'count' in request ? pdu.slice(2) : new Uint8Array() };
}

/** What a device says it is: vendor, product and revision, by the numbers of their objects; [] for broken data. */
export function identificationOf(data: Uint8Array): ReadonlyMap<number, string> {
  const objects = new Map<number, string>();
  for (let at = 6; at + 2 <= data.length; at += 2 + (data[at + 1] ?? 0)) {
    const text = Buffer.from(data.subarray(at + 2, at + 2 + (data[at + 1] ?? 0))).toString('latin1');
    objects.set(data[at] ?? 0, text.replace(/[^\x20-\x7e]/g, '').trim());
  }
  return objects;
}

/** A reply to a write repeats the beginning of its request. */
function sameAs(expected: Uint8Array, bytes: Uint8Array, at: number): number | 'more' | 'foreign' {
  for (const [index, byte] of expected.entries()) {
    const received = bytes[at + index];
    if (received === undefined) return 'more';
    if (received !== byte) return 'foreign';
  }
  return expected.length;
}

/** Function, type, code, conformity, more, next, count; then of each object its number, its length and its bytes. */
function identificationLength(bytes: Uint8Array, at: number): number | 'more' | 'foreign' {
  const [type, count] = [bytes[at + 1], bytes[at + 6]];
  if (type !== undefined && type !== DEVICE_IDENTIFICATION) return 'foreign';
  if (count === undefined) return 'more';
  let length = 7;
  for (let index = 0; index < count; index += 1) {
    const size = bytes[at + length + 1];
    if (size === undefined) return 'more';
    length += 2 + size;
  }
  return length > 253 ? 'foreign' : length;
}

function words(code: number, values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(1 + 2 * values.length);
  bytes[0] = code;
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint16(1 + 2 * index, value);
  return bytes;
}

function withBytes(head: Uint8Array, data: Uint8Array): Uint8Array {
  return Uint8Array.of(...head, data.length, ...data);
}

function packBits(values: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(values.length / 8));
  for (const [index, value] of values.entries())
    if (value) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7));
  return bytes;
}
