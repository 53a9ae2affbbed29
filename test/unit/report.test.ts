import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reportOf } from '../../src/report/facts.ts';
import {
  decimalsOf,
  elapsedMs,
  formatChange,
  formatDuration,
  formatNumber,
  formatOrdinal,
  formatProbability,
  formatTime,
} from '../../src/report/format.ts';
import { TEXT_LENGTH_MAX, templateText } from '../../src/report/template.ts';
import type { Evidence, Incident, IncidentEvent } from '../../src/values/incident.ts';
import { type Report, reportSchema } from '../../src/values/report.ts';
import type { Stamp } from '../../src/values/stamp.ts';

const provenance = { config: 'c'.repeat(64), agent: '0.1.0' };
const opened: Stamp = {
  boot: 3,
  monoMs: 1000.5,
  wallMs: Date.UTC(2026, 10, 20, 14, 32),
  clock: 'synced',
  errorMs: 1000,
};
const incident: Incident = {
  ...{ id: '00000000-0000-4000-8000-000000000001', asset: 'pump', kind: 'machine', revision: 1 },
  severity: 'warning',
  ...{ opened, updated: { ...opened, monoMs: 6000.5, wallMs: opened.wallMs + 5000 }, closed: null },
  ...{
    score: 2.123456789,
    peakScore: 3,
    labels: [{ name: 'imbalance', probability: 0.7 }],
    model: 'm',
    episodes: 1,
  },
  evidence: [
    {
      ...{ channel: 'vib', direction: 'above', value: 7.412345, baseline: 2.3, spread: 0.3, extreme: 8 },
      ...{ share: 1, since: opened },
    },
  ],
};
const asset = { key: 'pump', name: 'Feed pump', channels: { vib: { name: 'Vibration', unit: 'mm/s' } } };
const context = { asset, site: 'plant', node: 'skid-1', provenance };

describe('a report', () => {
  test('carries the facts of its incident, with names, units and ISO times', () => {
    const report = reportOf({ event: { event: 'opened', incident }, ...context });
    expect(reportSchema.parse(report)).toEqual(report);
    expect(report).toMatchObject({
      ...{ id: incident.id, revision: 1, event: 'opened', site: 'plant', node: 'skid-1', score: 2.123456789 },
      asset: { key: 'pump', name: 'Feed pump' },
      opened: { boot: 3, monoMs: 1000.5, time: '2026-11-20T14:32:00.000Z', clock: 'synced', errorMs: 1000 },
      channels: [{ channel: 'vib', name: 'Vibration', unit: 'mm/s', value: 7.412345, extreme: 8 }],
      provenance: { textBy: 'template', model: 'm', ...provenance },
    });
    expect(report.text).toBe(
      'Feed pump: warning. Vibration 7.4 mm/s, above its normal 2.3 mm/s (+220 %), since 14:32 UTC (5 s). ' +
        'Looks like imbalance (70 %).',
    );
  });

  test('calls what has no name by its key', () => {
    const event = { event: 'opened', incident } as const;
    const bare = reportOf({ event, ...context, asset: { key: 'pump', channels: { vib: { unit: 'g' } } } });
    expect([bare.asset.name, bare.channels[0]?.name]).toEqual(['pump', 'vib']);
  });

  test('takes a channel that the configuration does not know, even one called constructor', () => {
    const evidence = [{ ...(incident.evidence[0] as Evidence), channel: 'constructor' }];
    const report = reportOf({ event: { event: 'opened', incident: { ...incident, evidence } }, ...context });
    expect(report.channels[0]).toMatchObject({ name: 'constructor', unit: '' });
  });

  test.each([-1e18, 1e18])('stays valid when the wall clock says %d', (wallMs) => {
    const wild = { ...incident, opened: { ...opened, wallMs, monoMs: -5 } };
    const report = reportOf({ event: { event: 'opened', incident: wild }, ...context });
    expect(reportSchema.safeParse(report).error).toBeUndefined();
  });
});

const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -1000, max: 1000, noNaN: true }),
  fc.constantFrom(0, -0, 1e-12, -1e-12, 1e12, -1e12, 0.1 + 0.2),
);
const spreadOf = fc.oneof(
  fc.double({ min: 1e-12, max: 1e12, noNaN: true }),
  fc.constantFrom(0.3, 5e-324, 1e-6),
);
const atLeast0 = fc.double({ min: 0, max: 1e9, noNaN: true });
const unit = fc.constantFrom('mm/s', '°C', '%', '', 'A', 'u'.repeat(16));
/** Without digits, so that every digit of a text is a number of the facts. */
/** Dots in a row would be the name's own, not debris of the template. */
const name = fc
  .oneof(
    fc.constantFrom('n'.repeat(48), 'Motor current', '🛠️ pump', '%s <b>'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 48 }).map((text) => text.replace(/\d/gu, 'd')),
  )
  .filter((text) => !/\.\.|\.$/.test(text.trim()));

const stampOf: fc.Arbitrary<Stamp> = fc.record({
  boot: fc.integer({ min: 0, max: 3 }),
  monoMs: fc.double({ min: 0, max: 1e13, noNaN: true }),
  wallMs: fc.integer({ min: -1e15, max: 1e15 }),
  clock: fc.constantFrom('synced', 'gnss', 'manual', 'floor', 'unknown'),
  errorMs: fc.constantFrom(null, 0, 1000),
});

