import { crc32 } from 'node:zlib';
import type { ChannelFact, ReportStamp } from '../values/report.ts';
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
import {
  capitalised,
  LABEL_PROBABILITY_MIN,
  NORMAL_SPREADS,
  type ReportFacts,
  shownCountOf,
} from './template.ts';

/**
 * What a text about a report must say, without a single value: the kinds of statement and the names of the slots
 * that code fills. A writer sees nothing else, so it can put no number, unit, name or time of its own into a text.
 *
 * A slot is written @NAME1: letters, then the number of the channel where it belongs to one.
 */

/** How a channel is away from its normal: now (above, below, back at it), or in an incident that is over. */
export type Course = 'above' | 'below' | 'normal' | 'rose' | 'fell';

export interface ChannelPlan {
  readonly course: Course;
  /** Rounded, its value and its normal are the same. */
  readonly isJust: boolean;
  /** Its latest value is the worst so far. */
  readonly isWorst: boolean;
  /** It began before a restart, nobody knows when. */
  readonly isFromBefore: boolean;
}

export interface Plan {
  readonly event: ReportFacts['event'];
  readonly severity: ReportFacts['severity'];
  /** The first channel has the slots that end in 1. */
  readonly channels: readonly ChannelPlan[];
  /** The incident began before a restart, nobody knows when. */
  readonly isFromBefore: boolean;
  /** No label is likely, and the incident is open. */
  readonly isCauseUnknown: boolean;
  readonly isClockUnset: boolean;
  /** Name of each slot that the text must have, exactly once → what code writes there. */
  readonly slots: ReadonlyMap<string, string>;
}

/** Voices of the writer: each has its own way to build sentences (the first letter) and its own words (the second). */
export const VOICES = [...'abcdefgh'].flatMap((build) => [...'pqrstuvw'].map((words) => `${build} ${words}`));

type Slots = Map<string, string>;

/** Facts → what must be said. The channels and the rounding are those of the template. */
export function planOf(report: ReportFacts): Plan {
  const { event, severity, opened, updated, labels } = report;
  const slots: Slots = new Map([['ASSET', formatName(report.asset.name)]]);
  const isFromBefore = event === 'updated' && !addBegin(slots, '', opened, updated);
  addCourse(slots, report);
  const channels = planChannels(slots, report);
  const [likely] = labels.filter(({ probability }) => probability >= LABEL_PROBABILITY_MIN);
  if (likely !== undefined) {
    slots.set('LABEL', formatName(likely.name));
    slots.set('CHANCE', formatProbability(likely.probability));
  }
  return {
    event,
    severity,
    channels,
    isFromBefore,
    isCauseUnknown: likely === undefined && event !== 'closed',
    isClockUnset: !hasTime(updated),
    slots,
  };
}

function addCourse(slots: Slots, { event, opened, closed, updated, episodes }: ReportFacts): void {
  if (event === 'updated' && episodes > 1) slots.set('NTH', `${formatOrdinal(episodes)} episode`);
  if (event !== 'closed') return;
  const end = closed ?? updated;
  const lastedMs = elapsedMs(opened, end);
  if (lastedMs !== undefined) slots.set('LASTED', formatDuration(lastedMs));
  if (episodes > 1) slots.set('EPISODES', `${formatNumber(episodes, 0)} episodes`);
  const time = formatTime(end, updated);
  if (time !== undefined) slots.set('END', time);
}

/** @returns whether anything is known about when it began */
function addBegin(slots: Slots, suffix: string, begin: ReportStamp, updated: ReportStamp): boolean {
  const time = formatTime(begin, updated);
  const lastedMs = elapsedMs(begin, updated);
  if (time !== undefined) slots.set(`SINCE${suffix}`, time);
  if (lastedMs !== undefined) slots.set(`LASTED${suffix}`, formatDuration(lastedMs));
  return time !== undefined || lastedMs !== undefined;
}

function planChannels(slots: Slots, report: ReportFacts): ChannelPlan[] {
  const { event, channels, opened, updated, score, peakScore } = report;
  const shown = channels.slice(0, shownCountOf(report));
  const restCount = channels.length - shown.length;
  let said = event === 'updated' ? beginText(opened, updated) : '';
  const plans = shown.map((fact, at): ChannelPlan => {
    const suffix = `${at + 1}`;
    const plan = planChannel(slots, suffix, fact, report);
    const begin = beginText(fact.since, updated);
    const isTold = (plan.course === 'above' || plan.course === 'below') && begin !== said;
    said = begin;
    return isTold ? { ...plan, isFromBefore: !addBegin(slots, suffix, fact.since, updated) } : plan;
  });
  if (restCount > 0) slots.set('MORE', `${restCount} more ${restCount === 1 ? 'channel' : 'channels'}`);
  if (channels.length > 0) return plans;
  if (event === 'closed') slots.set('PEAK', formatNumber(peakScore, 1));
  else slots.set('SCORE', formatNumber(score, 1));
  slots.set('LIMIT', '1');
  return plans;
}

