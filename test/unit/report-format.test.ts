import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decimalsOf,
  elapsedMs,
  formatChange,
  formatDuration,
  formatName,
  formatNumber,
  formatOrdinal,
  formatProbability,
  formatQuantity,
  formatTime,
} from '../../src/report/format.ts';
import type { ChannelFact, ReportStamp } from '../../src/values/report.ts';

function stamp(time: string, given: Partial<ReportStamp> = {}): ReportStamp {
  return { boot: 1, monoMs: 0, time, clock: 'synced', errorMs: null, ...given };
}

function fact(value: number, baseline: number, spread: number, unit = 'mm/s'): ChannelFact {
  const since = stamp('2026-11-20T14:32:00.000Z');
  const words = { channel: 'v', name: 'v', unit, direction: 'above' as const };
  return { ...words, value, baseline, spread, extreme: value, share: 1, since };
}

const write = (of: ChannelFact) =>
  [of.value, of.baseline].map((value) => formatNumber(value, decimalsOf(of)));

describe('a number', () => {
  test.each([
    [fact(7.4123, 2.3012, 0.3), ['7.4', '2.3']],
    [fact(0.1 + 0.2, 0.1, 0.02), ['0.30', '0.10']],
    [fact(12_900.4, 11_200, 230), ['12,900', '11,200']],
    [fact(1013.35, 1013.25, 0.02), ['1,013.35', '1,013.25']],
    [fact(-3.21, 0.004, 0.5), ['-3.2', '0.0']],
    [fact(25.3171, 20, 1e-6), ['25.32', '20.00']],
    [fact(4.1e-12, 1e-12, 1e-13), ['4.1e-12', '1e-12']],
    [fact(1.5e12, 1e12, 1e9), ['1.5e12', '1e12']],
  ])('is written as finely as its spread is wide: %#', (of, expected) => {
    expect(write(of)).toEqual(expected);
  });

  test.each([
    [-0, 1, '0.0'],
    [0, 9, '0'],
    [-0.04, 1, '0.0'],
    [-1e-30, 9, '0'],
    [1e9, 0, '1e9'],
    [-123_456_789, 0, '-123,456,789'],
  ])('%d with %d decimals is "%s"', (value, decimals, expected) => {
    expect(formatNumber(value, decimals)).toBe(expected);
  });

  test('is short, reads back as about itself, and is never NaN, whatever it is', () => {
    const double = fc.double({ min: -1e300, max: 1e300, noNaN: true });
    const spread = fc.double({ min: Number.MIN_VALUE, max: 1e300, noNaN: true });
    fc.assert(
      fc.property(double, double, spread, (value, baseline, width) => {
        const of = fact(value, baseline, width);
        const decimals = decimalsOf(of);
        for (const number of [value, baseline]) {
          const text = formatNumber(number, decimals);
          expect(text).toMatch(/^-?\d[\d,]*(\.\d+)?(e-?\d+)?$/);
          expect(text.length).toBeLessThanOrEqual(19);
          const error = Math.abs(Number(text.replaceAll(',', '')) - number);
          expect(error).toBeLessThanOrEqual(Math.max(10 ** -decimals, Math.abs(number) / 1000));
        }
      }),
    );
  });

  test('of a channel that deviates looks different from its baseline', () => {
    const baseline = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    const spread = fc.double({ min: 0.001, max: 1e5, noNaN: true });
    const spreads = fc.double({ min: 2, max: 1e3, noNaN: true });
    fc.assert(
      fc.property(baseline, spread, spreads, (normal, width, away) => {
        const [value, usual] = write(fact(normal + away * width, normal, width));
        expect(value).not.toBe(usual);
      }),
    );
  });

  test.each([
    ['mm/s', '7.4 mm/s'],
    ['', '7.4'],
    [' ', '7.4'],
    ['a unit that goes on and on', '7.4 a unit that goe…'],
  ])('with the unit "%s" is "%s"', (unit, expected) => {
    expect(formatQuantity(7.4, unit, 1)).toBe(expected);
  });
});

describe('a change', () => {
  test.each([
    [fact(7.4, 2.3, 0.3), '+220 %'],
    [fact(1.5, 2.3, 0.3), '-35 %'],
    [fact(-3, -2, 0.1), '-50 %'],
    [fact(30, 2, 0.1), '+1,400 %'],
    [fact(0, 2, 0.1), '-100 %'],
    [fact(2.13, 1.97, 0.02), '+8 %'],
  ])('is a percentage of the baseline in two digits: %#', (of, expected) => {
    expect(formatChange(of.value, of)).toBe(expected);
  });

  test.each([
    ['the baseline is lost in its spread', fact(7.4, 2.3, 0.6)],
    ['the baseline is zero', fact(7.4, 0, 0.1)],
    ['the sign changed', fact(-7.4, 2.3, 0.1)],
    ['zero is a convention of the unit', fact(85, 60, 1, '°C')],
    ['the unit is a percentage itself', fact(85, 60, 1, '%')],
    ['it is less than one percent', fact(1013.4, 1009.4, 0.1, 'hPa')],
    ['it is beyond imagination', fact(1e12, 1, 0.1)],
    ['it overflows', fact(1e308, 1e-300, 1e-302)],
  ])('is not given when %s', (_reason, of) => {
    expect(formatChange(of.value, of)).toBeUndefined();
  });
});

