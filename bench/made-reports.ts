import { topicsOf } from '../src/publish/topics.ts';
import { reportOf } from '../src/report/facts.ts';
import type { Acceptance } from '../src/store/outbox.ts';
import { agentVersion } from '../src/system/version.ts';
import type { Incident } from '../src/values/incident.ts';
import { laneOf } from '../src/values/lane.ts';
import type { Report } from '../src/values/report.ts';
import type { Stamp } from '../src/values/stamp.ts';
import { ASSET } from './configuration.ts';
import { CHANNELS } from './device.ts';

/** A report about an incident with three deviating channels, as the daemon makes it. */

export const PLACE = { site: 'bench', node: 'board' } as const;
export const TOPIC = topicsOf(PLACE).incident(ASSET);

const SHA256 = 'c0ffee00'.repeat(8);
const DEVIATING_COUNT = 3;
const stamp: Stamp = {
  boot: 1,
  monoMs: 5_000_000,
  wallMs: Date.UTC(2026, 10, 1),
  clock: 'synced',
  errorMs: 1000,
};

export function madeReport(): Report {
  const channels = Object.fromEntries(CHANNELS.map(({ key, unit }) => [key, { unit }]));
  const event = { event: 'updated', incident: madeIncident() } as const;
  const provenance = { config: SHA256, agent: agentVersion };
  return reportOf({ event, asset: { key: ASSET, channels }, ...PLACE, provenance });
}

/** The report with the incident state that is stored beside it. */
export function madeAcceptance(): Acceptance {
  const report = madeReport();
  const { id, revision } = report;
  const lane = laneOf(report);
  const entry = { id, revision, asset: ASSET, lane, topic: TOPIC, payload: JSON.stringify(report), stamp };
  const wording = { incident: id, isAwaited: false };
  return { stateKey: ASSET, state: madeIncident(), entry, wording };
}

function madeIncident(): Incident {
  const evidence = CHANNELS.slice(0, DEVIATING_COUNT).map(({ key, mean, deviation }) => ({
    channel: key,
    direction: 'above' as const,
    value: mean + 4 * deviation,
    baseline: mean,
    spread: deviation,
    extreme: mean + 5 * deviation,
    share: 1 / DEVIATING_COUNT,
    since: stamp,
  }));
  return {
    id: '5f0d3c1e-7a55-4c7e-9d38-0f6d0f5f2a11',
    asset: ASSET,
    kind: 'machine',
    revision: 2,
    severity: 'warning',
    opened: stamp,
    updated: stamp,
    closed: null,
    score: 1.8,
    peakScore: 2.3,
    evidence,
    labels: [],
    model: SHA256,
    episodes: 1,
  };
}