const evidenceOf: fc.Arbitrary<Evidence> = fc
  .record({
    channel: fc.integer({ min: 0, max: 63 }).map((at) => `c${at}`),
    value: double,
    baseline: double,
    spread: spreadOf,
    extreme: double,
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    since: stampOf,
  })
  .map((evidence) => ({ ...evidence, direction: evidence.value >= evidence.baseline ? 'above' : 'below' }));

const eventOf: fc.Arbitrary<IncidentEvent> = fc
  .record({
    event: fc.constantFrom('opened', 'updated', 'closed'),
    incident: fc.record({
      id: fc.uuid(),
      asset: fc.constant('pump'),
      kind: fc.constant('machine'),
      revision: fc.integer({ min: 1, max: 1e6 }),
      severity: fc.constantFrom('notice', 'warning', 'critical'),
      opened: stampOf,
      updated: stampOf,
      closed: stampOf,
      score: atLeast0,
      peakScore: atLeast0,
      evidence: fc.array(evidenceOf, { maxLength: 64 }),
      labels: fc.array(fc.record({ name, probability: fc.double({ min: 0, max: 1, noNaN: true }) }), {
        maxLength: 4,
      }),
      model: fc.constant('m'),
      episodes: fc.integer({ min: 1, max: 1e6 }),
    }),
  })
  .map(({ event, incident: given }) => ({
    event,
    incident: { ...given, closed: event === 'closed' ? given.closed : null },
  }));

const reports: fc.Arbitrary<Report> = fc
  .record({ event: eventOf, assetName: name, channel: fc.record({ name, unit }) })
  .map(({ event, assetName, channel }) => {
    const channels = Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`c${at}`, channel]));
    return reportOf({ event, ...context, asset: { key: 'pump', name: assetName, channels } });
  });
const check = (body: (report: Report) => void) => fc.assert(fc.property(reports, body), { numRuns: 300 });

describe('whatever the incident is', () => {
  test('the report is valid and survives JSON', () => {
    check((report) => {
      expect(reportSchema.safeParse(report).error).toBeUndefined();
      expect(reportSchema.safeParse(JSON.parse(JSON.stringify(report))).error).toBeUndefined();
    });
  });

  test('the text is one short line without any debris', () => {
    check(({ text }) => {
      expect(text.length).toBeLessThanOrEqual(TEXT_LENGTH_MAX);
      expect(text).not.toMatch(
        /undefined|NaN|Infinity|null|\n| {2}|\.\.|-0\.0+(?!\d)|[\ud800-\udbff](?![\udc00-\udfff])/,
      );
      expect(text).toMatch(/\.$/);
    });
  });

  test('the text is the same for the same facts', () => {
    check((report) => {
      expect(templateText(structuredClone(report))).toBe(report.text);
    });
  });

  test('the severity in the text is that of the report, and no other', () => {
    check(({ text, severity, asset: { name: assetName } }) => {
      const words = text.slice(assetName.trim().length).match(/\b(notice|warning|critical)\b/g);
      expect(words).toEqual([severity]);
    });
  });

  test('every number in the text is a fact, written by the formatter', () => {
    check((report) => {
      const numbers = numbersOf(report).toSorted((a, b) => b.length - a.length);
      const rest = numbers.reduce((text, number) => text.replaceAll(number, '#'), report.text);
      expect(rest.replaceAll('alarm limit 1', '')).not.toMatch(/\d/);
    });
  });

  test('a channel is said to be above or below as its facts have it', () => {
    check(({ text, channels, event }) => {
      const told = [...text.matchAll(/, (?:just )?(above|below) its normal|, back at its normal/g)];
      expect(told.length > 0).toBe(event !== 'closed' && channels.length > 0);
      told.forEach(([, direction], at) => {
        if (direction !== undefined) expect(direction).toBe(channels[at]?.direction);
      });
      const moved = [...text.matchAll(/ (rose|fell) to /g)];
      expect(moved.length > 0).toBe(event === 'closed' && channels.length > 0);
      moved.forEach(([, verb], at) => {
        const isUp = (channels[at]?.extreme ?? 0) >= (channels[at]?.baseline ?? 0);
        expect(verb).toBe(isUp ? 'rose' : 'fell');
      });
    });
  });
});

/** All that may be written with digits. */
function numbersOf(report: Report): string[] {
  const { channels, opened: begin, updated, closed, episodes, labels } = report;
  const stamps = [begin, updated, closed ?? updated, ...channels.map(({ since }) => since)];
  const times = stamps.flatMap((stamp) => formatTime(stamp, updated) ?? []);
  const durations = [
    ...stamps.map((stamp) => elapsedMs(stamp, updated)),
    elapsedMs(begin, closed ?? updated),
  ];
  const values = channels.flatMap((fact) => [
    ...[fact.value, fact.baseline, fact.extreme].map((value) => formatNumber(value, decimalsOf(fact))),
    ...[fact.value, fact.extreme].flatMap((value) => formatChange(value, fact) ?? []),
  ]);
  return [
    ...[...times, ...values, formatOrdinal(episodes), `${formatNumber(episodes, 0)} episodes`],
    ...durations.flatMap((ms) => (ms === undefined ? [] : formatDuration(ms))),
    ...labels.map(({ probability }) => formatProbability(probability)),
    ...[report.score, report.peakScore].map((score) => formatNumber(score, 1)),
    ...channels.map((_, at) => `${at + 1} more channel`),
  ];
}
