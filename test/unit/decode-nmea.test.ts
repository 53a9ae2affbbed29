import { Buffer } from 'node:buffer';
import { describe, expect, it, test } from 'vitest';
import { createDecoder } from '../../src/decode/decoder.ts';
import { SATELLITE_NAMES } from '../../src/decode/nmea/satellites.ts';
import type { Decoded, Sample } from '../../src/values/sample.ts';
import { secondOf, sentence } from '../support/nmea.ts';

const NOON_MS = Date.UTC(2027, 5, 1, 12);

const open = (protocol: 'nmea' | 'auto' = 'nmea') => createDecoder({ source: 'gps', protocol });
const read = (...texts: readonly string[]) => open().decode(Buffer.from(texts.join('')), 5000);
const samples = (found: readonly Decoded[]) => found.filter((item): item is Sample => item.kind === 'sample');
const noise = (found: readonly Decoded[]) => found.filter((item) => item.kind === 'noise');
const times = (found: readonly Decoded[]) => found.filter((item) => item.kind === 'time');

/** Name and value of everything that is a number. */
function values(found: readonly Decoded[]): Record<string, number> {
  return Object.fromEntries(
    samples(found).flatMap((sample) =>
      sample.names.flatMap((name, at) => {
        const value = sample.values[at] ?? Number.NaN;
        return Number.isNaN(value) ? [] : [[name, value]];
      }),
    ),
  );
}

