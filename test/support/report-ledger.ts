import { isDeepStrictEqual } from 'node:util';
import type { ReportEvent } from '../../src/publish/envelope.ts';

/**
 * What a subscriber can find wrong with the reports of one node that it has collected, copies included, in the order
 * of their arrival; nothing when the node kept its promises.
 * @param accepted how many reports the node says it has accepted in this epoch: shows that the last ones are missing
 */
export function faultsOf(reports: readonly ReportEvent[], accepted?: number): string[] {
  const firsts = reports.filter(({ id }, at) => reports.findIndex((other) => other.id === id) === at);
  return [
    ...copyFaults(reports, firsts),
    ...grouped(firsts, ({ epoch, lane }) => `${epoch} ${lane}`).flatMap(sequenceFaults),
    ...countFaults(firsts, accepted),
    ...grouped(firsts, ({ subject, lane }) => `${subject} ${lane}`).flatMap(orderFaults),
    ...grouped(firsts.filter(isTemplate), ({ data }) => data.id).flatMap(incidentFaults),
    ...wordingFaults(firsts),
  ];
}

/** A revision comes in the words of the language model after it came with its template, with the same facts. */
export function wordingFaults(reports: readonly ReportEvent[]): string[] {
  const templates = new Map<string, ReportEvent>();
  return reports.flatMap((report) => {
    const { id, data } = report;
    if (isTemplate(report)) {
      templates.set(id, report);
      return [];
    }
    const template = templates.get(`${data.id}/${data.revision}`);
    if (template === undefined) return `${id}: its template has not come before it`;
    const { writer, ...provenance } = data.provenance;
    const facts = { ...data, text: template.data.text, provenance: { ...provenance, textBy: 'template' } };
    const isRight = isDeepStrictEqual(facts, template.data) && writer?.verdicts.at(-1) === 'accepted';
    return isRight ? [] : `${id}: it has other facts than its template`;
  });
}

function isTemplate({ data }: ReportEvent): boolean {
  return data.provenance.textBy === 'template';
}

/** A copy is the same in everything, and no two reports share a place in the sequence. */
function copyFaults(reports: readonly ReportEvent[], firsts: readonly ReportEvent[]): string[] {
  const firstOf = new Map(firsts.map((first) => [first.id, first]));
  return reports.flatMap((report) =>
    isDeepStrictEqual(report, firstOf.get(report.id))
      ? []
      : `${report.id}: a copy differs from the first one`,
  );
}

/** The last report of a lane leaves no hole, but it is missing in the number of all. */
function countFaults({ length }: readonly ReportEvent[], accepted = length): string[] {
  return length >= accepted ? [] : [`${accepted - length} of ${accepted} reports are missing`];
}

/** The sequence of an epoch and lane has every number from 1 on exactly once. */
function sequenceFaults(firsts: readonly ReportEvent[]): string[] {
  const numbers = firsts.map(({ sequence }) => Number(sequence));
  const highest = Math.max(...numbers);
  const countOf = (number: number) => numbers.filter((other) => other === number).length;
  return Array.from({ length: highest }, (_, index) => index + 1).flatMap((number) => {
    if (countOf(number) === 0) return `sequence ${number} is missing`;
    return countOf(number) === 1 ? [] : `sequence ${number} belongs to more than one report`;
  });
}

/** First deliveries of one asset and lane come in the order of the sequence. */
function orderFaults(firsts: readonly ReportEvent[]): string[] {
  return neighbours(firsts).flatMap(([before, after]) =>
    before.sequence < after.sequence
      ? []
      : `${after.id} came after ${before.id}, which is later in the sequence`,
  );
}

const SEVERITIES = ['notice', 'warning', 'critical'];

/** The revisions of one incident are 1 to n and tell one story. */
function incidentFaults(firsts: readonly ReportEvent[]): string[] {
  const revisions = firsts.toSorted((a, b) => a.data.revision - b.data.revision);
  const numbers = revisions.map(({ data, id }, at) =>
    data.revision === at + 1 && id === `${data.id}/${data.revision}`
      ? []
      : `${id}: revision ${at + 1} is expected`,
  );
  const events = revisions.map(({ data, type, id }, at) => {
    const isOpening = data.event === 'opened';
    const isRight = isOpening === (at === 0) && type === `fieldnote.incident.${data.event}`;
    return isRight && (data.event === 'closed') === (data.closed !== null)
      ? []
      : `${id}: it cannot be ${data.event}`;
  });
  return [
    ...numbers,
    ...events,
    ...neighbours(revisions).map(([before, after]) => stepFaults(before, after)),
  ].flat();
}

function stepFaults(earlier: ReportEvent, later: ReportEvent): string[] {
  const [before, after] = [earlier.data, later.data];
  const rank = (severity: string) => SEVERITIES.indexOf(severity);
  const isReopened = before.event === 'closed';
  const [began, went] = [before.updated, after.updated];
  const isBackInTime = went.boot < began.boot || (went.boot === began.boot && went.monoMs < began.monoMs);
  const found = [
    later.lane === earlier.lane &&
      later.sequence <= earlier.sequence &&
      'its place in the sequence is before that of an earlier revision',
    rank(after.severity) < rank(before.severity) && 'the severity falls',
    isBackInTime && 'time goes back',
    after.peakScore < before.peakScore && 'the peak falls',
    isReopened && after.episodes !== before.episodes + 1 && 'it goes on after its end',
    !isDeepStrictEqual(after.opened, before.opened) && 'it was opened at another time',
    after.asset.key !== later.subject && 'it is about another asset than its subject',
  ];
  return found.flatMap((fault) => (fault === false ? [] : `${later.id}: ${fault}`));
}

function neighbours<T>(items: readonly T[]): [T, T][] {
  return items.slice(1).map((item, at) => [items[at] as T, item]);
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  return [...Map.groupBy(items, keyOf).values()];
}
