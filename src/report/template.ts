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
  const restCount = report.channels.length - shownCount;
  const rest = restCount === 1 ? '1 more channel involved' : `${restCount} more channels involved`;
  const sentences = [
    headline(report),
    ...channelSentences(report, shownCount),
    restCount === 0 ? undefined : rest,
    report.channels.length === 0 ? scoreSentence(report) : undefined,
    labelSentence(report),
  ];
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
  const { event, kind, asset, severity, opened, updated } = report;
  const clock = hasTime(updated) ? '' : ' (clock not set)';
  const begin = `${formatName(asset.name)}: ${kind === 'sensor' ? 'sensor ' : ''}${severity}`;
  if (event === 'opened') return `${begin}${clock}`;
  if (event === 'closed') return `${begin}${ending(report)}${clock}`;
  return `${begin}, open ${since(opened, updated)}${episode(report.episodes)}${clock}`;
}

/** " over after 2 h 5 min and 3 episodes, back to normal since 16:37 UTC" */
function ending({ opened, closed, updated, episodes }: ReportFacts): string {
  const end = closed ?? updated;
  const time = formatTime(end, updated);
  const lastedMs = elapsedMs(opened, end);
  const duration = lastedMs === undefined ? 'an unknown time' : formatDuration(lastedMs);
  const count = episodes === 1 ? '' : ` and ${formatNumber(episodes, 0)} episodes`;
  return ` over after ${duration}${count}, back to normal${time === undefined ? '' : ` since ${time}`}`;
}

function episode(count: number): string {
  if (count === 1) return '';
  return `, ${formatOrdinal(count)} episode`;
}

/** "since 14:32 UTC (6 min)", or as much of it as is known. */
export function since(begin: ReportStamp, updated: ReportStamp): string {
  const time = formatTime(begin, updated);
  const lastedMs = elapsedMs(begin, updated);
  if (lastedMs === undefined) return `since ${time ?? 'before a restart'}`;
  const duration = formatDuration(lastedMs);
  return time === undefined ? `for ${duration}` : `since ${time} (${duration})`;
}

/** One sentence per channel; when it began is said where it differs from what was said before. */
function channelSentences(report: ReportFacts, shownCount: number): string[] {
  const { event, channels, opened, updated } = report;
  let said = event === 'opened' ? '' : since(opened, updated);
  return channels.slice(0, shownCount).map((fact) => {
    if (event === 'closed') return pastSentence(fact);
    const begin = since(fact.since, updated);
    const sentence = presentSentence(report, fact, begin === said ? '' : `, ${begin}`);
    said = begin;
    return sentence;
  });
}

function presentSentence({ event, score }: ReportFacts, fact: ChannelFact, begin: string): string {
  const { name, direction, unit, value, baseline, spread, extreme } = fact;
  const decimals = decimalsOf(fact);
  const write = (quantity: number) => formatQuantity(quantity, unit, decimals);
  const worst = write(extreme) === write(value) ? ', its worst so far' : `, worst ${write(extreme)}`;
  const development = event === 'opened' ? '' : worst;
  const now = `${formatName(name)} ${write(value)}`;
  if (score < 1 && Math.abs(value - baseline) < NORMAL_SPREADS * spread)
    return `${now}, back at its normal ${write(baseline)}${development}`;
  const just = write(value) === write(baseline) ? 'just ' : '';
  return `${now}, ${just}${direction} its normal ${write(baseline)}${inBrackets(formatChange(value, fact))}${begin}${development}`;
}

function pastSentence(fact: ChannelFact): string {
  const { name, unit, value, baseline, extreme } = fact;
  const decimals = decimalsOf(fact);
  const write = (quantity: number) => formatQuantity(quantity, unit, decimals);
  const went = extreme >= baseline ? 'rose to' : 'fell to';
  const change = formatChange(extreme, fact);
  const normal = `normal ${write(baseline)}${change === undefined ? '' : `, ${change}`}`;
  return `${formatName(name)} ${went} ${write(extreme)} (${normal}), now ${write(value)}`;
}

/** For a model that gives nothing but a score. */
function scoreSentence({ event, score, peakScore }: ReportFacts): string {
  if (event === 'closed') return `Highest score ${formatNumber(peakScore, 1)}, alarm limit 1`;
  return `Score ${formatNumber(score, 1)}, alarm limit 1; the model does not say which channels deviate`;
}

function labelSentence({ event, labels }: ReportFacts): string | undefined {
  const [likely] = labels.filter(({ probability }) => probability >= LABEL_PROBABILITY_MIN);
  const verb = event === 'closed' ? 'Looked' : 'Looks';
  if (likely === undefined) return event === 'closed' ? undefined : 'Cause not known';
  return `${verb} like ${formatName(likely.name)} (${formatProbability(likely.probability)})`;
}

function inBrackets(text: string | undefined): string {
  return text === undefined ? '' : ` (${text})`;
}
