import type { Evidence, IncidentEvent, SensorFault } from '../values/incident.ts';
import type { Language } from '../values/language.ts';
import type { ChannelFact, Report, ReportStamp, SensorFact } from '../values/report.ts';
import type { Stamp } from '../values/stamp.ts';
import { bearingText } from './bearing-text.ts';
import { flightText } from './flight-text.ts';
import { sensorText } from './sensor-text.ts';
import { type ReportFacts, templateText } from './template.ts';

/** ISO 8601 writes years of four digits; a broken clock must not make a report unreadable. */
const WALL_MS_MIN = Date.parse('0000-01-01T00:00:00.000Z');
const WALL_MS_MAX = Date.parse('9999-12-31T23:59:59.999Z');

/** What the configuration says about the asset; a channel that it does not know is called by its key. */
export interface AssetDescription {
  readonly key: string;
  readonly name?: string | undefined;
  readonly channels: Readonly<Record<string, { readonly name?: string | undefined; readonly unit: string }>>;
  readonly bearings?: Readonly<Record<string, { readonly name?: string | undefined }>> | undefined;
}

export interface ReportInput {
  readonly event: IncidentEvent;
  readonly asset: AssetDescription;
  readonly site: string;
  readonly node: string;
  /** Of the text. */
  readonly language?: Language | undefined;
  readonly provenance: Pick<Report['provenance'], 'config' | 'agent'>;
}

/** The document about one event of an incident. Numbers are the incident's own; only the text rounds them. */
export function reportOf(input: ReportInput): Report {
  const {
    event: { event, incident },
    asset,
    site,
    node,
    language,
    provenance,
  } = input;
  const { id, revision, kind, subject, severity, score, peakScore, episodes, fault, flight, explainedBy } =
    incident;
  const sensor = fault && sensorFact(fault, asset);
  const bearing = kind === 'bearing' ? bearingFact(subject ?? '', asset) : undefined;
  const facts: ReportFacts = {
    id,
    revision,
    event,
    kind,
    ...(subject !== undefined && { subject }),
    site,
    node,
    asset: { key: asset.key, name: asset.name ?? asset.key },
    severity,
    opened: reportStamp(incident.opened),
    updated: reportStamp(incident.updated),
    closed: incident.closed === null ? null : reportStamp(incident.closed),
    score,
    peakScore,
    episodes,
    channels: incident.evidence.map((evidence) => channelFact(evidence, asset)),
    labels: incident.labels.map(({ name, probability }) => ({ name, probability })),
    ...(sensor && { sensor }),
    ...(bearing && { bearing }),
    ...(flight && { flight: { ...flight, since: reportStamp(flight.since) } }),
    ...(explainedBy !== undefined && { explainedBy }),
    ...(language !== undefined && { language }),
    provenance: { textBy: 'template', model: incident.model, ...provenance },
  };
  return { ...facts, text: textOf(facts) };
}

/** The text that every report has. */
export function textOf(facts: ReportFacts): string {
  if (facts.sensor !== undefined) return sensorText(facts, facts.sensor);
  if (facts.flight !== undefined) return flightText(facts, facts.flight);
  if (facts.bearing !== undefined) return bearingText(facts, facts.bearing);
  return templateText(facts);
}

function bearingFact(key: string, { bearings = {} }: AssetDescription) {
  return { key, name: (Object.hasOwn(bearings, key) ? bearings[key]?.name : undefined) ?? key };
}

function channelFact({ since, ...evidence }: Evidence, asset: AssetDescription): ChannelFact {
  return { ...evidence, ...named(evidence.channel, asset), since: reportStamp(since) };
}

function sensorFact({ since, channels, ...fault }: SensorFault, asset: AssetDescription): SensorFact {
  return { ...fault, channels: channels.map((key) => named(key, asset)), since: reportStamp(since) };
}

function named(channel: string, { channels }: AssetDescription) {
  const known = Object.hasOwn(channels, channel) ? channels[channel] : undefined;
  return { channel, name: known?.name ?? channel, unit: known?.unit ?? '' };
}

export function reportStamp({ boot, monoMs, wallMs, clock, errorMs }: Stamp): ReportStamp {
  const time = new Date(Math.min(Math.max(wallMs, WALL_MS_MIN), WALL_MS_MAX)).toISOString();
  // The timeline of a recording may begin below zero.
  return { boot, monoMs: Math.max(0, monoMs), time, clock, errorMs };
}
