import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NmeaDecoder } from '../../src/decode/nmea/decoder.ts';
import type { Decoded } from '../../src/values/sample.ts';
import { secondOf, sentence } from '../support/nmea.ts';

const RUNS = process.env['FIELDNOTE_NIGHTLY'] === undefined ? 2000 : 100_000;
const KINDS = 'GGA RMC VTG GSA GSV ZDA XDR MWV MDA MTW DBT DPT HDT GLL'.split(' ');

/** Fields that are almost right, so that the rules behind the checksum are reached. */
const field = fc.oneof(
  fc.constantFrom('', 'A', 'V', 'N', 'S', 'E', 'W', 'T', 'R', 'K', 'M', '0', '1', '-1', '1e300', 'nan'),
  fc.integer({ min: -200, max: 300_000 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.stringMatching(/^[ -#%-)+-~]{0,12}$/).map((text) => text.replaceAll(/[!,]/g, '')),
);
const made = fc
  .tuple(
    fc.constantFrom('GP', 'GN', 'II', 'P', 'U'),
    fc.constantFrom(...KINDS),
    fc.array(field, { maxLength: 30 }),
  )
  .map(([talker, kind, fields]) => sentence([talker + kind, ...fields].join(',')));
const bytes = fc.oneof(
  made.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 400 }),
  fc.constant(Buffer.from(secondOf(Date.UTC(2027, 1, 1)))),
);

function expectSound(found: readonly Decoded[]): void {
  for (const item of found) {
    if (item.kind === 'sample') {
      expect(item.values).toHaveLength(item.names.length);
      for (const value of item.values) expect(Math.abs(value)).not.toBe(Number.POSITIVE_INFINITY);
      expect(new Set(item.names).size).toBe(item.names.length);
      expect(item.deviceMs === undefined || Number.isFinite(item.deviceMs)).toBe(true);
    }
    if (item.kind === 'noise') expect(item.excerpt.length).toBeLessThanOrEqual(64);
    if (item.kind === 'time') expect(Number.isFinite(item.wallMs)).toBe(true);
  }
}

test('whatever comes, NMEA is read without a throw, and what is found can be true', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 12 }), (chunks) => {
      const decoder = new NmeaDecoder('gps');
      for (const [at, chunk] of chunks.entries()) expectSound(decoder.decode(chunk, at));
      expectSound(decoder.finish(chunks.length));
      expectSound(decoder.reset(chunks.length));
    }),
    { numRuns: RUNS },
  );
});

test('what is found does not depend on how the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 6 }), fc.integer({ min: 1, max: 40 }), (chunks, size) => {
      const all = Buffer.concat(chunks);
      const whole = new NmeaDecoder('gps');
      const inParts = new NmeaDecoder('gps');
      const found = [...whole.decode(all, 1), ...whole.finish(1)];
      const parts: Decoded[] = [];
      for (let at = 0; at < all.length; at += size)
        parts.push(...inParts.decode(all.subarray(at, at + size), 1));
      parts.push(...inParts.finish(1));
      expect(parts).toEqual(found);
    }),
    { numRuns: RUNS / 4 },
  );
});

test('a sentence with one wrong character is never read as another', () => {
  const good = Buffer.from(sentence('GPGGA,120000,4717.1,N,00833.9,E,1,05,2.1,3.2,M,,M,,'));
  fc.assert(
    fc.property(fc.nat({ max: good.length - 6 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const damaged = Buffer.from(good);
      if (damaged[at] === byte) return;
      damaged[at] = byte;
      const found = new NmeaDecoder('gps').decode(damaged, 0);
      expect(found.filter(({ kind }) => kind !== 'noise')).toEqual([]);
    }),
    // A start of another kind, which the checksum does not cover.
    { numRuns: RUNS, examples: [[0, 0x21]] },
  );
});

test('a flood of beginnings is told in few words', () => {
  const decoder = new NmeaDecoder('gps');
  const found = Array.from({ length: 100 }, (_, at) => decoder.decode(Buffer.alloc(1024, 0x24), at)).flat();
  expect(found.length).toBeLessThanOrEqual(100);
});
