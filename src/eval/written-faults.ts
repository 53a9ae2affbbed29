import {
  decimalsOf,
  elapsedMs,
  formatDuration,
  formatName,
  formatNumber,
  formatProbability,
  formatQuantity,
  formatTime,
} from '../report/format.ts';
import type { ReportFacts } from '../report/template.ts';
import { DEFAULT_LANGUAGE } from '../values/language.ts';
import type { ChannelFact } from '../values/report.ts';
import { faultsOfBearing, faultsOfSensor } from './written-sensors.ts';
import { WRITTEN_WORDS, type WrittenWords } from './written-words.ts';

/**
 * What is wrong in a finished text about an incident, found without the verifier: it works on the rendered text, with
 * the facts themselves, by looking at the words around each name and each number.
 */

const SEVERITIES = ['notice', 'warning', 'critical'] as const;
/** Characters before a name in which its value may stand: "at 7.4 mm/s, vibration is …". */
const LEAD_LENGTH = 90;

export function faultsIn(text: string, facts: ReportFacts): string[] {
  const marked = mark(text, facts);
  if (facts.sensor !== undefined) return [...faultsOfIncident(marked, facts), ...faultsOfSensor(text, facts)];
  if (facts.bearing !== undefined)
    return [...faultsOfIncident(marked, facts), ...faultsOfBearing(text, facts)];
  const channels = facts.channels.filter((_, at) => marked.includes(channelMark(at)));
  return [
    ...faultsOfIncident(marked, facts),
    ...faultsOfNumbers(marked, facts),
    ...channels.flatMap((channel, at) => faultsOfChannel(marked, channel, at, facts)),
    ...faultsOfLabel(marked, facts),
  ];
}

function wordsOf({ language = DEFAULT_LANGUAGE }: ReportFacts): WrittenWords {
  return WRITTEN_WORDS[language];
}

function channelMark(at: number): string {
  return `⟦${'ABCDEF'[at]}⟧`;
}

/** Names may hold digits and words that mean something: they become marks. The longest go first. */
function mark(text: string, { asset, channels, labels }: ReportFacts): string {
  const marks: [string, string][] = channels.map(({ name }, at) => [formatName(name), channelMark(at)]);
  if (labels[0] !== undefined) marks.push([formatName(labels[0].name), '⟦label⟧']);
  marks.push([formatName(asset.name), '⟦asset⟧']);
  let marked = text;
  for (const [name, sign] of marks.sort(([one], [other]) => other.length - one.length)) {
    const begun = name.charAt(0).toUpperCase() + name.slice(1);
    marked = marked.split(name).join(sign).split(begun).join(sign);
  }
  return marked;
}

function faultsOfIncident(text: string, facts: ReportFacts): string[] {
  const { event, severity, explainedBy } = facts;
  const { severities, over, older, open, withdrawn } = wordsOf(facts);
  const faults: string[] = [];
  for (const word of SEVERITIES)
    if (severities[word].test(text) !== (word === severity)) faults.push(`severity ${word}`);
  if (withdrawn.test(text) !== (explainedBy !== undefined)) faults.push('withdrawn');
  // What channels do comes after the first of them is named.
  const [head = ''] = facts.kind === 'machine' ? text.split('⟦A⟧') : text.split(/(?<=\.) /);
  const lead = event === 'opened' ? head : text;
  if (event === 'closed' && !over.test(text)) faults.push('not said to be over');
  if (event === 'opened' && older.test(lead)) faults.push('said to be older than it is');
  if (event === 'updated' && !open.test(text)) faults.push('not said to be open');
  if (!text.includes('⟦asset⟧') || text.split('⟦asset⟧').length > 2) faults.push('asset');
  return faults;
}

/** Each number of the text is one of the facts', and none is written more often than it should be. */
function faultsOfNumbers(text: string, facts: ReportFacts): string[] {
  const known = facts.channels.flatMap((channel) => Object.values(quantities(channel, facts)));
  const stamps = [facts.opened, facts.closed ?? facts.updated, ...facts.channels.map(({ since }) => since)];
  const times = stamps.flatMap((stamp) => [formatTime(stamp, facts.updated, facts.language) ?? '']);
  const spans = [
    ...stamps.map((stamp) => elapsedMs(stamp, facts.updated)),
    elapsedMs(facts.opened, facts.closed ?? facts.updated),
  ];
  const durations = spans.map((span) => (span === undefined ? '' : formatDuration(span, facts.language)));
  const shares = facts.labels.map(({ probability }) => formatProbability(probability, facts.language));
  const allowed = [...known, ...times, ...durations, ...shares].flatMap(numbersOf);
  const others = [
    '1',
    String(facts.episodes),
    ...[1, 2, 3, 4, 5].map(String),
    formatNumber(facts.score, 1, facts.language),
    formatNumber(facts.peakScore, 1, facts.language),
  ];
  const longestFirst = known.toSorted((one, other) => other.length - one.length);
  const unvalued = longestFirst.reduce((left, quantity) => left.replaceAll(quantity, ''), text);
  const changes = unvalued.match(/[+-][\d,.]+ %/g) ?? [];
  const rest = changes.reduce((left, change) => left.replace(change, ''), unvalued);
  const wrongChanges = changes.filter(
    (change) => !facts.channels.some((channel) => isChange(change, channel, facts)),
  );
  return [
    ...numbersOf(rest).filter((number) => !allowed.includes(number) && !others.includes(number)),
    ...wrongChanges,
  ].map((number) => `number ${number}`);
}

