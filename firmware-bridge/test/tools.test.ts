import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generatedFiles } from '../protocol/generate.ts';
import { type CborValue, encodeCbor } from '../tools/cbor.ts';
import { crc32c } from '../tools/crc32c.ts';
import { descriptorOf, readDescription } from '../tools/description.ts';
import { descriptorHeader } from '../tools/descriptor.ts';

const bridge = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(bridge, path), 'utf8');
const hex = (value: CborValue) => Buffer.from(encodeCbor(value)).toString('hex');

const FIELD = { name: 'speed', type: 'u16', unit: '1/min' };
const STREAM = { id: 1, name: 'fan', rate: 10, fields: [FIELD] };

/** A description that is sound but for what is put over its only stream. */
const withStream = (change: object) => ({ board: 'bench', streams: [{ ...STREAM, ...change }] });
const withField = (change: object) => withStream({ fields: [{ ...FIELD, ...change }] });

describe('the generated files', () => {
  for (const [path, text] of Object.entries(generatedFiles())) {
    test(`${path} is fresh`, () => {
      expect(read(`../${path}`)).toBe(text);
    });
  }

  const folders = [...readdirSync(join(bridge, 'examples')).map((name) => `examples/${name}`), 'ports/posix'];
  for (const folder of folders) {
    test(`${folder}/descriptor.h is fresh`, () => {
      const description = readDescription(JSON.parse(read(`${folder}/descriptor.json`)));
      expect(read(`${folder}/descriptor.h`)).toBe(descriptorHeader(description));
    });
  }
});

describe('the CBOR of a descriptor', () => {
  test('is that of the golden vectors', () => {
    const { descriptor } = JSON.parse(read('test/vectors/bridge.json'));
    expect(hex(descriptor.value)).toBe(descriptor.cbor);
    expect(crc32c(Buffer.from(descriptor.cbor, 'hex'))).toBe(descriptor.crc32c);
  });

  test('has each number in its shortest form', () => {
    const numbers = [
      0,
      23,
      24,
      255,
      256,
      65_535,
      65_536,
      2 ** 32,
      -1,
      -25,
      0.5,
      -0.1,
      1.1,
      2 ** -24,
      65_504.5,
    ];
    expect(numbers.map(hex)).toEqual([
      '00',
      '17',
      '1818',
      '18ff',
      '190100',
      '19ffff',
      '1a00010000',
      '1b0000000100000000',
      '20',
      '3818',
      'f93800',
      'fbbfb999999999999a',
      'fb3ff199999999999a',
      'f90001',
      'fa477fe080',
    ]);
  });

  test('sorts keys by their encoded bytes: the shorter first', () => {
    expect(hex({ bb: 1, a: 2, ba: 3 })).toBe('a36161026262610362626201');
  });

  test('holds every number exactly', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const bytes = Buffer.from(encodeCbor(value));
        if (bytes[0] === 0xfb) expect(bytes.readDoubleBE(1)).toBe(value);
        if (bytes[0] === 0xfa) expect(bytes.readFloatBE(1)).toBe(value);
        expect(bytes[0] === 0xfb && Math.fround(value) === value).toBe(false);
      }),
    );
  });
});

describe('a description', () => {
  test('becomes a map with the number of its schema', () => {
    expect(descriptorOf(readDescription(withStream({})))).toMatchObject({ schema: 1, board: 'bench' });
  });

  const faults: readonly [string, unknown, RegExp][] = [
    ['without a board', { streams: [STREAM] }, /^board: missing$/m],
    ['that is no map', 7, /must be a map/],
    ['without streams', { board: 'bench', streams: [] }, /streams: must be 1 to 32/],
    ['with an unknown key', { ...withStream({}), rate: 5 }, /^rate: unknown key/m],
    ['with a stream twice', { board: 'bench', streams: [STREAM, STREAM] }, /id 1 is there twice/],
    ['with the id of the device itself', withStream({ id: 0 }), /id: must be 1 to 255, is 0/],
    ['with a name in capitals', withStream({ name: 'Fan' }), /name: must be a-z/],
    ['with a rate of zero', withStream({ rate: 0 }), /rate: must be above 0/],
    ['with a burst without a rate', withStream({ rate: undefined, burst: 8 }), /rate: a burst needs one/],
    ['with a burst over 65535 bytes', withStream({ burst: 32_768 }), /burst: over 65535 bytes/],
    ['with a field twice', withStream({ fields: [FIELD, FIELD] }), /speed is there twice/],
    ['with an unknown type', withField({ type: 'u64' }), /type: must be one of u8, .* is u64/],
    ['with an unknown kind', withField({ kind: 'gauge' }), /kind: must be one of value/],
    ['with a scale of zero', withField({ scale: 0 }), /scale: 0/],
    ['with a scale in words', withField({ scale: '1' }), /scale: must be of type number, is "1"/],
    ['with a unit that is too long', withField({ unit: 'furlongs/fortnight' }), /unit: over 16 bytes/],
    [
      'whose sample is too long',
      withStream({
        fields: Array.from({ length: 62 }, (_, i) => ({ ...FIELD, name: `f${i}`, type: 'u32' })),
      }),
      /248 bytes, over 245/,
    ],
  ];
  for (const [what, description, message] of faults) {
    test(`${what} is refused, and says why`, () => {
      expect(() => readDescription(description)).toThrow(message);
    });
  }
});
