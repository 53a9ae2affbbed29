import { encode } from 'cborg';
import { describe, expect, test } from 'vitest';
import { readDescriptor } from '../../src/decode/bridge/descriptor.ts';

const FIELD = { name: 'x', type: 'i16', unit: 'g' };
const STREAM = { id: 1, name: 'imu', rate: 100, fields: [FIELD] };

const read = (streams: readonly object[], rest: object = {}) =>
  readDescriptor(encode({ schema: 1, board: 'bench', streams, ...rest }));
const many = (count: number, make: (index: number) => object) =>
  Array.from({ length: count }, (_, at) => make(at));

describe('a descriptor', () => {
  test('places the fields of a sample side by side and names the channels', () => {
    const fields = [
      FIELD,
      { name: 'n', type: 'u8', unit: '1', kind: 'counter' },
      { name: 't', type: 'f32', unit: '°C' },
    ];
    const descriptor = read([{ ...STREAM, fields }]);
    expect(descriptor).toMatchObject({
      board: 'bench',
      streams: [
        {
          rateHz: 100,
          sampleSize: 7,
          names: ['imu.x', 'imu.n', 'imu.t'],
          fields: [{ at: 0 }, { at: 2, kind: 'counter' }, { at: 3 }],
        },
      ],
    });
  });

  test('has scale 1, offset 0 and kind value where it says nothing', () => {
    expect(read([STREAM])).toMatchObject({ streams: [{ fields: [{ scale: 1, offset: 0, kind: 'value' }] }] });
  });

  test('may have keys that nobody knows yet', () => {
    expect(read([{ ...STREAM, colour: 'red' }], { vendor: 1 })).toMatchObject({ board: 'bench' });
  });

  test('may be as large as the limits allow', () => {
    const streams = many(32, (at) => ({ id: at + 1, name: `s${at}`, fields: [FIELD] }));
    expect(read(streams)).toMatchObject({ board: 'bench' });
    expect(
      read([{ ...STREAM, fields: many(61, (at) => ({ name: `f${at}`, type: 'f32', unit: '1' })) }]),
    ).toMatchObject({ board: 'bench' });
  });

  test.each<[string, readonly object[], RegExp]>([
    ['no streams', [], /streams/],
    ['33 streams', many(33, (at) => ({ ...STREAM, id: at + 1, name: `s${at}` })), /streams/],
    ['an id twice', [STREAM, { ...STREAM, name: 'other' }], /streams have an id twice/],
    ['a name twice', [STREAM, { ...STREAM, id: 2 }], /streams have a name twice/],
    ['stream 0', [{ ...STREAM, id: 0 }], /streams.0.id/],
    ['a name with a dot', [{ ...STREAM, name: 'a.b' }], /streams.0.name must be/],
    ['a name of 33 characters', [{ ...STREAM, name: 'a'.repeat(33) }], /streams.0.name/],
    ['no rate above zero', [{ ...STREAM, rate: 0 }], /streams.0.rate/],
    ['no fields', [{ ...STREAM, fields: [] }], /streams.0.fields/],
    ['a field twice', [{ ...STREAM, fields: [FIELD, FIELD] }], /fields have a name twice/],
    ['a type that nobody knows', [{ ...STREAM, fields: [{ ...FIELD, type: 'i24' }] }], /fields.0.type/],
    ['no unit', [{ ...STREAM, fields: [{ ...FIELD, unit: '' }] }], /fields.0.unit/],
    [
      'a unit of 17 bytes',
      [{ ...STREAM, fields: [{ ...FIELD, unit: '°'.repeat(9) }] }],
      /more than 16 bytes/,
    ],
    ['a line end in a unit', [{ ...STREAM, fields: [{ ...FIELD, unit: 'a\n' }] }], /control characters/],
    ['a scale in words', [{ ...STREAM, fields: [{ ...FIELD, scale: '2' }] }], /fields.0.scale/],
    ['waveforms without a rate', [{ id: 1, name: 'w', burst: 8, fields: [FIELD] }], /no rate/],
    ['waveforms of 64 KiB', [{ ...STREAM, burst: 32_768 }], /waveforms over 65535 bytes/],
    [
      'samples of 248 bytes',
      [{ ...STREAM, fields: many(62, (at) => ({ name: `f${at}`, type: 'f32', unit: '1' })) }],
      /samples over 245 bytes/,
    ],
  ])('with %s is refused in words', (_, streams, words) => {
    expect(read(streams)).toMatch(words);
  });

  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['half a map', encode({ schema: 1 }).subarray(0, 4)],
    ['something behind it', Uint8Array.from([...encode({ schema: 1 }), 0])],
    ['8 KiB of nested arrays', new Uint8Array(8192).fill(0x81)],
    ['an array of four billion', Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff, 0)],
    ['an indefinite map', Uint8Array.of(0xbf, 0xff)],
    ['a tag', Uint8Array.of(0xc0, 0x61, 0x31)],
    ['a key twice', Uint8Array.of(0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2)],
    ['a number that is none', Uint8Array.of(0xf9, 0x7e, 0)],
  ])('is not %s', (_, bytes) => {
    expect(readDescriptor(bytes)).toMatch(/CBOR/);
  });

  test('is not larger than 8 KiB', () => {
    expect(readDescriptor(new Uint8Array(8193))).toMatch(/8193/);
  });
});
