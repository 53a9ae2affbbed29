import type { ChannelFact, Report, ReportStamp } from '../values/report.ts';
import {
  decimalsOf,
  elapsedMs,
  formatChange,
  formatDuration,
  formatName,
  formatNumber,
  formatOrdinal,
  formatProbability,
  formatQuantity,
  formatTime,
  hasTime,
} from './format.ts';
import { type Message, message } from './languages.ts';

/**
 * The text that every report has: short sentences about the facts and nothing else. It names no cause that no
 * model gave and advises nothing.
 */

export const TEXT_LENGTH_MAX = 600;
const CHANNEL_COUNT_MAX = 3;
export const LABEL_PROBABILITY_MIN = 0.5;
/** Within so many spreads a channel of a healthy score counts as back at its normal. */
export const NORMAL_SPREADS = 2;

export type ReportFacts = Omit<Report, 'text'>;

/** The text of a report, at most 600 characters: as many channels as fit, three at the most. */
export function templateText(report: ReportFacts): string {
  return compose(report, shownCountOf(report));
}

/** How many channels a text about this report names. */
export function shownCountOf(report: ReportFacts): number {
  let shownCount = Math.min(CHANNEL_COUNT_MAX, report.channels.length);
  while (shownCount > 1 && compose(report, shownCount).length > TEXT_LENGTH_MAX) shownCount -= 1;
  return shownCount;
}

function compose(report: ReportFacts, shownCount: number): string {
  const { language, channels } = report;
  const restCount = channels.length - shownCount;
  const more = restCount === 0 ? undefined : moreText(report, restCount);
  return sentencesOf([
    headline(report),
    ...channelSentences(report, shownCount),
    more && message(language, 'involved', { more }),
    channels.length === 0 ? scoreSentence(report) : undefined,
    labelSentence(report),
  ]);
}

/** "2 more channels" */
export function moreText({ language }: ReportFacts, count: number): string {
  return message(language, count === 1 ? 'moreChannel' : 'moreChannels', { count: `${count}` });
}

/** Those that there are, with capitals and full stops. */
export function sentencesOf(sentences: readonly (string | undefined)[]): string {
  const written = sentences.filter((sentence) => sentence !== undefined);
  return written.map((sentence) => `${capitalised(sentence)}.`).join(' ');
}

/** A sentence begins with a capital, unless its first word has its own spelling, such as pH. */
export function capitalised(sentence: string): string {
  return /^\p{Ll}+(?![\p{L}\p{N}])/u.test(sentence)
    ? sentence.charAt(0).toUpperCase() + sentence.slice(1)
    : sentence;
}

/** "Feed pump 7: warning, open since 14:32 UTC (6 min)" */
export function headline(report: ReportFacts): string {
  const { language, event, kind, asset, severity, opened, updated, episodes } = report;
  const nth = episodes === 1 ? '' : message(language, 'inEpisode', { nth: nthEpisode(report) });
  const open = () => message(language, 'open', { since: since(opened, report), episode: nth });
  return message(language, 'headline', {
    asset: formatName(asset.name, language),
    severity: message(language, kind === 'sensor' ? `sensor ${severity}` : severity),
    state: event === 'opened' ? '' : event === 'closed' ? ending(report) : open(),
    clock: hasTime(updated) ? '' : message(language, 'clockUnset'),
  });
}

/** "3rd episode" */
export function nthEpisode({ language, episodes }: ReportFacts): string {
  return message(language, 'nthEpisode', { nth: formatOrdinal(episodes, language) });
}

/** "3 episodes" */
export function episodesText({ language, episodes }: ReportFacts): string {
  return message(language, 'episodes', { count: formatNumber(episodes, 0, language) });
}

/** " over after 2 h 5 min and 3 episodes, back to normal since 16:37 UTC" */
function ending(report: ReportFacts): string {
  const { language, opened, closed, updated, episodes, explainedBy } = report;
  const end = closed ?? updated;
  const time = formatTime(end, updated, language);
  const lastedMs = elapsedMs(opened, end);
  return message(language, explainedBy === undefined ? 'over' : 'withdrawn', {
    duration: lastedMs === undefined ? message(language, 'unknownTime') : formatDuration(lastedMs, language),
    episodes: episodes === 1 ? '' : message(language, 'andEpisodes', { episodes: episodesText(report) }),
    end: time === undefined ? '' : message(language, 'endTime', { time }),
  });
}

