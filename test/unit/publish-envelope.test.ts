import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reportEventOf, withWallTimesCorrected } from '../../src/publish/envelope.ts';
import { type Report, type ReportStamp, reportSchema } from '../../src/values/report.ts';
import type { Stamp } from '../../src/values/stamp.ts';

const NONE = () => undefined;
const CLOCKS = ['synced', 'gnss', 'manual', 'floor', 'unknown'] as const;

function stamp(change: Partial<ReportStamp> = {}): ReportStamp {
  return {
    boot: 3,
    monoMs: 60_000,
    time: '1970-01-01T00:01:00.000Z',
    clock: 'unknown',
    errorMs: null,
    ...change,
  };
}

function report(change: Partial<Report> = {}): Report {
  return {
    id: '5c2f6d62-3f0e-4a6e-9f0a-0d8f0a7c9e11',
    revision: 2,
    event: 'updated',
    kind: 'machine',
    site: 'plant',
    node: 'pump7',
    asset: { key: 'pump', name: 'Pump 7' },
    severity: 'warning',
    opened: stamp({ monoMs: 30_000 }),
    updated: stamp(),
    closed: null,
    score: 1.5,
    peakScore: 2,
    episodes: 1,
    channels: [
      {
        channel: 'vib',
        name: 'Vibration',
        unit: 'mm/s',
        direction: 'above',
        value: 3,
        baseline: 1,
        spread: 0.5,
        extreme: 4,
        share: 1,
        since: stamp({ monoMs: 20_000 }),
      },
    ],
    labels: [],
    text: 'Vibration is high.',
    provenance: { textBy: 'template', model: 'a', config: 'b', agent: '1' },
    ...change,
  };
}

const SYNC: Stamp = {
  boot: 3,
  monoMs: 100_000,
  wallMs: Date.UTC(2026, 10, 20, 12, 0, 0),
  clock: 'synced',
  errorMs: 1000,
};

const anyStamp = fc.record<ReportStamp>({
  boot: fc.integer({ min: 0, max: 5 }),
  monoMs: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  time: fc
    .date({ min: new Date(0), max: new Date(253_402_300_799_999), noInvalidDate: true })
    .map((date) => date.toISOString()),
  clock: fc.constantFrom(...CLOCKS),
  errorMs: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
});

const anyReport = fc
  .record({ opened: anyStamp, updated: anyStamp, closed: fc.option(anyStamp), since: anyStamp })
  .map(({ since, ...stamps }) =>
    report({ ...stamps, channels: report().channels.map((fact) => ({ ...fact, since })) }),
  );

const anyPoint = fc.record<Stamp>({
  boot: fc.integer({ min: 0, max: 5 }),
  monoMs: fc.double({ min: 0, max: 1e13, noNaN: true }),
  wallMs: fc.integer({ min: 0, max: 253_402_300_799_999 }),
  clock: fc.constantFrom('synced', 'gnss'),
  errorMs: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
});

function stampsOf({ opened, updated, closed, channels }: Report): ReportStamp[] {
  return [opened, updated, ...(closed ? [closed] : []), ...channels.map(({ since }) => since)];
}

describe('the envelope', () => {
  test('is a CloudEvent 1.0 of the report', () => {
    const data = report();
    expect(reportEventOf(data, { epoch: 'e1', lane: 'update', sequence: 42, syncPointOf: NONE })).toEqual({
      specversion: '1.0',
      id: '5c2f6d62-3f0e-4a6e-9f0a-0d8f0a7c9e11/2',
      source: 'fieldnote/plant/pump7',
      type: 'fieldnote.incident.updated',
      subject: 'pump',
      time: '1970-01-01T00:01:00.000Z',
      datacontenttype: 'application/json',
      epoch: 'e1',
      lane: 'update',
      sequence: '0000000000000042',
      data,
    });
  });

  test('has sequences that sort as text like they do as numbers', () => {
    const sequence = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const textOf = (value: number) =>
      reportEventOf(report(), { epoch: 'e', lane: 'update', sequence: value, syncPointOf: NONE }).sequence;
    fc.assert(
      fc.property(sequence, sequence, (a, b) => {
        expect(Math.sign(a - b)).toBe(textOf(a) < textOf(b) ? -1 : textOf(a) > textOf(b) ? 1 : 0);
      }),
    );
  });

  test('carries the corrected time', () => {
    const event = reportEventOf(report(), {
      epoch: 'e',
      lane: 'update',
      sequence: 1,
      syncPointOf: () => SYNC,
    });
    expect(event.time).toBe('2026-11-20T11:59:20.000Z');
    expect(event.data.updated.time).toBe(event.time);
  });
});

