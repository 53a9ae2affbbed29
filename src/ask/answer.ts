import { randomUUID } from 'node:crypto';
import { periodOf } from '../asking.ts';
import type { Config } from '../config/schema.ts';
import { happenedBy } from '../happened.ts';
import { digestOf, type Happened } from '../report/digest.ts';
import { gapsText } from '../report/digest-text.ts';
import { agentVersion } from '../system/version.ts';
import type { Digest } from '../values/digest.ts';
import type { Report } from '../values/report.ts';
import type { Stamp } from '../values/stamp.ts';
import type { KnownAsset, Query } from './question.ts';
import type { Remembered } from './remembered.ts';

export const NO_RECORD = 'I have no record of that.';
/** What a store that is there can say for all of its time, without knowing when anybody watched. */
const NONE_OPEN = 'No incident of that kind is open.';
const NONE_EVER = 'No incident of that kind is recorded.';

export interface Answer {
  /** False where there is nothing at all about it: no report, and nobody watched. */
  readonly hasRecord: boolean;
  readonly text: string;
  readonly digest: Digest;
  /** What it rests on, the latest first. */
  readonly reports: readonly Report[];
}

export interface AnswerInput {
  readonly query: Query;
  readonly remembered: Remembered;
  readonly assets: readonly KnownAsset[];
  readonly config: Pick<Config, 'site' | 'node'>;
  readonly configSha256: string;
}

/** The answer to a question: a digest of what its query finds, from stored facts alone. */
export async function answerOf({
  query,
  remembered,
  assets,
  config,
  configSha256,
}: AnswerInput): Promise<Answer> {
  const { now, recollection } = remembered;
  const asked = assets.filter(({ key }) => query.assets.length === 0 || query.assets.includes(key));
  const named = asked.map(({ key, name }) => ({ key, name }));
  const found: Happened =
    recollection === undefined
      ? { reports: [], gaps: [], coverage: [], unplaced: 0, unreadable: 0 }
      : await happenedBy(recollection, query.span === undefined ? [] : named);
  const reports = matching(found.reports, query);
  const period = query.span === undefined ? allTime(reports, now) : periodOf(query.span, now);
  const { site, node } = config;
  const digest = digestOf({
    ...{ id: randomUUID(), occasion: 'question', site, node, period },
    happened: { ...found, reports },
    provenance: { config: configSha256, agent: agentVersion },
  });
  const isWatched = digest.coverage.some(({ watchedMs }) => watchedMs > 0);
  const isMissed = query.isAboutGaps && digest.gaps.length > 0;
  const hasRecord = reports.length > 0 || isWatched || isMissed;
  const text = query.isAboutGaps ? gapsText(digest) : digest.text;
  const isOfAllTime = query.span === undefined && !query.isAboutGaps && recollection !== undefined;
  if (!hasRecord && isOfAllTime && found.unplaced + found.unreadable === 0)
    return { hasRecord: true, text: query.state === 'open' ? NONE_OPEN : NONE_EVER, digest, reports };
  return { hasRecord, text: hasRecord ? text : withoutRecord(digest), digest, reports };
}

function withoutRecord({ unplaced, unreadable }: Digest): string {
  const count = unplaced + unreadable;
  return count === 0 ? NO_RECORD : `${NO_RECORD} Of ${count} stored reports I cannot tell when they were.`;
}

/** The reports that a query asks for, the latest first. */
export function matching(reports: readonly Report[], query: Query): Report[] {
  if (query.isAboutGaps) return [];
  const isOf = <T>(wanted: readonly T[], value: T) => wanted.length === 0 || wanted.includes(value);
  const matches = reports.filter(
    (report) =>
      isOf(query.assets, report.asset.key) &&
      isOf(query.kinds, report.kind) &&
      isOf(query.severities, report.severity) &&
      isInState(report, query.state) &&
      (query.channels.length === 0 || query.channels.some((channel) => isAbout(report, channel))),
  );
  const latestFirst = matches.toSorted((one, other) => byOpening(other, one));
  return query.isLatest ? latestFirst.slice(0, 1) : latestFirst;
}

function isInState({ closed }: Report, state: Query['state']): boolean {
  return state === 'any' || (state === 'open') === (closed === null);
}

function isAbout({ channels, sensor }: Report, channel: string): boolean {
  return [...channels, ...(sensor?.channels ?? [])].some((fact) => fact.channel === channel);
}

function byOpening({ opened: one }: Report, { opened: other }: Report): number {
  return one.boot - other.boot || one.monoMs - other.monoMs;
}

/** From the first of them until now. */
function allTime(reports: readonly Report[], now: Stamp) {
  const first = reports.at(-1)?.opened;
  if (first === undefined) return { from: now, to: now };
  const { time, ...stamp } = first;
  return { from: { ...stamp, wallMs: Date.parse(time) }, to: now };
}
