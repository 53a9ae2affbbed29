import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GnssTime, type Hearing } from '../../src/system/gnss-time.ts';

const FLOOR_MS = Date.UTC(2026, 10, 1);
const TRUE_MS = Date.UTC(2027, 5, 1, 12);
const ROLL_OVER_MS = 1024 * 7 * 86_400_000;

/** Tells once a second; `late` says by how much each telling is late, up to its error. */
function tell(
  gnss: GnssTime,
  {
    count,
    fromMs = 1000,
    offsetMs = TRUE_MS,
    errorMs = 1000,
    source = 'gps',
    late = () => 0,
  }: {
    readonly count: number;
    readonly fromMs?: number;
    readonly offsetMs?: number;
    readonly errorMs?: number;
    readonly source?: string;
    readonly late?: (at: number) => number;
  },
): Hearing[] {
  return Array.from({ length: count }, (_, at) => {
    const monoMs = fromMs + at * 1000;
    return gnss.hear({ source, monoMs, wallMs: monoMs + offsetMs - late(at), errorMs });
  });
}

describe('time from satellites', () => {
  it('knows nothing before the first telling', () => {
    expect(new GnssTime(FLOOR_MS).at(5000)).toBeUndefined();
  });

  it('believes no telling before five have agreed', () => {
    const gnss = new GnssTime(FLOOR_MS);
    expect(tell(gnss, { count: 4 }).every(({ kind }) => kind === 'waiting')).toBe(true);
    expect(gnss.at(4000)).toBeUndefined();
    expect(tell(gnss, { count: 1, fromMs: 5000 })).toEqual([{ kind: 'set', by: 0, rolledOver: false }]);
    expect(gnss.at(5000)).toEqual({ wallMs: TRUE_MS + 5500, errorMs: 500 });
  });

  it('believes no burst: tellings that agree must span three seconds', () => {
    const gnss = new GnssTime(FLOOR_MS);
    for (let at = 0; at < 20; at++)
      gnss.hear({ source: 'gps', monoMs: 1000 + at * 100, wallMs: TRUE_MS + at * 100, errorMs: 50 });
    expect(gnss.at(3000)).toBeUndefined();
  });

  it('believes no tellings that jump about', () => {
    const gnss = new GnssTime(FLOOR_MS);
    for (let at = 0; at < 60; at++)
      tell(gnss, { count: 1, fromMs: at * 1000, offsetMs: TRUE_MS + at * 7000 });
    expect(gnss.at(60_000)).toBeUndefined();
  });

  it.each([
    ['the epoch of GPS', Date.UTC(1980, 0, 6)],
    ['the birthday of many clocks', Date.UTC(2000, 0, 1)],
    ['the date of a receiver without a fix', Date.UTC(2080, 0, 6)],
    ['the week before this program was built', FLOOR_MS - 7 * 86_400_000],
    ['no number', Number.NaN],
    ['for ever', Number.POSITIVE_INFINITY],
  ])('refuses %s', (_, offsetMs) => {
    const gnss = new GnssTime(FLOOR_MS);
    expect(tell(gnss, { count: 10, offsetMs })).toEqual(
      Array.from({ length: 10 }, () => ({ kind: 'refused', reason: 'implausible' })),
    );
    expect(gnss.at(10_000)).toBeUndefined();
  });

  it('puts right the date of a receiver whose weeks have run over, and says so', () => {
    const gnss = new GnssTime(FLOOR_MS);
    const heard = tell(gnss, { count: 5, offsetMs: TRUE_MS - ROLL_OVER_MS });
    expect(heard.at(-1)).toEqual({ kind: 'set', by: 0, rolledOver: true });
    expect(gnss.at(5000)?.wallMs).toBe(TRUE_MS + 5500);
  });

  it('refuses a telling that is older than the one before', () => {
    const gnss = new GnssTime(FLOOR_MS);
    tell(gnss, { count: 3 });
    expect(tell(gnss, { count: 1, fromMs: 2000 })).toEqual([{ kind: 'refused', reason: 'out of order' }]);
  });

  it('lets a single jump pass without following it', () => {
    const gnss = new GnssTime(FLOOR_MS);
    tell(gnss, { count: 10 });
    const before = gnss.at(11_000);
    tell(gnss, { count: 1, fromMs: 11_000, offsetMs: TRUE_MS + 3_600_000 });
    expect(gnss.at(11_000)).toEqual(before);
  });

  it('follows a jump that lasts half a minute, such as leap seconds that were learned', () => {
    const gnss = new GnssTime(FLOOR_MS);
    tell(gnss, { count: 10, errorMs: 100 });
    const heard = tell(gnss, { count: 31, fromMs: 11_000, offsetMs: TRUE_MS - 2000, errorMs: 100 });
    expect(heard.slice(0, 30).every(({ kind }) => kind === 'waiting')).toBe(true);
    expect(heard.at(-1)).toMatchObject({ kind: 'moved', by: -2000 });
    expect(gnss.at(50_000)?.wallMs).toBe(TRUE_MS + 48_050);
  });

  it('widens its bound while nothing is told', () => {
    const gnss = new GnssTime(FLOOR_MS);
    tell(gnss, { count: 5 });
    expect(gnss.at(5000 + 86_400_000)?.errorMs).toBeCloseTo(500 + 8640, 6);
  });

  it('keeps the better of two receivers', () => {
    const gnss = new GnssTime(FLOOR_MS);
    tell(gnss, { count: 10, errorMs: 200 });
    const heard = tell(gnss, { count: 10, errorMs: 2000, source: 'second', late: () => 800 });
    expect(heard.every(({ kind }) => kind === 'kept')).toBe(true);
    expect(gnss.at(10_000)?.errorMs).toBe(100);
  });

  it('holds the true time in its bound, however late each telling is', () => {
    const lateness = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 5, maxLength: 60 });
    fc.assert(
      fc.property(lateness, fc.integer({ min: 10, max: 2000 }), (parts, errorMs) => {
        const gnss = new GnssTime(FLOOR_MS);
        const late = (at: number) => (parts[at] ?? 0) * errorMs;
        tell(gnss, { count: parts.length, errorMs, late });
        const nowMs = parts.length * 1000;
        const known = gnss.at(nowMs);
        expect(known).toBeDefined();
        const offByMs = Math.abs((known?.wallMs ?? 0) - (TRUE_MS + nowMs));
        expect(offByMs).toBeLessThanOrEqual((known?.errorMs ?? 0) + 0.01);
      }),
    );
  });
});
