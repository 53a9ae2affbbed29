import type { Digest, DigestIncident } from '../values/digest.ts';
import {
  decimalsOf,
  elapsedMs,
  formatChange,
  formatDuration,
  formatName,
  formatNumber,
  formatProbability,
  formatQuantity,
  formatTime,
} from './format.ts';
import { capitalised, LABEL_PROBABILITY_MIN } from './template.ts';

/**
 * The text of a digest: short sentences about its facts and nothing else. It counts, tells the incidents that matter
 * most, names what is open, what is missing, and how much was watched at all, because silence means nothing where
 * nobody looked.
 */

export const DIGEST_TEXT_LENGTH_MAX = 1000;
const OPEN_SHOWN_MAX = 3;
const ASSETS_SHOWN_MAX = 3;

export type DigestFacts = Omit<Digest, 'text'>;

/** How much of the facts a text tells, so that it fits. */
interface Extent {
  readonly chief: number;
  readonly open: number;
  readonly assets: number;
}

/** The text of a digest, at most 1000 characters: as many incidents as fit, three at the most. */
export function digestText(digest: DigestFacts): string {
  const { chief, coverage } = digest;
  let extent: Extent = { chief: chief.length, open: OPEN_SHOWN_MAX, assets: ASSETS_SHOWN_MAX };
  let text = compose(digest, extent);
  while (text.length > DIGEST_TEXT_LENGTH_MAX) {
    const { chief: shown, open, assets } = extent;
    extent =
      open > 0 || assets > 1
        ? {
            chief: shown,
            open: Math.max(0, open - 1),
            assets: Math.max(Math.min(1, coverage.length), assets - 1),
          }
        : { ...extent, chief: shown - 1 };
    text = compose(digest, extent);
  }
  return text;
}

/** What is missing of a stretch of time, and nothing about incidents. */
export function gapsText(digest: DigestFacts): string {
  return joined([
    headline(digest),
    missingSentence(digest) ?? 'nothing is known to be missing',
    coverageSentence(digest, ASSETS_SHOWN_MAX),
    unreadableSentence(digest),
  ]);
}

function compose(digest: DigestFacts, extent: Extent): string {
  const shown = digest.chief.slice(0, extent.chief);
  return joined([
    headline(digest),
    ...flightSentences(digest),
    countSentence(digest),
    ...shown.map((incident) => incidentSentence(incident, digest)),
    openSentence(digest, shown, extent.open),
    withdrawnSentence(digest),
    missingSentence(digest),
    coverageSentence(digest, extent.assets),
    unplacedSentence(digest),
    unreadableSentence(digest),
  ]);
}

function joined(sentences: readonly (string | undefined)[]): string {
  const written = sentences.filter((sentence) => sentence !== undefined);
  return written.map((sentence) => `${capitalised(sentence)}.`).join(' ');
}

/** "Summary of 22 Nov 22:00 UTC to 06:00 UTC (8 h)" */
function headline({ occasion, from, to, lengthMs }: DigestFacts): string {
  const length = lengthMs === null ? undefined : formatDuration(lengthMs);
  const begin = formatTime(from, to);
  const end = formatTime(to, to);
  const times = begin === undefined || end === undefined ? undefined : `${begin} to ${end}`;
  switch (occasion) {
    case 'offline':
      return `the link was last up ${length === undefined ? 'an unknown time' : length} ago${begin === undefined ? '' : `, ${begin}`}${clock(end)}`;
    case 'flight':
      return `flight of ${length ?? 'unknown length'}${times === undefined ? clock(end) : `, ${times}`}`;
    default:
      return times === undefined
        ? `summary of ${length ?? 'an unknown time'}${clock(end)}`
        : `summary of ${times}${length === undefined ? '' : ` (${length})`}`;
  }
}

/** "Take-off 12 s, hover 46 s and landing 13 s. Greatest vibration 4.2 m/s² (z); battery 275 mAh used" */
function flightSentences({ flight }: DigestFacts): (string | undefined)[] {
  if (flight === undefined) return [];
  const { phases, vibration, batteryUsedMah, batteryLeastV, notTold, ended } = flight;
  const measured = [
    vibration === null
      ? undefined
      : `greatest vibration ${formatQuantity(vibration.value, 'm/s2', 1)} (${vibration.channel.slice(-1)})`,
    batteryUsedMah === null ? undefined : `${formatQuantity(batteryUsedMah, 'mAh', 0)} used`,
    batteryLeastV === null ? undefined : `least battery voltage ${formatQuantity(batteryLeastV, 'V', 1)}`,
  ];
  return [
    ended === 'silent' ? 'it was not heard of any more, so its end is not known' : undefined,
    listed(phases.map(({ phase, ms }) => `${phase} ${formatDuration(ms)}`)) || undefined,
    listed(measured) || undefined,
    notTold.length === 0 ? undefined : `the autopilot told nothing of: ${notTold.join(', ')}`,
  ];
}

