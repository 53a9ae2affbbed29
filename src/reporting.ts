import type { AssetConfig, Config } from './config/schema.ts';
import type { IncidentState } from './incident/machine.ts';
import { stateKeyOf } from './incidents.ts';
import type { Mirroring } from './mirroring.ts';
import { outboxIdOf } from './publish/envelope.ts';
import { topicsOf } from './publish/topics.ts';
import { reportOf } from './report/facts.ts';
import type { Writer } from './report/writer.ts';
import type { StoreKeeper } from './store-keeper.ts';
import type { Counters } from './system/counters.ts';
import type { Logger } from './system/log.ts';
import { agentVersion } from './system/version.ts';
import type { IncidentEvent } from './values/incident.ts';
import { laneOf } from './values/lane.ts';
import type { Report } from './values/report.ts';
import type { Stamp } from './values/stamp.ts';

export interface ReportingParts {
  readonly config: Config;
  /** Of the configuration file. */
  readonly configSha256: string;
  readonly counters: Counters;
  readonly keeper: StoreKeeper;
  readonly writer: Writer | undefined;
  readonly log: Logger;
  /** Behind each incident by its key, as of its last report. */
  readonly states: Map<string, unknown>;
  readonly mirroring?: Mirroring;
}

/** What happened becomes a report: written, stored with the state behind it, and published when there is a link. */
export function acceptReport(
  parts: ReportingParts,
  asset: AssetConfig,
  event: IncidentEvent,
  state: IncidentState,
): void {
  const { counters, log, states, writer } = parts;
  const { asset: key, id, revision } = event.incident;
  if (event.event === 'opened') counters.add('incidents_opened', key);
  if (event.event === 'closed') counters.add('incidents_closed', key);
  const report = makeReport(parts, { key, ...asset }, event);
  log.info({ asset: key, id, revision, event: event.event, severity: report.severity }, report.text);
  states.set(stateKeyOf(key, event.incident), state);
  store(parts, report, event.incident.updated, isWritten(report) && (writer?.add(report) ?? false));
}

/** What a rule found in a flight is told as the template tells it: nobody should wait for other words. */
function isWritten({ kind }: Report): boolean {
  return kind !== 'flight';
}

/** What an incident is right now, in words. */
export function makeReport(
  { config, configSha256 }: ReportingParts,
  asset: AssetConfig & { readonly key: string },
  event: IncidentEvent,
): Report {
  const provenance = { config: configSha256, agent: agentVersion };
  const { site, node } = config;
  return reportOf({ event, asset, site, node, language: config.report.language, provenance });
}

/** The same revision in the words of the language model; nobody has waited for it. */
export function acceptText(parts: ReportingParts, report: Report): void {
  const { time, ...stamp } = report.updated;
  store(parts, report, { ...stamp, wallMs: Date.parse(time) }, false);
}

/** @param isAwaited whether the report waits for the words of the language model */
function store(
  { keeper, states, mirroring }: ReportingParts,
  report: Report,
  stamp: Stamp,
  isAwaited: boolean,
): void {
  const { id: incident, revision, site, node } = report;
  const asset = report.asset.key;
  const stateKey = stateKeyOf(asset, report);
  const state = states.get(stateKey);
  // Without a state of the incident there was no report either.
  if (state === undefined) {
    keeper.dropUnwritten(report);
    return;
  }
  const topic = topicsOf({ site, node }).incident(asset);
  const id = outboxIdOf(report);
  const lane = laneOf(report);
  const entry = { id, revision, asset, lane, topic, payload: JSON.stringify(report), stamp };
  keeper.accept({ stateKey, state, entry, wording: { incident, isAwaited } });
  mirroring?.reported(report);
}
