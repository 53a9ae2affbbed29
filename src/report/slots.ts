import { crc32 } from 'node:zlib';
import type { Language } from '../values/language.ts';
import type { ChannelFact, ReportStamp } from '../values/report.ts';
import { addBegin, type Slots } from './beginning.ts';
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
  hasTime,
} from './format.ts';
import { translated } from './languages.ts';
import { planSensor, type SensorPlan, sensorWords } from './sensor-plan.ts';
import {
  capitalised,
  episodesText,
  likelyLabel,
  moreText,
  NORMAL_SPREADS,
  nthEpisode,
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
  /** Its latest value is the worst so far, which nobody says of one that is back at its normal. */
  readonly isWorst: boolean;
  /** It began before a restart, nobody knows when. */
  readonly isFromBefore: boolean;
}

export interface Plan {
  readonly language: Language | undefined;
  readonly kind: ReportFacts['kind'];
  readonly event: ReportFacts['event'];
  readonly severity: ReportFacts['severity'];
  /** The first channel has the slots that end in 1. */
  readonly channels: readonly ChannelPlan[];
  /** The incident began before a restart, nobody knows when. */
  readonly isFromBefore: boolean;
  /** What is wrong with a sensor, in a report about one. */
  readonly sensor?: SensorPlan | undefined;
  /** No label is likely: the incident is open, or it is about a bearing. */
  readonly isCauseUnknown: boolean;
  /** Over, and it was not the machine that was at fault. */
  readonly isWithdrawn: boolean;
  readonly isClockUnset: boolean;
  /** Name of each slot that the text must have, exactly once → what code writes there. */
  readonly slots: ReadonlyMap<string, string>;
}

/** Voices of the writer: each has its own way to build sentences (the first letter) and its own words (the second). */
export const VOICES = [...'abcdefgh'].flatMap((build) => [...'pqrstuvw'].map((words) => `${build} ${words}`));

/** Facts → what must be said. The channels and the rounding are those of the template. */
export function planOf(report: ReportFacts): Plan {
  const { language, kind, event, severity, asset, opened, updated, explainedBy } = report;
  const slots: Slots = new Map([['ASSET', formatName(asset.name, language)]]);
  const isFromBefore = event === 'updated' && !addBegin(slots, '', opened, report);
  addCourse(slots, report);
  const sensor = report.sensor && planSensor(slots, report.sensor, report);
  const channels = kind === 'machine' ? planChannels(slots, report) : [];
  if (kind !== 'sensor' && channels.length === 0) addScore(slots, report);
  if (report.bearing !== undefined) slots.set('BEARING', formatName(report.bearing.name, language));
  const isLabelled = kind !== 'sensor' && addLabel(slots, report);
  return {
    ...{ language, kind, event, severity, channels, sensor, isFromBefore },
    isCauseUnknown: !isLabelled && (kind === 'bearing' || (kind === 'machine' && event !== 'closed')),
    isWithdrawn: event === 'closed' && explainedBy !== undefined,
    isClockUnset: !hasTime(updated),
    slots,
  };
}

function addCourse(slots: Slots, report: ReportFacts): void {
  const { language, event, opened, closed, updated, episodes, explainedBy } = report;
  if (event === 'updated' && episodes > 1) slots.set('NTH', nthEpisode(report));
  if (event !== 'closed') return;
  const end = closed ?? updated;
  const lastedMs = elapsedMs(opened, end);
  if (lastedMs !== undefined) slots.set('LASTED', formatDuration(lastedMs, language));
  if (episodes > 1) slots.set('EPISODES', episodesText(report));
  const time = formatTime(end, updated, language);
  if (time !== undefined && explainedBy === undefined) slots.set('END', time);
}

/** For a model that names no channels. */
function addScore(slots: Slots, { language, event, score, peakScore }: ReportFacts): void {
  if (event === 'closed') slots.set('PEAK', formatNumber(peakScore, 1, language));
  else slots.set('SCORE', formatNumber(score, 1, language));
  slots.set('LIMIT', '1');
}

/** @returns whether a label is likely */
function addLabel(slots: Slots, report: ReportFacts): boolean {
  const likely = likelyLabel(report);
  if (likely === undefined) return false;
  const { language, kind } = report;
  const name = kind === 'bearing' ? translated(language, likely.name) : likely.name;
  slots.set('LABEL', formatName(name, language));
  slots.set('CHANCE', formatProbability(likely.probability, language));
  return true;
}