function clock(time: string | undefined): string {
  return time === undefined ? ' (clock not set)' : '';
}

/** "5 incidents: 1 critical and 4 warnings; 3 of machines, 1 of a sensor and 1 of a bearing" */
function countSentence({ counts, occasion }: DigestFacts): string {
  const { incidents, critical, warning, notice, machine, sensor, bearing, flight } = counts;
  if (incidents === 0) return occasion === 'question' ? 'no incident fits the question' : 'no incident';
  const severities = [
    critical > 0 ? `${formatNumber(critical, 0)} critical` : undefined,
    several(warning, 'warning', 'warnings'),
    several(notice, 'notice', 'notices'),
  ];
  const kinds = [
    several(machine, 'of a machine', 'of machines'),
    several(sensor, 'of a sensor', 'of sensors'),
    several(bearing, 'of a bearing', 'of bearings'),
    several(flight, 'of a flight', 'of flights'),
  ];
  return `${several(incidents, 'incident', 'incidents')}: ${listed(severities)}; ${listed(kinds)}`;
}

/** "Feed pump 1: critical, over after 26 min, begun 02:14 UTC; vibration rose to 7.4 mm/s (normal 2.3 mm/s, +220 %)" */
function incidentSentence(incident: DigestIncident, { to }: DigestFacts): string {
  const { asset, severity, opened, updated, closed } = incident;
  const begin = formatTime(opened, to);
  const lastedMs = elapsedMs(opened, closed ?? updated);
  const length = lastedMs === undefined ? undefined : formatDuration(lastedMs);
  const since = begin === undefined ? '' : ` since ${begin}`;
  const state =
    closed === null
      ? `open${since}${length === undefined ? '' : `, ${length} long at its latest report`}`
      : `over after ${length ?? 'an unknown time'}${begin === undefined ? '' : `, begun ${begin}`}`;
  return `${formatName(asset.name)}: ${severity}, ${state}; ${finding(incident)}`;
}

/** What was found, in a few words. */
export function finding({
  kind,
  channels: [channel],
  labels: [label],
  sensor,
  bearing,
  flight,
  peakScore,
}: DigestIncident): string {
  const isLikely = label !== undefined && label.probability >= LABEL_PROBABILITY_MIN;
  if (sensor !== undefined) return sensorFinding(sensor);
  if (flight !== undefined) return flightFinding(flight);
  if (kind === 'bearing') {
    const name = `bearing ${formatName(bearing?.name ?? '')}`;
    return isLikely
      ? `${name} sounded like ${formatName(label.name)} damage (${formatProbability(label.probability)})`
      : `${name} sounded damaged, its part not known`;
  }
  const looks = isLikely
    ? `, looked like ${formatName(label.name)} (${formatProbability(label.probability)})`
    : '';
  if (channel === undefined) return `highest score ${formatNumber(peakScore, 1)}, alarm limit 1${looks}`;
  const { name, unit, baseline, extreme } = channel;
  const write = (quantity: number) => formatQuantity(quantity, unit, decimalsOf(channel));
  const change = formatChange(extreme, channel);
  const normal = `normal ${write(baseline)}${change === undefined ? '' : `, ${change}`}`;
  return `${formatName(name)} ${extreme >= baseline ? 'rose to' : 'fell to'} ${write(extreme)} (${normal})${looks}`;
}

function flightFinding(flight: NonNullable<DigestIncident['flight']>): string {
  const { finding: found, motor, phase, channel = '', unit = '', worst = 0, limit = 0 } = flight;
  if (found === 'motor-failure')
    return `${motor === undefined ? 'a motor' : `motor ${motor}`} no longer pushed (${phase})`;
  const write = (quantity: number) => formatQuantity(quantity, unit === '1' ? '' : unit, limit < 10 ? 2 : 0);
  return `${formatName(channel.replaceAll('.', ' '))} ${write(worst).trim()}, limit ${write(limit).trim()} (${phase})`;
}

const SENSOR_FINDINGS = {
  stuck: 'repeated the same value',
  'dropped-out': 'gave no value',
  spiking: 'jumped off and back',
  saturated: 'was at the end of its range',
  'out-of-range': 'gave values that are not possible',
  'clock-jump': 'had a clock that jumped',
} as const;

