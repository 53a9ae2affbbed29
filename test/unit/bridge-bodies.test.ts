import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  readAck,
  readBurst,
  readDesc,
  readEvent,
  readHello,
  readLog,
  readStats,
  readSync,
} from '../../src/decode/bridge/bodies.ts';
import { HELLO_LAYOUT } from '../../src/decode/bridge/protocol.ts';

const READERS = { readAck, readBurst, readDesc, readEvent, readHello, readLog, readStats, readSync };
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function hello({ tickHz = 1_000_000, uidSize = 4, firmware = '1.0' } = {}): DataView {
  const body = Buffer.alloc(HELLO_LAYOUT.sizeMin);
  body.writeUInt32LE(tickHz, HELLO_LAYOUT.tickHz);
  body.writeUInt8(uidSize, HELLO_LAYOUT.uidSize);
  return viewOf(Uint8Array.from([...body, ...new Uint8Array(uidSize), ...Buffer.from(firmware)]));
}

describe('a body', () => {
  test.each(Object.entries(READERS))('never makes %s throw', (_, read) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 249 }), (bytes) => {
        expect(() => read(viewOf(bytes))).not.toThrow();
      }),
    );
  });

  test.each(Object.entries(READERS))('shares no memory with what %s returns', (_, read) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 60 }), (bytes) => {
        const before = read(viewOf(bytes));
        const copy = structuredClone(before);
        bytes.fill(0xee);
        expect(before).toEqual(copy);
      }),
    );
  });
});

describe('HELLO', () => {
  test('may have the longest uid and firmware', () => {
    expect(readHello(hello({ uidSize: 16, firmware: 'v'.repeat(32) }))?.uid).toHaveLength(16);
  });

  test.each([
    ['a uid of 17 bytes', { uidSize: 17 }],
    ['a firmware version of 33 bytes', { firmware: 'v'.repeat(33) }],
    ['a clock below 1 kHz', { tickHz: 999 }],
    ['a clock over 50 MHz', { tickHz: 50_000_001 }],
  ])('is refused with %s', (_, change) => {
    expect(readHello(hello(change))).toBeUndefined();
  });

  test('is refused when the uid is longer than the frame', () => {
    const body = hello();
    body.setUint8(HELLO_LAYOUT.uidSize, 12);
    expect(readHello(body)).toBeUndefined();
  });
});