describe('sentences of NMEA 0183', () => {
  it('of one second tell position, speed, satellites and precision', () => {
    const found = read(secondOf(NOON_MS));
    const told = values(found);
    expect(told['gnss.latitude']).toBeCloseTo(47.2852395, 7);
    expect(told['gnss.longitude']).toBeCloseTo(8.5652537, 7);
    expect(told['gnss.speed']).toBeCloseTo(10.001 / 3.6, 9);
    expect(told).toMatchObject({
      'gnss.altitude': 499.6,
      'gnss.course': 77.52,
      'gnss.fix': 3,
      'gnss.satellites': 8,
      'gnss.hdop': 1.18,
      'gnss.pdop': 1.94,
      'gnss.vdop': 1.54,
      'gnss.mode': 3,
      'gnss.satellitesInView': 7,
    });
    expect(told['gnss.signal']).toBeCloseTo((44 + 47 + 41 + 36 + 30 + 32) / 6, 9);
  });

  it('carry the time of their second, whichever of them tells it', () => {
    expect(samples(read(secondOf(NOON_MS))).map(({ deviceMs }) => deviceMs)).toEqual(
      Array.from({ length: 6 }, () => NOON_MS),
    );
  });

  it('of makers and of unknown kinds are skipped and counted', () => {
    expect(noise(read(secondOf(NOON_MS))).map(({ reason }) => reason)).toEqual([
      'unused-sentence',
      'unused-sentence',
    ]);
  });

  test.each([
    ['any talker', 'IIHDT,271.5,T', { 'heading.true': 271.5 }],
    ['south and west', 'GPGGA,120000,3350.5,S,15112.3,W,1,5,2,3,M,,M,,', { 'gnss.latitude': -33.841666 }],
    ['a fix by RTK', 'GPGGA,120000,3350.5,S,15112.3,W,4,9,0.6,3,M,,M,,', { 'gnss.fix': 6 }],
    ['no fix', 'GPGGA,,,,,,0,00,99.99,,,,,,', { 'gnss.fix': 1, 'gnss.satellites': 0 }],
    ['speed in knots alone', 'GPVTG,,T,,M,10.0,N,,K,D', { 'gnss.speed': 5.144444 }],
    [
      'apparent wind in knots',
      'WIMWV,214.8,R,10.0,N,A',
      { 'wind.apparentAngle': 214.8, 'wind.apparentSpeed': 5.144444 },
    ],
    ['true wind in km/h', 'WIMWV,10,T,36,K,A', { 'wind.trueAngle': 10, 'wind.trueSpeed': 10 }],
    ['depth in metres', 'SDDBT,38.9,f,11.87,M,6.4,F', { 'water.depth': 11.87 }],
    ['depth in feet alone', 'SDDBT,10.0,f,,M,,F', { 'water.depth': 3.048 }],
    ['depth with offset', 'SDDPT,2.4,-0.5', { 'water.depth': 2.4, 'water.transducerOffset': -0.5 }],
    [
      'weather',
      'WIMDA,30.02,I,1.0166,B,26.8,C,18.2,C,64.2,,19.5,C,,T,,M,,N,,M',
      {
        'weather.pressure': 1016.6,
        'weather.temperature': 26.8,
        'water.temperature': 18.2,
        'weather.humidity': 64.2,
      },
    ],
    ['temperature of the water', 'YXMTW,17.75,C', { 'water.temperature': 17.75 }],
    [
      'transducers by name, or by type without one',
      'IIXDR,C,19.5,C,ENGINE ROOM,P,1.02,B,',
      { 'xdr.ENGINE_ROOM': 19.5, 'xdr.pressure': 1.02 },
    ],
  ])('read: %s', (_, body, expected) => {
    const told = values(read(sentence(body)));
    for (const [name, value] of Object.entries(expected)) expect(told[name]).toBeCloseTo(value as number, 5);
  });

  test.each([
    ['status V', 'GPRMC,120000,V,4717.1,N,00833.9,E,1,2,010627,,,N'],
    ['a mode that is estimated', 'GPRMC,120000,A,4717.1,N,00833.9,E,1,2,010627,,,E'],
    ['wind that is not valid', 'WIMWV,214.8,R,10.0,N,V'],
    ['wind in a unit that nobody knows', 'WIMWV,,R,10.0,Q,A'],
    ['nothing at all', 'GPVTG,,,,,,,,,N'],
  ])('tell no value with %s', (_, body) => {
    expect(read(sentence(body))).toEqual([]);
  });

  test.each([
    ['a latitude beyond the pole', 'GPGGA,120000,9117.1,N,00833.9,E,1,5,2,3,M,,M,,', '9117.1,N'],
    ['minutes over 60', 'GPGGA,120000,4761.1,N,00833.9,E,1,5,2,3,M,,M,,', '4761.1,N'],
    ['a hemisphere that there is not', 'GPGGA,120000,4717.1,X,00833.9,E,1,5,2,3,M,,M,,', '4717.1,X'],
    ['text where a number belongs', 'IIHDT,north,T', 'north'],
  ])('with %s are noise in that field', (_, body, excerpt) => {
    expect(noise(read(sentence(body)))).toMatchObject([{ reason: 'not-a-number', excerpt }]);
  });

  it('without a checksum, or with a wrong one, are not believed', () => {
    const good = sentence('IIHDT,271.5,T');
    expect(read('$IIHDT,271.5,T\r\n')).toMatchObject([{ reason: 'bad-frame' }]);
    expect(read(good.replace('271', '272'))).toMatchObject([{ reason: 'bad-crc' }]);
    expect(read(good.replace('*', '*0'))).toMatchObject([{ reason: 'bad-frame' }]);
    expect(read(good.replace(/\*../, '*zz'))).toMatchObject([{ reason: 'bad-crc' }]);
  });

  it('are found again after one that was cut off, and after noise', () => {
    const found = read('\u0000\u00ff$GPGG', sentence('IIHDT,1,T'), 'boot ok', sentence('IIHDT,2,T'));
    expect(samples(found).map(({ values: [heading] }) => heading)).toEqual([1, 2]);
    expect(noise(found)).toMatchObject([{ sizeBytes: 3 }, { sizeBytes: 5 }, { sizeBytes: 7 }]);
  });

  it('that never end take no more memory than their limit', () => {
    const found = read('$', 'A'.repeat(5000), '\r\n', sentence('IIHDT,1,T'));
    expect(noise(found)[0]).toMatchObject({ reason: 'line-too-long', sizeBytes: 256 });
    expect(samples(found)).toHaveLength(1);
  });

  it('about satellites are told when their group is whole, and forgotten when it is not', () => {
    const part = (number: number) => sentence(`GPGSV,3,${number},09,1,2,3,40,2,2,3,40,3,2,3,40,4,2,3,40`);
    expect(samples(read(part(1), part(2), part(3)))).toMatchObject([{ names: SATELLITE_NAMES }]);
    expect(samples(read(part(1), part(3)))).toEqual([]);
    expect(samples(read(sentence('GPGSV,99,1,9,1,2,3,40')))).toEqual([]);
  });

  it('of transducers with the same name are not guessed at', () => {
    expect(read(sentence('IIXDR,C,1,C,A,C,2,C,A'))).toEqual([]);
  });

  it('of one layout keep the same names', () => {
    const [first, second] = samples(read(sentence('IIXDR,C,1,C,A'), sentence('IIXDR,C,2,C,A')));
    expect(second?.names).toBe(first?.names);
  });
});

