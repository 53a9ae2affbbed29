import { describe, expect, test } from 'vitest';
import { type ReportEvent, reportEventOf } from '../../src/publish/envelope.ts';
import type { Report, ReportStamp } from '../../src/values/report.ts';
import { faultsOf } from '../support/report-ledger.ts';

const stampAt = (seconds: number): ReportStamp => ({
  ...{ boot: 1, monoMs: seconds * 1000, clock: 'synced', errorMs: 1000 },
  time: new Date(seconds * 1000).toISOString(),
});

let sequence = 0;

/** The next report of the node; each is made ten seconds after the one before. */
function next(incident: string, change: Partial<Report>): ReportEvent {
  sequence += 1;
  const report: Report = {
    ...{ id: incident, revision: 1, event: 'opened', kind: 'machine', severity: 'warning' },
    ...{ site: 'plant', node: 'pump7' },
    ...{ asset: { key: 'pump', name: 'Pump 7' }, updated: stampAt(sequence * 10), closed: null },
    ...{
      opened: stampAt(incident === 'a' ? 10 : 20),
      score: 2,
      peakScore: 2,
      episodes: 1,
      channels: [],
      labels: [],
    },
    ...{ text: 'Pump 7: warning.', provenance: { textBy: 'template', model: 'm', config: 'c', agent: '1' } },
    ...change,
  };
  return reportEventOf(report, { epoch: 'e1', lane: 'incident', sequence, syncPointOf: () => undefined });
}

/** Two assets, two incidents; one of them is reopened, and two reports come twice. */
function collection(): ReportEvent[] {
  sequence = 0;
  const oven = { key: 'oven', name: 'Oven' };
  const reports = [
    next('a', {}),
    next('b', { asset: oven, severity: 'notice' }),
    next('a', { revision: 2, event: 'updated', severity: 'critical', peakScore: 6 }),
    next('a', { revision: 3, event: 'closed', severity: 'critical', peakScore: 6, closed: stampAt(35) }),
    next('b', { asset: oven, revision: 2, event: 'closed', severity: 'notice', closed: stampAt(45) }),
    next('a', { revision: 4, event: 'updated', severity: 'critical', peakScore: 6, episodes: 2 }),
    next('a', {
      revision: 5,
      event: 'closed',
      severity: 'critical',
      peakScore: 6,
      episodes: 2,
      closed: stampAt(65),
    }),
  ];
  const copies = [reports[2], reports[3]].map((report) => structuredClone(report) as ReportEvent);
  return [...reports.slice(0, 4), ...copies, ...reports.slice(4)];
}

/** The collection with one report changed; `at` counts copies too. */
function changed(at: number, change: Partial<Report>, envelope: Partial<ReportEvent> = {}): ReportEvent[] {
  return collection().map((report, index) =>
    index === at ? { ...report, ...envelope, data: { ...report.data, ...change } } : report,
  );
}

/** The collection with the last revision told again in other words; `change` of the facts is wrong. */
function told(change: Partial<Report> = {}): ReportEvent[] {
  const reports = collection();
  const { data } = reports.at(-1) as ReportEvent;
  const writer = { model: 'm', prompt: 'p', seed: 1, verdicts: ['accepted'], tokens: 9, ms: 20 };
  const provenance = { ...data.provenance, textBy: 'llm' as const, writer };
  return [...reports, next('a', { ...data, text: 'It is over.', provenance, ...change })];
}

const DAMAGES: readonly { what: string; reports: ReportEvent[]; fault: string }[] = [
  { what: 'a lost report', reports: collection().toSpliced(1, 1), fault: 'sequence 2 is missing' },
  { what: 'the last report lost', reports: collection().slice(0, -1), fault: '1 of 7 reports are missing' },
  {
    what: 'a hole in the revisions',
    reports: collection().toSpliced(1, 1),
    fault: 'b/2: revision 1 is expected',
  },
  { what: 'two revisions swapped', reports: swapped(), fault: 'a/3: its place in the sequence is before' },
  { what: 'words about other facts', reports: told({ score: 3 }), fault: 'a/text/5: it has other facts' },
  {
    what: 'words before their template',
    reports: told().toSpliced(-2, 1),
    fault: 'a/text/5: its template has not come before it',
  },
  {
    what: 'a copy that differs',
    reports: changed(4, { score: 3 }),
    fault: 'a/2: a copy differs from the first one',
  },
  {
    what: 'a copy with another place',
    reports: changed(5, {}, { sequence: '0000000000000009' }),
    fault: 'a/3: a copy differs',
  },
  {
    what: 'a place used twice',
    reports: changed(1, {}, { sequence: '0000000000000001' }),
    fault: 'sequence 1 belongs to more than one report',
  },
  { what: 'a late first delivery', reports: lastFirst(), fault: 'which is later in the sequence' },
  {
    what: 'a severity that falls',
    reports: changed(8, { severity: 'notice' }),
    fault: 'a/5: the severity falls',
  },
  { what: 'a peak that falls', reports: changed(8, { peakScore: 1 }), fault: 'a/5: the peak falls' },
  { what: 'time that goes back', reports: changed(8, { updated: stampAt(1) }), fault: 'a/5: time goes back' },
  {
    what: 'an incident without its opening',
    reports: changed(1, { event: 'updated' }),
    fault: 'b/1: it cannot be updated',
  },
  { what: 'a second opening', reports: changed(7, { event: 'opened' }), fault: 'a/4: it cannot be opened' },
  {
    what: 'an end without its time',
    reports: changed(8, { closed: null }),
    fault: 'a/5: it cannot be closed',
  },
  {
    what: 'a life after the end',
    reports: changed(7, { episodes: 1 }),
    fault: 'a/4: it goes on after its end',
  },
  {
    what: 'another time of opening',
    reports: changed(8, { opened: stampAt(11) }),
    fault: 'a/5: it was opened at another time',
  },
  {
    what: 'another asset',
    reports: changed(8, { asset: { key: 'oven', name: 'Oven' } }),
    fault: 'a/5: it is about another asset',
  },
];

describe('what a subscriber can find wrong', () => {
  test('is nothing when the node kept its promises, copies or not', () => {
    expect(faultsOf(collection(), 7)).toEqual([]);
    expect(faultsOf(told(), 8)).toEqual([]);
    expect(faultsOf([], 0)).toEqual([]);
  });

  test.for(DAMAGES)('is $what', ({ reports, fault }) => {
    expect(faultsOf(reports, 7).join('\n')).toContain(fault);
  });
});

function lastFirst(): ReportEvent[] {
  const reports = collection();
  return [...reports.slice(-1), ...reports.slice(0, -1)];
}

/** Revisions 2 and 3 of one incident have each other's number; their copies are left out. */
function swapped(): ReportEvent[] {
  const reports = collection().toSpliced(4, 2);
  const renumbered = (at: number, revision: number) => {
    const report = reports[at] as ReportEvent;
    return { ...report, id: `a/${revision}`, data: { ...report.data, revision } };
  };
  return reports.with(2, renumbered(2, 3)).with(3, renumbered(3, 2));
}