describe('wall times', () => {
  test('follow from a sync point of the same boot, earlier or later', () => {
    const made = report({ closed: stamp({ monoMs: 130_000 }) });
    const fixed = withWallTimesCorrected(made, () => SYNC);
    expect(fixed.opened.time).toBe('2026-11-20T11:58:50.000Z');
    expect(fixed.channels[0]?.since.time).toBe('2026-11-20T11:58:40.000Z');
    expect(fixed.closed).toEqual({
      boot: 3,
      monoMs: 130_000,
      time: '2026-11-20T12:00:30.000Z',
      clock: 'synced',
      errorMs: 1003,
    });
  });

  test('of a right clock stay', () => {
    const made = report({ updated: stamp({ clock: 'gnss' }), opened: stamp({ clock: 'synced' }) });
    const fixed = withWallTimesCorrected(made, () => SYNC);
    expect([fixed.updated, fixed.opened]).toEqual([made.updated, made.opened]);
  });

  test('of a boot without a sync point stay', () => {
    const made = report({ opened: stamp({ boot: 2 }) });
    const fixed = withWallTimesCorrected(made, (boot) => (boot === 3 ? SYNC : undefined));
    expect(fixed.opened).toEqual(made.opened);
    expect(fixed.updated.clock).toBe('synced');
  });

  test('stay when the correction would leave the years 1970 to 9999', () => {
    const made = report({ updated: stamp({ monoMs: 1e300 }), opened: stamp({ monoMs: 0 }) });
    const fixed = withWallTimesCorrected(made, () => ({ ...SYNC, wallMs: 5 }));
    expect(fixed).toEqual(made);
  });

  test('are valid in any corrected report, and nothing else has changed', () => {
    fc.assert(
      fc.property(anyReport, anyPoint, (made, point) => {
        const fixed = withWallTimesCorrected(made, (boot) => (boot === point.boot ? point : undefined));
        expect(reportSchema.safeParse(fixed).success).toBe(true);
        const timeless = ({ boot, monoMs }: ReportStamp) => ({ boot, monoMs });
        expect(stampsOf(fixed).map(timeless)).toEqual(stampsOf(made).map(timeless));
        expect({ ...fixed, ...stampFields(made) }).toEqual(made);
      }),
    );
  });

  test('differ as the monotonic times do, to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), fc.integer({ min: 0, max: 1e12 }), (a, b) => {
        const made = report({ opened: stamp({ monoMs: a }), updated: stamp({ monoMs: b }) });
        const fixed = withWallTimesCorrected(made, () => ({ ...SYNC, monoMs: 0 }));
        expect(Date.parse(fixed.opened.time) - Date.parse(fixed.updated.time)).toBe(a - b);
      }),
    );
  });

  test('are corrected once: a second time changes nothing', () => {
    fc.assert(
      fc.property(anyReport, anyPoint, (made, point) => {
        const once = withWallTimesCorrected(made, () => point);
        expect(withWallTimesCorrected(once, () => point)).toEqual(once);
      }),
    );
  });
});

function stampFields({ opened, updated, closed, channels }: Report) {
  return { opened, updated, closed, channels };
}
