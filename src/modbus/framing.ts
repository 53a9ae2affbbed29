import { crc16 } from './crc.ts';
import { encodeRequest, type ModbusRequest, type Reply, readReply, replyLength } from './message.ts';

/** Where a reply was found in what was received. */
export interface Found {
  readonly reply: Reply;
  /** Bytes before it, which belong to nothing or to an older request. */
  readonly start: number;
  readonly end: number;
}

/** The frame around requests and replies: the only difference between a serial line and Modbus TCP. */
export interface Framing {
  /** Whether each reply says which request it answers, so that a late one cannot be taken for the next. */
  readonly isNumbered: boolean;
  encode(request: ModbusRequest): Uint8Array;
  /**
   * Looks for the reply to a request, wherever it begins: adapters send echoes, and lines send noise before it.
   * @param frame as `encode` made it
   */
  find(request: ModbusRequest, frame: Uint8Array, received: Uint8Array): Found | undefined;
  /** Why what was received is no reply: a whole frame that answers something else, or none. */
  faultOf(received: Uint8Array): 'foreign' | 'damaged';
}

/** Serial line: unit, PDU, CRC (MODBUS over Serial Line 1.02, section 2.5.1). */
export const rtu: Framing = {
  isNumbered: false,
  encode(request) {
    const pdu = encodeRequest(request);
    const frame = new Uint8Array(pdu.length + 3);
    frame[0] = request.unit;
    frame.set(pdu, 1);
    const crc = crc16(frame, 0, pdu.length + 1);
    frame[pdu.length + 1] = crc & 0xff;
    frame[pdu.length + 2] = crc >>> 8;
    return frame;
  },
  find(request, _, received) {
    for (let start = 0; start < received.length; start += 1) {
      if (received[start] !== request.unit) continue;
      const length = replyLength(request, received, start + 1);
      if (typeof length !== 'number' || !isWhole(received, start, length + 1)) continue;
      const reply = readReply(request, received.subarray(start + 1, start + 1 + length));
      return { reply, start, end: start + length + 3 };
    }
    return undefined;
  },
  faultOf(received) {
    for (let length = 2; length + 2 <= received.length; length += 1)
      if (isWhole(received, 0, length)) return 'foreign';
    return 'damaged';
  },
};

/** @param length of the frame without its CRC */
function isWhole(bytes: Uint8Array, start: number, length: number): boolean {
  const end = start + length;
  const [low, high] = [bytes[end], bytes[end + 1]];
  return high !== undefined && low !== undefined && crc16(bytes, start, end) === (low | (high << 8));
}

const HEADER_BYTES = 7;

/** Modbus TCP: number of the request, 0, length, unit, PDU (MODBUS Messaging on TCP/IP 1.0b, section 3.1.3). */
export function tcp(): Framing {
  let number = 0;
  return {
    isNumbered: true,
    encode(request) {
      const pdu = encodeRequest(request);
      number = (number + 1) & 0xffff;
      const frame = new Uint8Array(HEADER_BYTES + pdu.length);
      const view = new DataView(frame.buffer);
      view.setUint16(0, number);
      view.setUint16(4, pdu.length + 1);
      frame[6] = request.unit;
      frame.set(pdu, HEADER_BYTES);
      return frame;
    },
    find(request, frame, received) {
      const view = new DataView(received.buffer, received.byteOffset, received.byteLength);
      for (let start = 0; start + HEADER_BYTES < received.length; ) {
        const length = view.getUint16(start + 4) - 1;
        const [from, end] = [start + HEADER_BYTES, start + HEADER_BYTES + length];
        const isOurs = received[start] === frame[0] && received[start + 1] === frame[1];
        const isFor = received[start + 6] === request.unit && view.getUint16(start + 2) === 0;
        if (length < 2 || end > received.length) return undefined;
        if (isOurs && isFor && replyLength(request, received, from) === length)
          return { reply: readReply(request, received.subarray(from, end)), start, end };
        start = end;
      }
      return undefined;
    },
    faultOf: (received) => (received.length > HEADER_BYTES ? 'foreign' : 'damaged'),
  };
}
