import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { madeFacts } from '../../src/eval/made-facts.ts';
import { digestOf, type Happened } from '../../src/report/digest.ts';
import { type Digest, digestSchema } from '../../src/values/digest.ts';
import type { Report } from '../../src/values/report.ts';
import type { Stamp } from '../../src/values/stamp.ts';
import { digestFaults } from '../support/digest-checker.ts';
import { madeReport } from '../support/made-report.ts';

const NOON_MS = Date.UTC(2026, 10, 23, 12);
const ID = '00000000-0000-4000-8000-000000000009';

/** So many minutes after boot, which was at noon. */
function at(minutes: number, changes: Partial<Stamp> = {}): Stamp {
  const ms = minutes * 60_000;
  return { boot: 1, monoMs: ms, wallMs: NOON_MS + ms, clock: 'synced', errorMs: 1000, ...changes };
}

const shift = { from: at(0), to: at(480) };
const nothing: Happened = { reports: [], gaps: [], coverage: [], unplaced: 0, unreadable: 0 };

function made(happened: Partial<Happened>, changes: Partial<Parameters<typeof digestOf>[0]> = {}): Digest {
  return digestOf({
    ...{ id: ID, occasion: 'schedule', site: 's', node: 'n', period: shift },
    happened: { ...nothing, ...happened },
    provenance: { config: 'c', agent: '1' },
    ...changes,
  });
}

/** A report about a machine, with an id of its own. */
function report(number: number, changes: Partial<Report> = {}): Report {
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const stampAt = (minutes: number) => {
    const { wallMs, ...stamp } = at(minutes);
    return { ...stamp, time: new Date(wallMs).toISOString() };
  };
  return {
    ...madeReport(1),
    ...{ id, revision: 2, event: 'closed', kind: 'machine', labels: [], channels: [], severity: 'warning' },
    ...{ asset: { key: `asset${number}`, name: `Asset ${number}` }, peakScore: 2, score: 0.4, episodes: 1 },
    ...{ opened: stampAt(10), updated: stampAt(20), closed: stampAt(20) },
    ...changes,
  };
}

const open = (number: number, changes: Partial<Report> = {}) =>
  report(number, { event: 'updated', closed: null, ...changes });

