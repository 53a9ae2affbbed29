import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDecoder, type Decoder } from '../../src/decode/decoder.ts';
import type { Decoded } from '../../src/values/sample.ts';

/** Bytes that mean something to some format come often, so that the formats are entered and left everywhere. */
const telling = fc.constantFrom(
  ...Buffer.from('{}[]":=,;\t \r\n\\0123456789.-+eEnaN_t'),
  0x00,
  0xc3,
  0xb6,
  0xff,
);
const garbage = fc
  .array(fc.oneof({ weight: 3, arbitrary: telling }, fc.integer({ min: 0, max: 255 })), { maxLength: 400 })
  .map((bytes) => Buffer.from(bytes));

const LINES = [
  '{"vib": 1.5, "temp": -3, "ts": 12}',
  '{"vib": NaN}',
  '{"imu": {"x": [1, 2]}}',
  'vib:1 temp:2',
  'a=1, b=nan',
  'time;a;Öl',
  '2020-03-09 10:14:33;1;2',
  '2020-03-09 10:14:34;1;',
  'x,y',
  '3,4',
  '# comment',
  '',
  'Booting, please wait',
  '{"half": ',
];
const line = fc.constantFrom(...LINES).map((text) => Buffer.from(text));
const lineEnd = fc.constantFrom('\n', '\r\n', '\r').map((text) => Buffer.from(text));
const stream = fc
  .array(fc.tuple(fc.oneof({ weight: 4, arbitrary: line }, garbage), lineEnd), { maxLength: 30 })
  .map((parts) => Buffer.concat(parts.flat()));

function feed(decoder: Decoder, bytes: Buffer, sizes: readonly number[]): Decoded[] {
  const decoded: Decoded[] = [];
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const end = start + (sizes[turn % sizes.length] ?? bytes.length);
    decoded.push(...decoder.decode(bytes.subarray(start, end), 0));
    start = end;
  }
  return [...decoded, ...decoder.reset(0)];
}

describe('the text decoder', () => {
  test('does not depend on how the bytes are cut into chunks', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(stream, sizes, (bytes, cuts) => {
        const whole = feed(createDecoder({ source: 's', protocol: 'text' }), bytes, [bytes.length]);
        expect(feed(createDecoder({ source: 's', protocol: 'text' }), bytes, cuts)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  test('gives only well-formed samples and noise, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.oneof(stream, garbage, fc.uint8Array({ maxLength: 2000 })), (bytes) => {
        for (const item of feed(createDecoder({ source: 's', protocol: 'text' }), Buffer.from(bytes), [64]))
          expectWellFormed(item);
      }),
      { numRuns: 500 },
    );
  });

  test('accounts for every byte: lines that were read, noise and line ends', () => {
    const sample = fc.constantFrom('{"a":1}', '{"a":1,"b":-2e3}', 'a:1 b:2', 'c=3');
    const noise = fc.constantFrom(
      '{"a":',
      'no data',
      'a:1 a:1',
      '7',
      '\u0000\u0001',
      `{"${'x'.repeat(70)}":1}`,
    );
    const lines = fc.array(fc.tuple(fc.oneof(sample, noise), fc.constantFrom('\n', '\r\n', '\r')));
    fc.assert(
      fc.property(lines, (parts) => {
        const decoded = feed(
          createDecoder({ source: 's', protocol: 'text' }),
          Buffer.from(parts.flat().join('')),
          [11],
        );
        let lost = parts.reduce((sum, [text]) => sum + text.length, 0);
        for (const [index, item] of decoded.entries())
          lost -= item.kind === 'noise' ? item.sizeBytes : (parts[index]?.[0].length ?? 0);
        expect(decoded.length).toBe(parts.length);
        expect(lost).toBe(0);
      }),
    );
  });

  test.each([
    ['NDJSON', '{"p":1,"q":2}'],
    ['a label line', 'p:1 q:2'],
  ])('reads %s after any garbage', (_, good) => {
    fc.assert(
      fc.property(garbage, (bytes) => {
        const decoder = createDecoder({ source: 's', protocol: 'text' });
        decoder.decode(bytes, 0);
        decoder.decode(Buffer.from('\n'), 0);
        const [sample] = decoder.decode(Buffer.from(`${good}\n`), 0).filter((item) => item.kind === 'sample');
        expect(sample).toMatchObject({ names: ['p', 'q'], values: [1, 2] });
      }),
      { numRuns: 300 },
    );
  });

  test('reads CSV rows after any garbage once the header is known', () => {
    fc.assert(
      fc.property(garbage, (bytes) => {
        const decoder = createDecoder({ source: 's', protocol: 'text' });
        decoder.decode(Buffer.from('p;q;r;s;u\n1;2;3;4;5\n'), 0);
        decoder.decode(bytes, 0);
        decoder.decode(Buffer.from('\n'), 0);
        const found = decoder.decode(Buffer.from('6;7;8;9;10\n'), 0).filter((item) => item.kind === 'sample');
        expect(found).toMatchObject([{ names: ['p', 'q', 'r', 's', 'u'], values: [6, 7, 8, 9, 10] }]);
      }),
      { numRuns: 300 },
    );
  });

  test('reads any object of numbers as JSON.parse does', () => {
    const notChannels = /^(time|datetime|timestamp|date|ts|ms|t)$|__proto__|\p{C}|\ufffd/iu;
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((text) => text.length <= 64 && !notChannels.test(text));
    const object = fc.dictionary(name, fc.integer(), { minKeys: 1, maxKeys: 20 });
    fc.assert(
      fc.property(object, (numbers) => {
        const [sample] = createDecoder({ source: 's', protocol: 'text' }).decode(
          Buffer.from(`${JSON.stringify(numbers)}\n`),
          0,
        );
        expect(sample).toMatchObject({ names: Object.keys(numbers), values: Object.values(numbers) });
      }),
    );
  });
});

function expectWellFormed(item: Decoded): void {
  if (item.kind === 'noise') {
    expect(item.sizeBytes).toBeGreaterThanOrEqual(0);
    expect(item.excerpt).toMatch(/^\P{C}{0,64}$/u);
    return;
  }
  if (item.kind !== 'sample') throw new Error(`text has no ${item.kind}`);
  expect(item.values.length).toBe(item.names.length);
  expect(item.values.length).toBeGreaterThan(0);
  expect(new Set(item.names).size).toBe(item.names.length);
  for (const name of item.names) expect(name.length).toBeLessThanOrEqual(64);
  for (const value of item.values) expect(Math.abs(value)).not.toBe(Number.POSITIVE_INFINITY);
}