describe('a duration', () => {
  const [s, min, h, d] = [1000, 60_000, 3_600_000, 86_400_000];
  test.each([
    [0, 'less than 1 s'],
    [8 * s, '8 s'],
    [119 * s, '119 s'],
    [119.6 * s, '2 min'],
    [12 * min, '12 min'],
    [59.6 * min, '1 h'],
    [3 * h + 20 * min, '3 h 20 min'],
    [47 * h, '47 h'],
    [2 * d, '2 days'],
    [1e15, '11,574,074 days'],
  ])('of %d ms is "%s"', (durationMs, expected) => {
    expect(formatDuration(durationMs)).toBe(expected);
  });
});

describe('a time', () => {
  const now = stamp('2026-11-20T14:38:00.000Z');
  test.each([
    ['2026-11-20T14:32:59.999Z', '14:32 UTC'],
    ['2026-11-02T04:05:00.000Z', '2 Nov 04:05 UTC'],
    ['2025-11-20T14:32:00.000Z', '20 Nov 2025 14:32 UTC'],
  ])('%s is "%s", with as much of the date as is needed', (time, expected) => {
    expect(formatTime(stamp(time), now)).toBe(expected);
  });

  test('has its full date when the clock of the reader’s reference was not set', () => {
    const unset = stamp('1970-01-01T00:00:00.000Z', { clock: 'floor' });
    expect(formatTime(now, unset)).toBe('20 Nov 2026 14:38 UTC');
  });

  test.each(['floor', 'unknown'] as const)('is not given when the clock is %s', (clock) => {
    expect(formatTime({ ...now, clock }, now)).toBeUndefined();
  });

  test.each(['synced', 'gnss', 'manual'] as const)('is given when the clock is %s', (clock) => {
    expect(formatTime({ ...now, clock }, now)).toBe('14:38 UTC');
  });

  test('is compared by the monotonic clock within a boot, and by wall time only between trusted clocks', () => {
    const later = stamp('2026-11-20T15:38:00.000Z', { monoMs: 5000 });
    expect(elapsedMs(now, later)).toBe(5000);
    expect(elapsedMs(later, now)).toBe(0);
    expect(elapsedMs(now, { ...later, boot: 2 })).toBe(3_600_000);
    expect(elapsedMs({ ...later, boot: 2 }, now)).toBe(0);
    expect(elapsedMs(now, { ...later, boot: 2, clock: 'floor' })).toBeUndefined();
  });
});

describe('a name', () => {
  test.each([
    ['Feed pump 1', 'Feed pump 1'],
    [' Feed\n\tpump\u0000 ', 'Feed pump'],
    ['pump\u202eevil', 'pump evil'],
    ['', 'unnamed'],
    ['\ud800', '\ufffd'],
    ['x'.repeat(65), `${'x'.repeat(63)}…`],
    [`${'x'.repeat(62)}🛠️🛠️`, `${'x'.repeat(62)}…`],
  ])('is one clean line: %j', (name, expected) => {
    expect(formatName(name)).toBe(expected);
  });
});

test('counts and probabilities are written as people say them', () => {
  expect([1, 2, 3, 4, 11, 12, 22, 103].map((count) => formatOrdinal(count))).toEqual([
    ...['1st', '2nd', '3rd', '4th', '11th', '12th', '22nd', '103rd'],
  ]);
  expect([0, 0.724, 1].map((share) => formatProbability(share))).toEqual(['0 %', '72 %', '100 %']);
});

test('no probability below one is written as a certainty', () => {
  expect([0.994, 0.997, 0.9994, 0.99999].map((share) => formatProbability(share))).toEqual([
    ...['99 %', '99.7 %', '99.9 %', '99.9 %'],
  ]);
  expect(formatProbability(0.997, 'de')).toBe('99,7 %');
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (share) => {
      const written = Number(formatProbability(share).slice(0, -2));
      expect(written).toBeLessThan(100);
      expect(Math.abs(written - share * 100)).toBeLessThanOrEqual(0.5 + 1e-9);
    }),
  );
});
