import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import {
  type Message,
  messageFault,
  packetSizeBytes,
  propertiesOf,
  sizeFault,
} from '../../src/publish/message.ts';

const MESSAGE: Message = {
  topic: 'a/b',
  payload: '{}',
  contentType: 'application/json',
  qos: 1,
  isRetained: false,
  id: 'x/1',
};

function encoded({ topic, payload, qos, isRetained: retain, ...rest }: Message): Buffer {
  const properties = propertiesOf({ topic, payload, qos, isRetained: retain, ...rest });
  return generate(
    { cmd: 'publish', topic, payload, qos, retain, dup: false, messageId: 1, properties },
    { protocolVersion: 5 },
  );
}

describe('the packet size', () => {
  test('is that of the encoded packet, whatever the message', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 });
    const message = fc.record(
      {
        topic: text.filter((topic) => topic.length > 0),
        payload: fc.oneof(
          text,
          fc.integer({ min: 0, max: 40_000 }).map((length) => 'x'.repeat(length)),
        ),
        contentType: text,
        qos: fc.constantFrom(0 as const, 1 as const),
        isRetained: fc.boolean(),
        id: text,
      },
      { requiredKeys: ['topic', 'payload', 'contentType', 'qos', 'isRetained'] },
    );
    fc.assert(
      fc.property(message, (made) => {
        expect(packetSizeBytes(made)).toBe(encoded(made).length);
      }),
    );
  });

  test.each([127, 128, 16_383, 16_384, 2_097_151, 2_097_152])(
    'is right around a rest of %i bytes',
    (rest) => {
      const empty = packetSizeBytes({ ...MESSAGE, payload: '' }) - 2;
      const message = { ...MESSAGE, payload: 'x'.repeat(rest - empty) };
      expect(packetSizeBytes(message)).toBe(encoded(message).length);
    },
  );

  test('is a fault only above the limit', () => {
    const sizeBytes = packetSizeBytes(MESSAGE);
    expect(sizeFault(MESSAGE, sizeBytes)).toBeUndefined();
    expect(sizeFault(MESSAGE, Number.POSITIVE_INFINITY)).toBeUndefined();
    expect(sizeFault(MESSAGE, sizeBytes - 1)).toBe(
      `packet has ${sizeBytes} bytes; the broker takes at most ${sizeBytes - 1}`,
    );
  });
});

describe('the fault of a message', () => {
  test('is none for a plain message, with or without id', () => {
    const { id: _, ...anonymous } = MESSAGE;
    expect(messageFault(MESSAGE)).toBeUndefined();
    expect(messageFault(anonymous)).toBeUndefined();
  });

  test.each([
    [{ topic: '#' }, '+ or #'],
    [{ payload: '' }, 'payload is empty'],
    [{ id: 'x'.repeat(257) }, 'longer than 256'],
    [{ id: 'a\u0000' }, 'id contains'],
    [{ id: '\udfff' }, 'id contains'],
  ])('of %j is named', (change, reason) => {
    expect(messageFault({ ...MESSAGE, ...change })).toContain(reason);
  });

  test('is named for values from a damaged store that are no text', () => {
    const damaged: Record<string, unknown> = { ...MESSAGE, payload: null };
    expect(messageFault(damaged as unknown as Message)).toContain('no text');
  });
});
