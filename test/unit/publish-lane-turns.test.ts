import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LaneTurns } from '../../src/publish/lane-turns.ts';
import { LANES, type Lane } from '../../src/values/lane.ts';

function turnsOf(waiting: readonly Lane[], count: number): (Lane | undefined)[] {
  const turns = new LaneTurns();
  return Array.from({ length: count }, () => turns.next(waiting));
}

function countsOf(lanes: readonly unknown[]): Record<string, number> {
  return Object.fromEntries(LANES.map((lane) => [lane, lanes.filter((turn) => turn === lane).length]));
}

describe('the turns of the lanes', () => {
  test('are none when nothing waits', () => {
    expect(new LaneTurns().next([])).toBeUndefined();
  });

  test('are those of the only lane that has something', () => {
    for (const lane of LANES) expect(new Set(turnsOf([lane], 100))).toEqual(new Set([lane]));
  });

  test('begin with a critical report, whatever went before', () => {
    const others = fc.subarray(LANES.filter((lane) => lane !== 'critical'));
    fc.assert(
      fc.property(fc.array(others, { maxLength: 40 }), others, (before, now) => {
        const turns = new LaneTurns();
        for (const waiting of before) turns.next(waiting);
        expect(turns.next(['critical', ...now])).toBe('critical');
      }),
    );
  });

  test('give the lanes behind the critical one their shares', () => {
    const counts = countsOf(turnsOf(['incident', 'update', 'evidence', 'telemetry'], 150));
    expect(counts).toEqual({ critical: 0, incident: 80, update: 40, evidence: 20, telemetry: 10 });
  });

  test('leave every sixteenth to the others while critical reports flood', () => {
    const counts = countsOf(turnsOf(LANES, 16 * 15));
    expect(counts).toEqual({ critical: 225, incident: 8, update: 4, evidence: 2, telemetry: 1 });
  });

  test('starve no lane, whichever lanes come and go', () => {
    const waiting = fc.array(fc.subarray([...LANES]), { minLength: 300, maxLength: 300 });
    fc.assert(
      fc.property(waiting, fc.constantFrom(...LANES), (series, patient) => {
        const turns = new LaneTurns();
        const given = series.map((lanes) => turns.next([...new Set([...lanes, patient])]));
        expect(given).toContain(patient);
      }),
      { numRuns: 50 },
    );
  });

  test('go to lanes that wait', () => {
    fc.assert(
      fc.property(fc.array(fc.subarray([...LANES], { minLength: 1 })), (series) => {
        const turns = new LaneTurns();
        for (const waiting of series) expect(waiting).toContain(turns.next(waiting));
      }),
    );
  });
});