describe('the time of a receiver', () => {
  it('is told once a second', () => {
    const found = read(secondOf(NOON_MS), secondOf(NOON_MS + 1000));
    expect(times(found)).toEqual(
      [NOON_MS, NOON_MS + 1000].map((wallMs) => ({
        ...{ kind: 'time', source: 'gps', monoMs: 5000, errorMs: 1500 },
        wallMs,
      })),
    );
  });

  it('is told once where RMC and ZDA tell the same', () => {
    expect(times(read(secondOf(NOON_MS), sentence('GPZDA,120000.00,01,06,2027,00,00')))).toHaveLength(1);
  });

  test.each([
    ['without a fix', sentence('GPRMC,120000,V,,,,,,,010627,,,N')],
    ['by ZDA alone, which does not say whether there is a fix', sentence('GPZDA,120000,01,06,2027,00,00')],
    ['without a date', sentence('GPGGA,120000,4717.1,N,00833.9,E,1,5,2,3,M,,M,,')],
    ['for a day that does not exist', sentence('GPRMC,120000,A,4717.1,N,00833.9,E,1,2,310227,,,A')],
    ['for an hour that does not exist', sentence('GPRMC,250000,A,4717.1,N,00833.9,E,1,2,010627,,,A')],
  ])('is not told %s', (_, text) => {
    expect(times(read(text))).toEqual([]);
  });

  it('is of the right day at midnight, also where GGA comes before RMC', () => {
    const lateMs = Date.UTC(2027, 5, 1, 23, 59, 59);
    const midnight = sentence('GPGGA,000000.00,4717.1,N,00833.9,E,1,5,2,3,M,,M,,');
    expect(samples(read(secondOf(lateMs), midnight)).at(-1)?.deviceMs).toBe(lateMs + 1000);
  });

  it('is forgotten without a fix', () => {
    const lost = sentence('GPRMC,120001,V,,,,,,,010627,,,N');
    expect(samples(read(secondOf(NOON_MS), lost, sentence('IIHDT,1,T'))).at(-1)?.deviceMs).toBeUndefined();
  });
});

describe('recognition', () => {
  it('takes three sentences for NMEA 0183', () => {
    const found = open('auto').decode(Buffer.from(secondOf(NOON_MS)), 0);
    expect(values(found)['gnss.satellites']).toBe(8);
  });

  it('loses no sentence that came before', () => {
    const decoder = open('auto');
    const text = Buffer.from(secondOf(NOON_MS));
    const found = [...text].flatMap((byte) => decoder.decode(Uint8Array.of(byte), 0));
    expect(found).toEqual(open('nmea').decode(text, 0));
  });

  it('leaves text to text, also where a line looks like a sentence', () => {
    const decoder = open('auto');
    const lines = Array.from({ length: 50 }, (_, at) => `price:${at} note:$${at}*00!\n`).join('');
    expect(decoder.decode(Buffer.from(lines), 0)).toEqual([]);
    const found = decoder.tick?.(2500) ?? [];
    expect(found.length).toBeGreaterThan(0);
    expect(noise(found).map(({ reason }) => reason)).not.toContain('bad-crc');
  });
});