function planChannels(slots: Slots, report: ReportFacts): ChannelPlan[] {
  const { event, channels, opened } = report;
  const shown = channels.slice(0, shownCountOf(report));
  const restCount = channels.length - shown.length;
  let said = event === 'updated' ? beginText(opened, report) : '';
  const plans = shown.map((fact, at): ChannelPlan => {
    const suffix = `${at + 1}`;
    const plan = planChannel(slots, suffix, fact, report);
    const begin = beginText(fact.since, report);
    const isTold = (plan.course === 'above' || plan.course === 'below') && begin !== said;
    said = begin;
    return isTold ? { ...plan, isFromBefore: !addBegin(slots, suffix, fact.since, report) } : plan;
  });
  if (restCount > 0) slots.set('MORE', moreText(report, restCount));
  return plans;
}

function beginText(begin: ReportStamp, { updated }: ReportFacts): string {
  const lastedMs = elapsedMs(begin, updated);
  return `${formatTime(begin, updated)} ${lastedMs === undefined ? '' : formatDuration(lastedMs)}`;
}

function planChannel(slots: Slots, suffix: string, fact: ChannelFact, report: ReportFacts): ChannelPlan {
  const { name, unit, value, baseline, spread, extreme, direction } = fact;
  const isOver = report.event === 'closed';
  const decimals = decimalsOf(fact);
  const write = (quantity: number) => formatQuantity(quantity, unit, decimals, report.language);
  const isHealed = !isOver && report.score < 1 && Math.abs(value - baseline) < NORMAL_SPREADS * spread;
  const isAtWorst = write(extreme) === write(value);
  slots.set(`NAME${suffix}`, formatName(name, report.language));
  slots.set(`VALUE${suffix}`, write(value));
  slots.set(`NORMAL${suffix}`, write(baseline));
  if (isOver || (report.event === 'updated' && !isAtWorst)) slots.set(`WORST${suffix}`, write(extreme));
  const change = isHealed ? undefined : formatChange(isOver ? extreme : value, fact, report.language);
  if (change !== undefined) slots.set(`CHANGE${suffix}`, change);
  const past = extreme >= baseline ? 'rose' : 'fell';
  return {
    course: isOver ? past : isHealed ? 'normal' : direction,
    isJust: !isOver && !isHealed && write(value) === write(baseline),
    isWorst: report.event === 'updated' && isAtWorst && !isHealed,
    isFromBefore: false,
  };
}

/**
 * The plan as a writer gets it, such as
 * "updated warning @ASSET open @SINCE @LASTED above1 @NAME1 @VALUE1 @NORMAL1 @CHANGE1 worst1 cause unknown".
 */
export function promptOf(plan: Plan): string {
  const { kind, event, severity, channels, sensor, isFromBefore, isWithdrawn, slots } = plan;
  const has = (...names: string[]) => names.filter((name) => slots.has(name)).map((name) => `@${name}`);
  const words = [event, severity, '@ASSET', ...(plan.isClockUnset ? ['clock unset'] : [])];
  if (kind !== 'machine') words.push(kind);
  if (event === 'updated') words.push('open', ...has('SINCE', 'LASTED'), ...(isFromBefore ? ['before'] : []));
  words.push(...has('NTH'));
  if (event === 'closed') words.push(isWithdrawn ? 'withdrawn' : 'over', ...has('LASTED', 'EPISODES', 'END'));
  if (sensor !== undefined) words.push(...sensorWords(sensor, has));
  for (const [at, channel] of channels.entries()) {
    if (isAlike(channel, channels[at - 1])) words.push(`also${at + 1}`);
    words.push(...channelWords(channel, `${at + 1}`, has));
  }
  words.push(...has('MORE', 'BEARING', 'SCORE', 'PEAK', 'LIMIT', 'LABEL', 'CHANCE'));
  if (plan.isCauseUnknown) words.push(kind === 'bearing' ? 'part unknown' : 'cause unknown');
  return words.join(' ');
}

/** Whether a channel does what the one before it does, so that "also" may be said. */
function isAlike(channel: ChannelPlan, before: ChannelPlan | undefined): boolean {
  return channel.course === before?.course && !channel.isJust && !before.isJust;
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