function beginText(begin: ReportStamp, updated: ReportStamp): string {
  const lastedMs = elapsedMs(begin, updated);
  return `${formatTime(begin, updated)} ${lastedMs === undefined ? '' : formatDuration(lastedMs)}`;
}

function planChannel(slots: Slots, suffix: string, fact: ChannelFact, report: ReportFacts): ChannelPlan {
  const { name, unit, value, baseline, spread, extreme, direction } = fact;
  const isOver = report.event === 'closed';
  const decimals = decimalsOf(fact);
  const write = (quantity: number) => formatQuantity(quantity, unit, decimals);
  const isHealed = !isOver && report.score < 1 && Math.abs(value - baseline) < NORMAL_SPREADS * spread;
  const isWorst = report.event === 'updated' && write(extreme) === write(value);
  slots.set(`NAME${suffix}`, formatName(name));
  slots.set(`VALUE${suffix}`, write(value));
  slots.set(`NORMAL${suffix}`, write(baseline));
  if (isOver || (report.event === 'updated' && !isWorst)) slots.set(`WORST${suffix}`, write(extreme));
  const change = isHealed ? undefined : formatChange(isOver ? extreme : value, fact);
  if (change !== undefined) slots.set(`CHANGE${suffix}`, change);
  const past = extreme >= baseline ? 'rose' : 'fell';
  return {
    course: isOver ? past : isHealed ? 'normal' : direction,
    isJust: !isOver && !isHealed && write(value) === write(baseline),
    isWorst,
    isFromBefore: false,
  };
}

/**
 * The plan as a writer gets it, such as
 * "updated warning @ASSET open @SINCE @LASTED above1 @NAME1 @VALUE1 @NORMAL1 @CHANGE1 worst1 cause unknown".
 */
export function promptOf(plan: Plan): string {
  const { event, severity, channels, isFromBefore, isCauseUnknown, isClockUnset, slots } = plan;
  const has = (...names: string[]) => names.filter((name) => slots.has(name)).map((name) => `@${name}`);
  const words = [event, severity, '@ASSET', ...(isClockUnset ? ['clock unset'] : [])];
  if (event === 'updated') words.push('open', ...has('SINCE', 'LASTED'), ...(isFromBefore ? ['before'] : []));
  words.push(...has('NTH'));
  if (event === 'closed') words.push('over', ...has('LASTED', 'EPISODES', 'END'));
  for (const [at, channel] of channels.entries()) words.push(...channelWords(channel, `${at + 1}`, has));
  words.push(...has('MORE', 'SCORE', 'PEAK', 'LIMIT', 'LABEL', 'CHANCE'));
  if (isCauseUnknown) words.push('cause unknown');
  return words.join(' ');
}

function channelWords(channel: ChannelPlan, suffix: string, has: (...names: string[]) => string[]): string[] {
  const of = (...names: string[]) => has(...names.map((name) => name + suffix));
  return [
    ...(channel.isJust ? [`just${suffix}`] : []),
    `${channel.course}${suffix}`,
    ...of('NAME', 'VALUE', 'NORMAL', 'CHANGE', 'WORST'),
    ...(channel.isWorst ? [`worst${suffix}`] : []),
    ...of('SINCE', 'LASTED'),
    ...(channel.isFromBefore ? [`before${suffix}`] : []),
  ];
}

/** Plans that no training may see, so that there are some to measure with; the same in the training recipe. */
export function isHeldOut(plan: Plan): boolean {
  const prompt = promptOf(plan);
  return crc32(prompt.slice(prompt.indexOf('@ASSET'))) % 5 === 0;
}

/** Fills the slots of a text; unknown ones stay. */
export function render(text: string, { slots }: Plan): string {
  const fill = (sentence: string) =>
    capitalised(sentence.replaceAll(/@([A-Z]+\d?)/g, (slot, name) => slots.get(name) ?? slot));
  return text
    .split(/(?<=\.) /)
    .map(fill)
    .join(' ');
}