describe('a digest', () => {
  test('of a quiet shift says that nothing happened, and how much of it was watched', () => {
    const coverage = [
      { asset: { key: 'pump1', name: 'Feed pump 1' }, watchedMs: 470 * 60_000 },
      { asset: { key: 'fan3', name: 'Fan 3' }, watchedMs: 0 },
    ];
    expect(made({ coverage }).text).toBe(
      'Summary of 12:00 UTC to 20:00 UTC (8 h). No incident. Watched of these 8 h: Fan 3 not at all and Feed pump 1 for 7 h 50 min.',
    );
  });

  test('counts incidents by severity and kind, and tells the three that matter most', () => {
    const reports = [
      report(1),
      report(2, { severity: 'notice' }),
      open(3, { severity: 'critical' }),
      report(4, { opened: report(0).opened, peakScore: 9 }),
      report(5, { severity: 'notice' }),
    ];
    const { counts, chief, text } = made({ reports });
    expect(counts).toMatchObject({ incidents: 5, machine: 5, critical: 1, warning: 2, notice: 2, open: 1 });
    expect(chief.map(({ asset }) => asset.key)).toEqual(['asset3', 'asset4', 'asset1']);
    expect(text).toContain('5 incidents: 1 critical, 2 warnings and 2 notices; 5 of machines.');
    expect(text).toContain('Asset 3: critical, open since 12:10 UTC');
    expect(text).toContain('1 is still open.');
  });

  test('names what is open and was not told yet, and counts the rest', () => {
    const reports = [1, 2, 3].map((number) => report(number, { severity: 'critical' }));
    const { text } = made({ reports: [...reports, ...[4, 5, 6, 7, 8].map((number) => open(number))] });
    expect(text).toMatch(/5 are still open: Asset \d \(warning\), .* and 2 more\./);
  });

  test('does not count what a sensor has explained, but says it', () => {
    const { counts, text } = made({ reports: [report(1, { explainedBy: ID })] });
    expect(counts).toMatchObject({ incidents: 0, withdrawn: 1 });
    expect(text).toContain('No incident. 1 incident was withdrawn: a sensor was at fault, not the machine.');
  });

  test('says what is missing, and what nobody knows', () => {
    const gaps = [
      { reason: 'samples', count: 100 },
      { reason: 'samples', count: 20 },
      { reason: 'evicted', count: 1 },
      { reason: 'quarantined', count: null },
      { reason: 'expired', count: 5 },
      { reason: 'expired', count: null },
    ];
    const { text } = made({ gaps, unplaced: 2, unreadable: 1 });
    expect(text).toContain(
      'Missing: 120 samples, 1 report given up for want of room, an unknown number of reports that no broker takes and at least 5 reports given up because they were too old.',
    );
    expect(text).toContain(
      'Of 2 more incidents the time is not known. 1 record is damaged and cannot be read.',
    );
  });

  test('does not call missing what was not lost', () => {
    const gaps = [
      { reason: 'store-moved', count: null },
      { reason: 'samples', count: 0 },
    ];
    expect(made({ gaps }).text).not.toContain('issing');
    const recovered = made({ gaps: [...gaps, { reason: 'store-recovered', count: 1 }] });
    expect(recovered.text).toContain('Missing: 1 report lost with a damaged store.');
  });

  test('of the time without a link says since when', () => {
    expect(made({}, { occasion: 'offline' }).text).toMatch(/^The link was last up 8 h ago, 12:00 UTC\. /);
  });

  test('of a flight says how long it was', () => {
    const period = { from: at(5), to: at(17) };
    expect(made({}, { occasion: 'flight', period }).text).toMatch(
      /^Flight of 12 min, 12:05 UTC to 12:17 UTC\. /,
    );
  });

  test('shows no times of a clock that was not set', () => {
    const period = { from: at(0, { clock: 'floor' }), to: at(60, { clock: 'floor' }) };
    expect(made({}, { period }).text).toMatch(
      /^Summary of 60 min \(clock not set\)\. |^Summary of 1 h \(clock not set\)\. /,
    );
  });

  test('is valid, true and within its limits, whatever happened', () => {
    const number = fc.nat({ max: 1e6 });
    const gap = fc.record({
      reason: fc.constantFrom(
        ...['evicted', 'expired', 'quarantined', 'damaged', 'refused', 'samples'],
        ...['store-recovered', 'store-moved'],
      ),
      count: fc.option(fc.nat(1e6)),
    });
    const happening = fc.record({
      seeds: fc.array(fc.integer({ min: 1, max: 1e6 }), { maxLength: 30 }),
      gaps: fc.array(gap, { maxLength: 16 }),
      watched: fc.array(fc.nat(8 * 3_600_000), { maxLength: 6 }),
      unplaced: number,
      unreadable: number,
      occasion: fc.constantFrom('schedule', 'offline', 'flight', 'question'),
      clock: fc.constantFrom('synced', 'floor', 'unknown'),
    });
    fc.assert(
      fc.property(happening, ({ seeds, gaps, watched, unplaced, unreadable, occasion, clock }) => {
        const reports = seeds.map((seed, at) => ({ ...madeReport(seed), id: report(at).id }));
        const coverage = watched.map((watchedMs, at) => ({
          asset: { key: `a${at}`, name: madeFacts(watchedMs + 1).asset.name },
          watchedMs,
        }));
        const period = { from: at(0, { clock }), to: at(480, { clock }) };
        const digest = made({ reports, gaps, coverage, unplaced, unreadable }, { occasion, period });
        expect(digestSchema.safeParse(JSON.parse(JSON.stringify(digest))).error).toBeUndefined();
        expect(digestFaults(digest, reports)).toEqual([]);
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  test('that was changed is found out by the checker', () => {
    const reports = [1, 2, 3, 4].map((number) => ({ ...madeReport(number), id: report(number).id }));
    const coverage = [{ asset: { key: 'p', name: 'Pump' }, watchedMs: 3_600_000 }];
    const gaps = [{ reason: 'samples', count: 7 }];
    const digest = made({ reports, coverage, gaps, unplaced: 3 });
    expect(digestFaults(digest, reports)).toEqual([]);
    for (const [number] of digest.text.matchAll(/\d+/g)) {
      const changed = { ...digest, text: digest.text.replace(number, String(Number(number) + 1)) };
      expect(digestFaults(changed, reports)).not.toEqual([]);
    }
    for (const word of ['critical', 'warning', 'notice', 'open', 'over', 'rose', 'fell', 'above']) {
      const other = {
        critical: 'notice',
        warning: 'critical',
        notice: 'warning',
        open: 'over',
        over: 'open',
      }[word];
      const swapped = { rose: 'fell', fell: 'rose' }[word] ?? other;
      if (swapped === undefined || !new RegExp(`\\b${word}\\b`).test(digest.text)) continue;
      const changed = { ...digest, text: digest.text.replace(new RegExp(`\\b${word}\\b`), swapped) };
      expect(digestFaults(changed, reports), word).not.toEqual([]);
    }
  });
});
