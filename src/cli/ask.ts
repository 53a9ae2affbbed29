import { type Answer, answerOf } from '../ask/answer.ts';
import type { Span } from '../ask/calendar.ts';
import { type KnownAsset, type NotUnderstood, type Query, readQuestion } from '../ask/question.ts';
import { remembered } from '../ask/remembered.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { latestTimeMs } from '../digest-times.ts';
import { formatName, hasTime } from '../report/format.ts';
import { FieldnoteError } from '../system/errors.ts';
import type { ReportStamp } from '../values/report.ts';
import type { Stamp } from '../values/stamp.ts';
import { asDataOwner } from './data-owner.ts';

/** What a person reads; `--json` has all of them. */
const REPORTS_SHOWN_MAX = 10;

/**
 * `fieldnote ask "what happened to pump1 last night?"`: answers from what is stored, whether the daemon runs or not.
 * @throws FieldnoteError BAD_ARGUMENT when the question is not understood or names nothing that is known
 */
export async function ask(question: string, options: { config: string; json?: boolean }): Promise<void> {
  const { config, sha256: configSha256 } = loadConfig(options.config);
  const assets = knownAssets(config);
  const nowMs = Date.now();
  const query = readQuestion(question, { nowMs, assets, shift: shiftOf(config.digest.at, nowMs) });
  if ('kind' in query) throw refusal(query, assets);
  const found = await asDataOwner(config.dataDir, () => remembered(config.dataDir, query.span));
  const answer = await answerOf({ query, remembered: found, assets, config, configSha256 });
  const understood = understanding(query, assets, found.now);
  const text = options.json ? jsonOf(question, query, understood, answer) : pageOf(understood, answer);
  process.stdout.write(`${text}\n`);
}

function knownAssets({ assets }: Config): KnownAsset[] {
  return Object.entries(assets).map(([key, { name, channels = {} }]) => ({
    ...{ key, name: name ?? key },
    channels: Object.entries(channels).map(([channel, known]) => ({
      key: channel,
      name: known.name ?? channel,
    })),
  }));
}

function shiftOf(at: readonly string[], nowMs: number) {
  const beganMs = latestTimeMs(at, nowMs);
  const fromMs = beganMs === undefined ? undefined : latestTimeMs(at, beganMs - 1);
  return beganMs === undefined || fromMs === undefined ? undefined : { beganMs, fromMs };
}

function refusal({ kind, words }: NotUnderstood, assets: readonly KnownAsset[]): FieldnoteError {
  const known = assets.map(({ key, name }) => (name === key ? key : `${key} (${name})`)).join(', ');
  const messages = {
    'not-understood': `I do not understand the question: ask what happened, to which asset, and when, such as "what happened to ${assets[0]?.key ?? 'pump1'} last night?"`,
    negated: `I do not understand "${words}": ask for what you want to see, not for everything else`,
    'unknown-asset': `I know nothing called "${words}": the configuration has ${known || 'no assets'}`,
    future: 'that lies ahead: I only know what was reported',
  } as const;
  return new FieldnoteError('BAD_ARGUMENT', messages[kind], { kind, words });
}

/** How the question was understood, in one line. */
function understanding(query: Query, assets: readonly KnownAsset[], now: Stamp): string {
  const { isLatest, isAboutGaps, severities, kinds, state, channels, span, isTimeNamed, unused } = query;
  const names = query.assets.map((key) => assets.find((asset) => asset.key === key)?.name ?? key);
  const whose = names.length === 0 ? 'all assets' : names.map((name) => formatName(name)).join(' and ');
  const which = [
    isLatest ? 'the latest' : undefined,
    state === 'any' ? undefined : state,
    ...severities,
    ...kinds,
  ]
    .filter((word) => word !== undefined)
    .join(' ');
  const what = isAboutGaps
    ? 'what is missing'
    : `${which === '' ? 'all' : which} ${isLatest ? 'incident' : 'incidents'}`;
  const about = channels.length === 0 ? '' : ` with ${channels.join(', ')}`;
  return [
    `Understood: ${what}${about} of ${whose}, ${spanText(span)}`,
    isTimeNamed || span === undefined ? '' : ' (no time was named)',
    now.clock === 'unknown' || now.clock === 'floor' ? ', by a clock that may not be set' : '',
    unused.length === 0 ? '.' : `. Not used: ${unused.join(', ')}.`,
  ].join('');
}

function spanText(span: Span | undefined): string {
  if (span === undefined) return 'as far back as I remember';
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const begin = span.fromMs <= 0 ? 'the beginning' : localTime(span.fromMs);
  return `from ${begin} to ${localTime(span.toMs)} (${zone})`;
}

/** "22 Nov 2026 18:00" by the local clock. */
function localTime(ms: number): string {
  const options = { day: 'numeric', month: 'short', year: 'numeric' } as const;
  const date = new Date(ms);
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  return `${date.toLocaleDateString('en-GB', options)} ${time}`;
}

function pageOf(understood: string, { text, reports }: Answer): string {
  const shown = reports.slice(0, REPORTS_SHOWN_MAX);
  const more = reports.length - shown.length;
  return [
    understood,
    '',
    text,
    ...(shown.length === 0 ? [] : ['', 'It rests on:']),
    ...shown.flatMap(({ id, revision, updated, text: told }) => [
      `  ${id} revision ${revision}, ${timeText(updated)}`,
      `    ${told}`,
    ]),
    ...(more === 0 ? [] : [`  and ${more} more; --json has all of them`]),
  ].join('\n');
}

function timeText(stamp: ReportStamp): string {
  return hasTime(stamp) ? localTime(Date.parse(stamp.time)) : 'clock not set';
}

function jsonOf(question: string, query: Query, understood: string, answer: Answer): string {
  const { hasRecord, text, digest, reports } = answer;
  return JSON.stringify(
    { question, understood: { text: understood, ...query }, hasRecord, text, digest, reports },
    null,
    2,
  );
}
