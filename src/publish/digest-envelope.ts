import type { Digest, DigestIncident } from '../values/digest.ts';
import type { ReportStamp } from '../values/report.ts';
import {
  corrected,
  eventIdOf,
  type ReportEvent,
  type ReportPlace,
  type SyncPointOf,
  sequenceText,
} from './envelope.ts';

/** The envelope of a digest: as that of a report, with the digest in it. */
export type DigestEvent = Omit<ReportEvent, 'type' | 'data'> & {
  readonly type: `fieldnote.digest.${Digest['occasion']}`;
  readonly data: Digest;
};

export function isDigest(document: { readonly kind?: unknown }): document is Digest {
  return document.kind === 'digest';
}

/** Wraps a digest for sending, as `reportEventOf` wraps a report. */
export function digestEventOf(
  digest: Digest,
  { epoch, lane, sequence, syncPointOf }: ReportPlace,
): DigestEvent {
  const data = withDigestTimesCorrected(digest, syncPointOf);
  return {
    specversion: '1.0',
    id: eventIdOf(digest),
    source: `fieldnote/${digest.site}/${digest.node}`,
    type: `fieldnote.digest.${digest.occasion}`,
    subject: 'digest',
    time: data.to.time,
    datacontenttype: 'application/json',
    epoch,
    lane,
    sequence: sequenceText(sequence),
    data,
  };
}

function withDigestTimesCorrected(digest: Digest, syncPointOf: SyncPointOf): Digest {
  const correct = (stamp: ReportStamp) => corrected(stamp, syncPointOf(stamp.boot));
  const correctIncident = (incident: DigestIncident): DigestIncident => ({
    ...incident,
    opened: correct(incident.opened),
    updated: correct(incident.updated),
    closed: incident.closed && correct(incident.closed),
    channels: incident.channels.map((fact) => ({ ...fact, since: correct(fact.since) })),
    ...(incident.sensor && { sensor: { ...incident.sensor, since: correct(incident.sensor.since) } }),
  });
  return {
    ...digest,
    from: correct(digest.from),
    to: correct(digest.to),
    chief: digest.chief.map(correctIncident),
    open: digest.open.map(correctIncident),
    restsOn: digest.restsOn.map((report) => ({ ...report, updated: correct(report.updated) })),
  };
}
