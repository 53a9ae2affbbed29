import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc16 } from '../../src/modbus/crc.ts';
import { rtu, tcp } from '../../src/modbus/framing.ts';
import { identificationOf, type ModbusRequest, replyBytes } from '../../src/modbus/message.ts';

const read = fc.record({
  unit: fc.integer({ min: 1, max: 247 }),
  function: fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const),
  address: fc.nat(65_000),
  count: fc.integer({ min: 1, max: 125 }),
});
const request: fc.Arbitrary<ModbusRequest> = fc.oneof(
  read,
  fc.record({
    unit: fc.nat(247),
    function: fc.constant(6 as const),
    address: fc.nat(65_535),
    value: fc.nat(65_535),
  }),
  fc.record({
    unit: fc.nat(247),
    function: fc.constant(5 as const),
    address: fc.nat(65_535),
    value: fc.boolean(),
  }),
  fc.record({ unit: fc.nat(247), function: fc.constant(43 as const), object: fc.nat(255) }),
);
const bytes = fc.uint8Array({ maxLength: 300 });

function framed(body: Uint8Array): Uint8Array {
  const crc = crc16(body);
  return Uint8Array.of(...body, crc & 0xff, crc >>> 8);
}

/** Bytes that often look like a reply: its beginning, then anything, and sometimes a right CRC. */
const nearly = fc.tuple(request, bytes, fc.boolean(), bytes).map(([asked, rest, isWhole, before]) => {
  const length = 'count' in asked ? replyBytes(asked) : rest.length;
  const body = Uint8Array.of(asked.unit, asked.function, length & 0xff, ...rest);
  return { asked, received: Uint8Array.of(...before, ...(isWhole ? framed(body) : body)) };
});

describe('what comes back on a Modbus line', () => {
  test('is never taken for a reply unless unit, function, length and CRC are right', () => {
    fc.assert(
      fc.property(nearly, ({ asked, received }) => {
        const found = rtu.find(asked, rtu.encode(asked), received);
        rtu.faultOf(received);
        if (found === undefined) return;
        const frame = received.subarray(found.start, found.end);
        expect(frame[0]).toBe(asked.unit);
        expect((frame[1] ?? 0) & 0x7f).toBe(asked.function);
        expect(crc16(frame, 0, frame.length - 2)).toBe((frame.at(-2) ?? 0) | ((frame.at(-1) ?? 0) << 8));
        if (found.reply.kind === 'data' && 'count' in asked)
          expect(found.reply.data).toHaveLength(replyBytes(asked));
      }),
      { numRuns: 2000 },
    );
  });

  test('is found after any noise that is no reply itself, and gives exactly its data', () => {
    fc.assert(
      fc.property(
        read,
        fc.uint8Array({ maxLength: 40 }),
        fc.infiniteStream(fc.nat(255)),
        (asked, noise, stream) => {
          const data = Uint8Array.from({ length: replyBytes(asked) }, () => stream.next().value);
          const reply = framed(Uint8Array.of(asked.unit, asked.function, data.length, ...data));
          fc.pre(rtu.find(asked, rtu.encode(asked), noise) === undefined);
          const found = rtu.find(asked, rtu.encode(asked), Uint8Array.of(...noise, ...reply));
          if (found?.start === noise.length) expect(found.reply).toEqual({ kind: 'data', data });
        },
      ),
    );
  });

  test('is refused when any one of its bits was turned over', () => {
    fc.assert(
      fc.property(read, fc.nat(), (asked, at) => {
        const data = new Uint8Array(replyBytes(asked)).fill(0x5a);
        const reply = framed(Uint8Array.of(asked.unit, asked.function, data.length, ...data));
        const bit = at % (8 * reply.length);
        reply[bit >> 3] = (reply[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(rtu.find(asked, rtu.encode(asked), reply)).toBeUndefined();
      }),
    );
  });

  test('over TCP is only taken with the number of the request', () => {
    fc.assert(
      fc.property(read, bytes, (asked, junk) => {
        const framing = tcp();
        const older = framing.encode(asked);
        const frame = framing.encode(asked);
        const reply = (of: Uint8Array) => {
          const data = new Uint8Array(replyBytes(asked));
          const head = Uint8Array.of(...of.subarray(0, 4), 0, data.length + 3, asked.unit);
          return Uint8Array.of(...head, asked.function, data.length, ...data);
        };
        framing.find(asked, frame, junk);
        expect(framing.find(asked, frame, reply(older))).toBeUndefined();
        const both = Uint8Array.of(...reply(older), ...reply(frame));
        expect(framing.find(asked, frame, both)?.start).toBe(reply(older).length);
      }),
    );
  });

  test('names a device, or nothing, whatever it is', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(identificationOf(data).size).toBeLessThan(200);
      }),
    );
  });

  test('has the check value of its CRC', () => {
    expect(crc16(Buffer.from('123456789'))).toBe(0x4b37);
  });
});