function numbersOf(text: string): string[] {
  return text.match(/-?\d[\d,.:]*(?:e-?\d+)?/g)?.map((number) => number.replace(/[.,:]+$/, '')) ?? [];
}

function quantities(channel: ChannelFact, { language }: ReportFacts) {
  const write = (value: number) => formatQuantity(value, channel.unit, decimalsOf(channel), language);
  return { value: write(channel.value), normal: write(channel.baseline), worst: write(channel.extreme) };
}

function isChange(
  change: string,
  { value, extreme, baseline }: ChannelFact,
  { event }: ReportFacts,
): boolean {
  // Of thousands, in every language; a percentage has no decimals.
  const percent = Number(change.replace(/[ %,.]/g, ''));
  const true_ = (((event === 'closed' ? extreme : value) - baseline) / Math.abs(baseline)) * 100;
  return Math.abs(percent - true_) <= Math.max(0.51, Math.abs(true_) * 0.051);
}

function faultsOfChannel(text: string, channel: ChannelFact, at: number, facts: ReportFacts): string[] {
  const { lead, own } = partOf(text.replaceAll(wordsOf(facts).inner, '.\u00a0'), at);
  const { value, normal, worst } = quantities(channel, facts);
  const words = wordsOf(facts);
  const faults: string[] = [];
  const isOver = facts.event === 'closed';
  const isUp = isOver ? channel.extreme >= channel.baseline : channel.direction === 'above';
  const isBack = words.back.test(own) && !isOver;
  const said = `${words.lead.exec(lead)?.[0] ?? ''} ${own}`.toLowerCase();
  const [ups, downs] = [said.match(words.up)?.length ?? 0, said.match(words.down)?.length ?? 0];
  if (!isBack && (isUp ? ups === 0 || downs > 0 : downs === 0 || ups > 0))
    faults.push(`direction of ${channel.name}`);
  if (isBack && (facts.score >= 1 || Math.abs(channel.value - channel.baseline) >= 2 * channel.spread))
    faults.push(`${channel.name} is not back`);
  const near = lead + own;
  if (!near.includes(value)) faults.push(`no value of ${channel.name}`);
  if (!contexts(near, normal).some(({ before, after }) => isNormal(before, after, words)))
    faults.push(`no normal of ${channel.name}`);
  if (
    !contexts(near, value).some(
      ({ before, after }) => !isNormal(before, after, words) && !words.worstBefore.test(before),
    )
  )
    faults.push(`value of ${channel.name} in another role`);
  const isMoved = isOver || (facts.event === 'updated' && worst !== value);
  if (
    isMoved &&
    !contexts(near, worst).some(({ before, after }) => isWorst(before, after, { isOver, words }))
  )
    faults.push(`no worst of ${channel.name}`);
  if (!isMoved && facts.event === 'updated' && isBack === words.worst.test(near))
    faults.push(`worst of ${channel.name} ${isBack ? 'though it is back' : 'not said'}`);
  return faults;
}

function isNormal(before: string, after: string, words: WrittenWords): boolean {
  return words.normalBefore.test(before) || words.normalAfter.test(after);
}

function isWorst(
  before: string,
  after: string,
  { isOver, words }: { isOver: boolean; words: WrittenWords },
): boolean {
  if (words.worstBefore.test(before) || words.worstAfter.test(after)) return true;
  return isOver && words.reached.test(before);
}

/** What stands before and after each place where the quantity is written. */
function contexts(text: string, quantity: string) {
  const found: { before: string; after: string }[] = [];
  for (let at = text.indexOf(quantity); at >= 0; at = text.indexOf(quantity, at + 1)) {
    const [previous = ' ', next = ' '] = [text[at - 1], text[at + quantity.length]];
    if (/[\d.-]/.test(previous) || /[\d]/.test(next)) continue;
    found.push({
      before: text.slice(Math.max(0, at - 30), at),
      after: text.slice(at + quantity.length, at + quantity.length + 16),
    });
  }
  return found;
}

/** The words around a channel's name: what leads to it, and what follows until the next name or the next sentence. */
function partOf(text: string, at: number): { lead: string; own: string } {
  const sentences = text.split(/(?<=[.)])\. |(?<=[^.\d])\. (?=[A-Z⟦])|(?<=\d)\. (?=[A-Z⟦])/);
  const sentence = sentences.find((part) => part.includes(channelMark(at))) ?? '';
  const [before = '', ...rest] = sentence.split(channelMark(at));
  const after = rest.join('');
  const next = /⟦[A-F]⟧/.exec(after);
  const list = next !== null && /^(?:,| and|, and| und| als auch) $/.test(after.slice(0, next.index));
  if (list) return { lead: before.slice(-LEAD_LENGTH), own: after.replaceAll(/⟦[A-F]⟧/g, '') };
  const group = /⟦[A-F]⟧(?:,| and| und| als auch) $/.test(before);
  const end = group || next === null ? after.length : next.index;
  const own = after.slice(0, end);
  return { lead: before.slice(-LEAD_LENGTH), own };
}

function faultsOfLabel(text: string, facts: ReportFacts): string[] {
  const { labels, event } = facts;
  const [likely] = labels.filter(({ probability }) => probability >= 0.5);
  const isUnknown = wordsOf(facts).unknown.test(text);
  if (likely === undefined) {
    const isExpected = event !== 'closed';
    return isUnknown === isExpected && !text.includes('⟦label⟧') ? [] : ['cause'];
  }
  const isSaid =
    text.includes('⟦label⟧') && text.includes(formatProbability(likely.probability, facts.language));
  return isSaid && !isUnknown ? [] : ['label'];
}