function sensorFinding({ fault, source, channels }: NonNullable<DigestIncident['sensor']>): string {
  const [first] = channels;
  const who =
    fault !== 'clock-jump' && channels.length === 1 && first !== undefined
      ? `${formatName(first.name)} (sensor)`
      : `source ${formatName(source)}`;
  return `${who} ${SENSOR_FINDINGS[fault]}`;
}

/** "2 are still open: Fan 3 (warning) and 1 more"; those that were told already are not told again. */
function openSentence(
  { counts, open }: DigestFacts,
  told: readonly DigestIncident[],
  shownMax: number,
): string | undefined {
  if (counts.open === 0) return counts.incidents === 0 ? undefined : 'none is open any more';
  const rest = open.filter(({ id }) => !told.some((incident) => incident.id === id));
  const names = rest
    .slice(0, shownMax)
    .map(({ asset, severity }) => `${formatName(asset.name)} (${severity})`);
  const verb = counts.open === 1 ? '1 is' : `${formatNumber(counts.open, 0)} are`;
  const toldCount = told.filter(({ closed }) => closed === null).length;
  const more = counts.open - toldCount - names.length;
  if (names.length === 0) return `${verb} still open`;
  return `${verb} still open${toldCount > 0 ? ', also' : ':'} ${listed([...names, more > 0 ? `${formatNumber(more, 0)} more` : undefined])}`;
}

function withdrawnSentence({ counts: { withdrawn } }: DigestFacts): string | undefined {
  if (withdrawn === 0) return undefined;
  return `${several(withdrawn, 'incident was', 'incidents were')} withdrawn: a sensor was at fault, not the machine`;
}

const LOSSES: Readonly<Record<string, readonly [one: string, several: string]>> = {
  evicted: ['report given up for want of room', 'reports given up for want of room'],
  expired: ['report given up because it was too old', 'reports given up because they were too old'],
  quarantined: ['report that no broker takes', 'reports that no broker takes'],
  damaged: ['record damaged on the disk', 'records damaged on the disk'],
  refused: ['report that could not be stored', 'reports that could not be stored'],
  samples: ['sample', 'samples'],
  'store-recovered': ['report lost with a damaged store', 'reports lost with a damaged store'],
};

/** "Missing: at least 120 samples and 3 reports given up for want of room". A store that was moved lost nothing. */
function missingSentence({ gaps }: DigestFacts): string | undefined {
  const losses = gaps.filter(({ reason }) => reason !== 'store-moved');
  const list = listed(losses.map(loss));
  return list === '' ? undefined : `missing: ${list}`;
}

/** Undefined when it is known that nothing was lost. */
function loss({ reason, count, least }: DigestFacts['gaps'][number]): string | undefined {
  const name = formatName(reason);
  const words = LOSSES[reason] ?? [`loss (${name})`, `losses (${name})`];
  if (count !== null) return several(count, ...words);
  return least > 0 ? `at least ${several(least, ...words)}` : `an unknown number of ${words[1]}`;
}

/** "Watched of these 8 h: Fan 3 not at all and Feed pump 1 for 7 h 50 min"; the least watched come first. */
function coverageSentence({ coverage, lengthMs }: DigestFacts, shownMax: number): string | undefined {
  if (coverage.length === 0 || lengthMs === null) return undefined;
  const sorted = coverage.toSorted((one, other) => one.watchedMs - other.watchedMs);
  const parts = sorted.slice(0, shownMax).map(({ asset, watchedMs }) => {
    const share = watchedMs === 0 ? 'not at all' : `for ${formatDuration(Math.min(watchedMs, lengthMs))}`;
    return `${formatName(asset.name)} ${share}`;
  });
  const more = sorted.length - parts.length;
  const rest = more > 0 ? [several(more, 'other no shorter', 'others no shorter')] : [];
  return `watched of these ${formatDuration(lengthMs)}: ${listed([...parts, ...rest])}`;
}

function unplacedSentence({ unplaced }: DigestFacts): string | undefined {
  if (unplaced === 0) return undefined;
  return `of ${several(unplaced, 'more incident', 'more incidents')} the time is not known`;
}

function unreadableSentence({ unreadable }: DigestFacts): string | undefined {
  if (unreadable === 0) return undefined;
  return `${several(unreadable, 'record is', 'records are')} damaged and cannot be read`;
}

/** "1 warning", "3 warnings"; undefined for none. */
function several(count: number, one: string, many: string): string | undefined {
  if (count === 0) return undefined;
  return count === 1 ? `1 ${one}` : `${formatNumber(count, 0)} ${many}`;
}

/** "a, b and c" */
function listed(parts: readonly (string | undefined)[]): string {
  const written = parts.filter((part) => part !== undefined);
  const last = written.at(-1) ?? '';
  return written.length < 2 ? last : `${written.slice(0, -1).join(', ')} and ${last}`;
}
