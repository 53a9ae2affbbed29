import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { latestTimeMs, periodDue, stampOfWall } from '../../src/digest-times.ts';
import { offsetMs } from '../../src/values/period.ts';
import type { Stamp } from '../../src/values/stamp.ts';

const zone = process.env['TZ'];
process.env['TZ'] = 'Europe/Berlin';
afterAll(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

const HOUR_MS = 3_600_000;
const SHIFTS = ['06:00', '14:00', '22:00'];
/** 23 Nov 2026, 00:00 in Berlin. */
const DAY_MS = Date.UTC(2026, 10, 22, 23);

/** So many hours of the day, in a boot that began the day before. */
function at(hours: number, changes: Partial<Stamp> = {}): Stamp {
  const monoMs = (24 + hours) * HOUR_MS;
  return { boot: 2, monoMs, wallMs: DAY_MS + hours * HOUR_MS, clock: 'synced', errorMs: 1000, ...changes };
}

const due = (now: Stamp, told: Stamp, at = SHIFTS) => periodDue({ at, now, told, began: told });

describe('a digest by the time of the day', () => {
  test('is due at each of its times, about the time since the last one', () => {
    expect(due(at(13.99), at(6))).toBeUndefined();
    expect(due(at(14.01), at(6))).toEqual({ from: at(6), to: at(14) });
    expect(due(at(14.02), at(14))).toBeUndefined();
  });

  test('is due late when the device was off at its time, once for all that were missed', () => {
    const before = { ...at(-30), boot: 1 };
    const period = due(at(7), before);
    expect(period).toEqual({ from: before, to: at(6) });
    expect(due(at(7.01), at(6))).toBeUndefined();
  });

  test('is never due when no time is configured', () => {
    expect(due(at(100), at(0), [])).toBeUndefined();
  });

  test('does not come again when the clock goes back', () => {
    const back = { ...at(13), monoMs: at(14.5).monoMs };
    expect(due(back, at(14))).toBeUndefined();
  });

  test('comes after as much running where nobody knows the time', () => {
    const lost = { clock: 'unknown', wallMs: 0 } as const;
    expect(due(at(7.9, lost), at(0, lost))).toBeUndefined();
    expect(due(at(8, lost), at(0, lost))).toEqual({ from: at(0, lost), to: at(8, lost) });
    expect(due(at(23, lost), at(0, lost), ['06:00'])).toBeUndefined();
    expect(due(at(24, lost), at(0, lost), ['06:00'])).toBeDefined();
  });

  test('comes after as much running where a board began far in the past', () => {
    const told = at(0, { boot: 1 });
    const past = (hours: number) => {
      const now = at(hours, { clock: 'floor' });
      return { ...now, wallMs: now.wallMs - 500 * HOUR_MS };
    };
    const dueSince = (hours: number) => periodDue({ at: SHIFTS, now: past(hours), told, began: past(0) });
    expect(dueSince(7.9)).toBeUndefined();
    expect(dueSince(8)).toEqual({ from: told, to: past(8) });
    expect(offsetMs(told, past(8))).toBe(Number.POSITIVE_INFINITY);
    expect(offsetMs(past(8), told)).toBe(Number.NEGATIVE_INFINITY);
  });

  test('counts the running since the start when the last one was before a restart', () => {
    const lost = { clock: 'unknown', wallMs: 0 } as const;
    const told = at(0, { ...lost, boot: 1 });
    const began = at(3, lost);
    expect(periodDue({ at: SHIFTS, now: at(10, lost), told, began })).toBeUndefined();
    expect(periodDue({ at: SHIFTS, now: at(11, lost), told, began })).toEqual({
      from: told,
      to: at(11, lost),
    });
  });

  test('keeps to the local time when the clocks go forward or back', () => {
    // 29 Mar and 25 Oct 2026, 07:00 in Berlin.
    for (const [wallMs, sixMs] of [
      [Date.UTC(2026, 2, 29, 5), Date.UTC(2026, 2, 29, 4)],
      [Date.UTC(2026, 9, 25, 6), Date.UTC(2026, 9, 25, 5)],
    ] as const)
      expect(latestTimeMs(SHIFTS, wallMs)).toBe(sixMs);
  });

  test('has the latest of its times that is past, whatever they are', () => {
    const times = fc.array(fc.record({ h: fc.nat(23), m: fc.nat(59) }), { minLength: 1, maxLength: 6 });
    const text = ({ h, m }: { h: number; m: number }) =>
      `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`;
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 400 * 24 * 60 }), (chosen, minutes) => {
        const nowMs = DAY_MS + minutes * 60_000;
        const latestMs = latestTimeMs(chosen.map(text), nowMs) ?? Number.NaN;
        expect(latestMs).toBeLessThanOrEqual(nowMs);
        expect(nowMs - latestMs).toBeLessThanOrEqual(25 * HOUR_MS);
        const latest = new Date(latestMs);
        const isNamed = chosen.some(({ h, m }) => h === latest.getHours() && m === latest.getMinutes());
        // A time that the clocks leave out comes an hour later.
        expect(isNamed || latest.getHours() === 3).toBe(true);
      }),
      { seed: 1 },
    );
  });
});

describe('a moment of the wall clock', () => {
  test('is one of this boot, or of one that nobody counted', () => {
    expect(stampOfWall(at(5).wallMs, at(7))).toEqual(at(5));
    expect(stampOfWall(at(-25).wallMs, at(7))).toMatchObject({ boot: 0, monoMs: 0, wallMs: at(-25).wallMs });
  });
});
