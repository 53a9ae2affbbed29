import type { Lane } from '../values/lane.ts';
import type { Report, ReportStamp } from '../values/report.ts';
import type { Stamp } from '../values/stamp.ts';

/**
 * The envelope of a report: CloudEvents 1.0, structured JSON. Consumers drop copies by (`source`, `id`) and prove
 * that nothing is missing by (`source`, `epoch`, `lane`, `sequence`).
 *
 * CloudEvents asks for types that begin with a reversed domain name. The project owns no domain, and to use
 * somebody else's would be worse, so the types begin with `fieldnote`.
 */
export interface ReportEvent {
  readonly specversion: '1.0';
  /** `<incident id>/<revision>`; with the words of the language model `<incident id>/text/<revision>`. */
  readonly id: string;
  readonly source: string;
  readonly type: `fieldnote.incident.${Report['event']}`;
  readonly subject: string;
  /** When this revision was made, UTC. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Which store the sequence belongs to: a replaced or copied store has another one. */
  readonly epoch: string;
  /** Its priority class; each has a sequence of its own. */
  readonly lane: Lane;
  /** Extension "sequence": place in the lane, padded with zeros so that texts sort like numbers. */
  readonly sequence: string;
  readonly data: Report;
}

export const REPORT_EVENT_CONTENT_TYPE = 'application/cloudevents+json';

/** Digits of the largest safe integer. */
const SEQUENCE_DIGITS = 16;

/** How far a crystal without a reference may drift; the boards' data sheets say 50 to 100 parts per million. */
const DRIFT_MAX = 1e-4;

/** Last millisecond of the year 9999, the end of four-digit ISO years. */
const WALL_MS_MAX = 253_402_300_799_999;

/** `<incident id>/<revision>`: the same for every copy of the same revision. */
export function eventIdOf({ id, revision }: { readonly id: string; readonly revision: number }): string {
  return `${id}/${revision}`;
}

/** What the outbox calls it, so that the same revision with another text is no copy. */
export function outboxIdOf({ id, provenance }: Report): string {
  return provenance.textBy === 'llm' ? `${id}/text` : id;
}

export interface ReportPlace {
  readonly epoch: string;
  readonly lane: Lane;
  readonly sequence: number;
  readonly syncPointOf: SyncPointOf;
}

/**
 * Wraps a report for sending.
 * @param sequence the report's place in its lane, ≥ 0
 * @param syncPointOf a moment of that boot when the clock was right, if one is known; made at send, because it
 * is often known only long after the report was written
 */
export function reportEventOf(
  report: Report,
  { epoch, lane, sequence, syncPointOf }: ReportPlace,
): ReportEvent {
  const data = withWallTimesCorrected(report, syncPointOf);
  return {
    specversion: '1.0',
    id: eventIdOf({ id: outboxIdOf(report), revision: report.revision }),
    source: `fieldnote/${report.site}/${report.node}`,
    type: `fieldnote.incident.${report.event}`,
    subject: report.asset.key,
    time: data.updated.time,
    datacontenttype: 'application/json',
    epoch,
    lane,
    sequence: String(sequence).padStart(SEQUENCE_DIGITS, '0'),
    data,
  };
}

/** A moment of a boot when its clock was right: a stamp whose clock is `synced` or `gnss`. */
export type SyncPointOf = (boot: number) => Stamp | undefined;

/**
 * The report with wall times as they would have been if the clock had been right: those of a boot without a right
 * clock follow from the monotonic time and a later (or earlier) sync point of the same boot. Monotonic times and
 * everything else stay as they are.
 */
export function withWallTimesCorrected(report: Report, syncPointOf: SyncPointOf): Report {
  const correct = (stamp: ReportStamp) => corrected(stamp, syncPointOf(stamp.boot));
  return {
    ...report,
    opened: correct(report.opened),
    updated: correct(report.updated),
    closed: report.closed && correct(report.closed),
    channels: report.channels.map((fact) => ({ ...fact, since: correct(fact.since) })),
    ...(report.sensor && { sensor: { ...report.sensor, since: correct(report.sensor.since) } }),
  };
}

function corrected(stamp: ReportStamp, point: Stamp | undefined): ReportStamp {
  if (point === undefined || point.boot !== stamp.boot) return stamp;
  if (stamp.clock === 'synced' || stamp.clock === 'gnss') return stamp;
  const sinceMs = stamp.monoMs - point.monoMs;
  const wallMs = Math.round(point.wallMs + sinceMs);
  if (!(wallMs >= 0 && wallMs <= WALL_MS_MAX)) return stamp;
  const errorMs = point.errorMs === null ? null : point.errorMs + Math.abs(sinceMs) * DRIFT_MAX;
  return { ...stamp, time: new Date(wallMs).toISOString(), clock: point.clock, errorMs };
}
