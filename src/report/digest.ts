import {
  DIGEST_ASSETS_MAX,
  DIGEST_CHIEF_MAX,
  DIGEST_OPEN_MAX,
  DIGEST_RESTS_ON_MAX,
  type Digest,
  type DigestIncident,
} from '../values/digest.ts';
import { offsetMs, type Period } from '../values/period.ts';
import type { Report } from '../values/report.ts';
import { digestText } from './digest-text.ts';
import { reportStamp } from './facts.ts';
import { elapsedMs } from './format.ts';

const SEVERITIES: readonly Report['severity'][] = ['notice', 'warning', 'critical'];

/** What is known of a stretch of time. */
export interface Happened {
  /** The latest report about each incident that was open at some time of it. */
  readonly reports: readonly Report[];
  readonly gaps: readonly { readonly reason: string; readonly count: number | null }[];
  /** For each asset how long there were verdicts about it. */
  readonly coverage: Digest['coverage'];
  readonly unplaced: number;
  readonly unreadable: number;
}

export interface DigestInput extends Pick<Digest, 'id' | 'occasion' | 'site' | 'node' | 'flight'> {
  readonly period: Period;
  readonly happened: Happened;
  readonly provenance: Omit<Digest['provenance'], 'textBy'>;
}

/** The digest of what is known of a stretch of time. It says nothing that the reports do not. */
export function digestOf({ period, happened, provenance, ...head }: DigestInput): Digest {
  const { reports, gaps, coverage, unplaced, unreadable } = happened;
  const lengthMs = offsetMs(period.from, period.to) ?? Number.POSITIVE_INFINITY;
  const ranked = byWeight(reports.filter(({ explainedBy }) => explainedBy === undefined));
  const open = ranked.filter(({ closed }) => closed === null);
  const latest = reports.toSorted((one, other) => byTime(other, one));
  const facts: Omit<Digest, 'text'> = {
    ...head,
    revision: 1,
    kind: 'digest',
    from: reportStamp(period.from),
    to: reportStamp(period.to),
    lengthMs: Number.isFinite(lengthMs) ? Math.max(0, lengthMs) : null,
    counts: { ...countsOf(ranked), open: open.length, withdrawn: reports.length - ranked.length },
    chief: ranked.slice(0, DIGEST_CHIEF_MAX).map(incidentFact),
    open: open.slice(0, DIGEST_OPEN_MAX).map(incidentFact),
    gaps: gapsByReason(gaps),
    coverage: coverage.slice(0, DIGEST_ASSETS_MAX),
    unplaced,
    unreadable,
    restsOn: latest
      .slice(0, DIGEST_RESTS_ON_MAX)
      .map(({ id, revision, updated }) => ({ id, revision, updated })),
    provenance: { textBy: 'template', ...provenance },
  };
  return { ...facts, text: digestText(facts) };
}

/** By severity, then length, then highest score, the weightiest first. */
function byWeight(reports: readonly Report[]): Report[] {
  const weighed = reports.map((report) => {
    const { severity, opened, closed, updated } = report;
    const lastedMs = elapsedMs(opened, closed ?? updated) ?? 0;
    return { report, rank: SEVERITIES.indexOf(severity), lastedMs, score: report.peakScore };
  });
  weighed.sort(
    (one, other) => other.rank - one.rank || other.lastedMs - one.lastedMs || other.score - one.score,
  );
  return weighed.map(({ report }) => report);
}

function byTime({ updated: one }: Report, { updated: other }: Report): number {
  return one.boot - other.boot || one.monoMs - other.monoMs;
}

function countsOf(reports: readonly Report[]): Omit<Digest['counts'], 'open' | 'withdrawn'> {
  const count = (test: (report: Report) => boolean) => reports.filter(test).length;
  return {
    incidents: reports.length,
    machine: count(({ kind }) => kind === 'machine'),
    sensor: count(({ kind }) => kind === 'sensor'),
    bearing: count(({ kind }) => kind === 'bearing'),
    flight: count(({ kind }) => kind === 'flight'),
    critical: count(({ severity }) => severity === 'critical'),
    warning: count(({ severity }) => severity === 'warning'),
    notice: count(({ severity }) => severity === 'notice'),
  };
}

function incidentFact({ site, node, text, provenance, channels, labels, ...fact }: Report): DigestIncident {
  const likeliest = labels.toSorted((one, other) => other.probability - one.probability);
  return { ...fact, channels: channels.slice(0, 1), labels: likeliest.slice(0, 1) };
}

function gapsByReason(gaps: Happened['gaps']): Digest['gaps'] {
  const byReason = Map.groupBy(gaps, ({ reason }) => reason);
  return [...byReason].map(([reason, records]) => {
    const known = records.every(({ count }) => count !== null);
    const sum = records.reduce((total, { count }) => total + (count ?? 0), 0);
    return { reason, records: records.length, count: known ? sum : null, least: sum };
  });
}
