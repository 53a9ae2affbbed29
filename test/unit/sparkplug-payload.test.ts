import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DATA_TYPES,
  decodeCommand,
  encodePayload,
  type Metric,
} from '../../src/publish/sparkplug/payload.ts';
import { readPayload } from '../support/sparkplug-reader.ts';

const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const metric: fc.Arbitrary<Metric> = fc
  .record({
    name: fc.option(fc.string(), { nil: undefined }),
    alias: fc.option(whole, { nil: undefined }),
    timestamp: fc.option(whole, { nil: undefined }),
    content: fc.oneof(
      fc.record({ type: fc.constant('Int64' as const), value: whole }),
      fc.record({ type: fc.constant('Double' as const), value: fc.double() }),
      fc.record({ type: fc.constant('Boolean' as const), value: fc.boolean() }),
      fc.record({ type: fc.constant('String' as const), value: fc.string({ unit: 'grapheme' }) }),
      fc.record({ type: fc.constantFrom('Int64' as const, 'String' as const), value: fc.constant(null) }),
    ),
    properties: fc.option(fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.string()), { nil: undefined }),
  })
  .map(({ content, ...rest }) => ({ ...rest, ...content }));

describe('a Sparkplug payload', () => {
  test('says to a host exactly what it was given', () => {
    const payload = fc.record({
      metrics: fc.array(metric, { maxLength: 8 }),
      timestamp: whole,
      seq: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(payload, ({ metrics, timestamp, seq }) => {
        const read = readPayload(encodePayload({ metrics, timestamp, seq }));
        const expected = metrics.map(({ type, value, properties, ...rest }) => ({
          ...Object.fromEntries(Object.entries(rest).filter(([, field]) => field !== undefined)),
          ...(rest.name !== undefined && { datatype: DATA_TYPES[type] }),
          ...(properties && { properties: { ...properties } }),
          ...(value === null ? { isNull: true } : { value }),
        }));
        expect(read).toEqual({ metrics: expected, timestamp, seq });
      }),
    );
  });

  test('has the bytes that another implementation writes', () => {
    // sparkplug-payload 1.0.3: {timestamp: 1, metrics: [{name: 'Node Control/Rebirth', type: 'Boolean', value: true}]}
    const theirs = Buffer.from('0801121a0a144e6f646520436f6e74726f6c2f52656269727468200b7001', 'hex');
    const ours = encodePayload({
      timestamp: 1,
      metrics: [{ name: 'Node Control/Rebirth', type: 'Boolean', value: true }],
    });
    expect(ours).toEqual(theirs);
    expect(decodeCommand(theirs)).toEqual([{ name: 'Node Control/Rebirth', alias: undefined, value: true }]);
  });
});

describe('a Sparkplug command', () => {
  test('is read or refused, whatever the bytes, and never runs beyond them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          expect(decodeCommand(bytes).length).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'BAD_ARGUMENT' });
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('is read among fields that are not for us', () => {
    const other = Buffer.from('0d0000803f' + '110000000000000000' + '2203abcdef', 'hex');
    const rebirth = encodePayload({ metrics: [{ name: 'x', type: 'Boolean', value: true }] });
    expect(decodeCommand(Buffer.concat([other, rebirth]))).toEqual([
      { name: 'x', alias: undefined, value: true },
    ]);
  });

  test.each([
    ['a number without an end', 'ffffffffffffffffffffff'],
    ['a field that is longer than the message', '127f00'],
    ['a size beyond every message', '12ffffffffffffffff7f'],
    ['a group, which protobuf has given up', '0b'],
    ['a cut fixed number', '0900'],
  ])('is refused: %s', (_name, hex) => {
    expect(() => decodeCommand(Buffer.from(hex, 'hex'))).toThrow('no Sparkplug payload');
  });
});