/** "since 14:32 UTC (6 min)", or as much of it as is known. */
export function since(begin: ReportStamp, { language, updated }: ReportFacts): string {
  const time = formatTime(begin, updated, language);
  const lastedMs = elapsedMs(begin, updated);
  const duration = lastedMs === undefined ? undefined : formatDuration(lastedMs, language);
  if (time !== undefined && duration !== undefined) return message(language, 'since', { time, duration });
  if (time !== undefined) return message(language, 'sinceTime', { time });
  return duration === undefined
    ? message(language, 'sinceRestart')
    : message(language, 'sinceDuration', { duration });
}

/** One sentence per channel; when it began is said where it differs from what was said before. */
function channelSentences(report: ReportFacts, shownCount: number): string[] {
  const { event, channels, opened } = report;
  let said = event === 'opened' ? '' : since(opened, report);
  return channels.slice(0, shownCount).map((fact) => {
    if (event === 'closed') return pastSentence(report, fact);
    const begin = since(fact.since, report);
    const sentence = presentSentence(report, fact, begin === said ? '' : `, ${begin}`);
    said = begin;
    return sentence;
  });
}

function presentSentence({ language, event, score }: ReportFacts, fact: ChannelFact, begin: string): string {
  const { name, direction, unit, value, baseline, spread, extreme } = fact;
  const decimals = decimalsOf(fact);
  const write = (quantity: number) => formatQuantity(quantity, unit, decimals, language);
  const isWorst = write(extreme) === write(value);
  const isHealed = score < 1 && Math.abs(value - baseline) < NORMAL_SPREADS * spread;
  // What is back at its normal is not said to be farther from it than ever.
  const isTold = event !== 'opened' && !(isHealed && isWorst);
  const development = message(language, isWorst ? 'worstNow' : 'worst', { value: write(extreme) });
  const values = {
    name: formatName(name, language),
    value: write(value),
    normal: write(baseline),
    worst: isTold ? development : '',
  };
  if (isHealed) return message(language, 'back', values);
  const just = write(value) === write(baseline) ? message(language, 'just') : '';
  return message(language, 'present', {
    ...values,
    direction: `${just}${message(language, direction)}`,
    change: inBrackets(formatChange(value, fact, language)),
    since: begin,
  });
}

function pastSentence({ language }: ReportFacts, fact: ChannelFact): string {
  const { name, unit, value, baseline, extreme } = fact;
  const decimals = decimalsOf(fact);
  const write = (quantity: number) => formatQuantity(quantity, unit, decimals, language);
  const change = formatChange(extreme, fact, language);
  const normal = message(language, 'normal', { normal: write(baseline) });
  return message(language, extreme >= baseline ? 'rose' : 'fell', {
    name: formatName(name, language),
    worst: write(extreme),
    normal: change === undefined ? normal : `${normal}, ${change}`,
    value: write(value),
  });
}

/** For a model that gives nothing but a score. */
function scoreSentence(report: ReportFacts): string {
  const score = scoreText(report);
  return report.event === 'closed' ? score : message(report.language, 'scoreOnly', { score });
}

/** "score 2.2, alarm limit 1" */
export function scoreText({ language, event, score, peakScore }: ReportFacts): string {
  const isOver = event === 'closed';
  const number = formatNumber(isOver ? peakScore : score, 1, language);
  return message(language, isOver ? 'peak' : 'score', { score: number });
}

/** The label that is likelier than not. */
export function likelyLabel({ labels }: ReportFacts): Report['labels'][number] | undefined {
  return labels.find(({ probability }) => probability >= LABEL_PROBABILITY_MIN);
}

function labelSentence(report: ReportFacts): string | undefined {
  const { language, event } = report;
  const likely = likelyLabel(report);
  if (likely === undefined) return event === 'closed' ? undefined : message(language, 'unknown');
  const verb: Message = event === 'closed' ? 'looked' : 'looks';
  return message(language, verb, {
    label: formatName(likely.name, language),
    chance: formatProbability(likely.probability, language),
  });
}

function inBrackets(text: string | undefined): string {
  return text === undefined ? '' : ` (${text})`;
}
