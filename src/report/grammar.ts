import { dataOf, type Kind } from './languages.ts';
import { wordsOf } from './phrases.ts';
import type { SensorPlan } from './sensor-plan.ts';
import type { ChannelPlan, Plan } from './slots.ts';

/**
 * Every way in which one plan may be told, as a grammar: for a language model that was not made for this and would
 * lose its way. It chooses the words and nothing else, so what it writes is plain and the verifier reads it. The
 * phrases are those of the language without their optional words; the order is fixed.
 */
export type Grammar = string | { readonly all: readonly Grammar[] } | { readonly any: readonly Grammar[] };

/** Phrases that tell exactly these slots, in the sense of one channel or of none. */
type Say = (kind: Kind, ...slots: readonly string[]) => Grammar;

/** `(a|b)`; brackets around a slot are brackets. */
const ALTERNATIVES = /\(([^()@]*\|[^()@]*)\)/;

/** @throws RangeError when the phrases cannot tell the plan */
export function grammarOf(plan: Plan): Grammar {
  const say = sayer(plan, undefined, '');
  const sentences = [
    incidentSentence(plan, say),
    ...(plan.isWithdrawn ? [say('withdrawn_for')] : []),
    ...(plan.sensor === undefined ? [] : sensorSentences(plan, plan.sensor)),
    ...plan.channels.map((channel, at) => channelSentence(plan, channel, `${at + 1}`)),
    ...closingSentences(plan, say),
  ];
  return { all: sentences.flatMap((sentence, at) => [at === 0 ? '' : ' ', sentence, '.']) };
}

/** In the notation of llama.cpp (grammars/README.md there). */
export function toGbnf(grammar: Grammar): string {
  const of = (part: Grammar): string => {
    if (typeof part === 'string') return JSON.stringify(part);
    if ('all' in part) return part.all.map(of).join(' ');
    return `(${part.any.map(of).join(' | ')})`;
  };
  return `root ::= " "? ${of(grammar)}\n`;
}

function incidentSentence({ event, isWithdrawn, isClockUnset, slots }: Plan, say: Say): Grammar {
  const has = (...names: string[]) => names.filter((name) => slots.has(name));
  const parts: Grammar[] = [say(isWithdrawn ? 'withdrawn' : 'head', 'ASSET')];
  if (event === 'updated') parts.push(', ', say('open', ...has('SINCE', 'LASTED')));
  if (has('NTH').length > 0) parts.push(', ', say('nth', 'NTH'));
  if (event === 'closed' && has('LASTED').length > 0) parts.push(' ', say('over', 'LASTED'));
  if (has('EPISODES').length > 0) parts.push(', ', say('episodes', 'EPISODES'));
  if (event === 'closed' && !isWithdrawn) parts.push(', ', say('end', ...has('END')));
  if (isClockUnset) parts.push(' ', say('clock'));
  return { all: parts };
}

function channelSentence(plan: Plan, channel: ChannelPlan, number: string): Grammar {
  const { course, isJust, isWorst, isFromBefore } = channel;
  const direction = course === 'above' || course === 'rose' ? 'above' : 'below';
  const say = sayer(plan, direction, number);
  const has = (...names: string[]) => names.filter((name) => plan.slots.has(name + number));
  const change: Grammar[] = has('CHANGE').length > 0 ? [` (@CHANGE${number})`] : [];
  if (plan.event === 'closed')
    return { all: [say('past_from', 'NAME', 'NORMAL', 'WORST'), ...change, ', ', say('now', 'VALUE')] };
  const parts: Grammar[] =
    course === 'normal'
      ? [say('back', 'NAME', 'NORMAL'), ', ', say('at_value', 'VALUE')]
      : [`@NAME${number} `, say('reads', 'VALUE'), ', ', say(isJust ? 'dir_just' : 'dir', 'NORMAL')];
  parts.push(...change);
  const begin = has('SINCE', 'LASTED');
  if (begin.length > 0 || isFromBefore) parts.push(', ', say('begin', ...begin));
  if (has('WORST').length > 0) parts.push(', ', say('worst', 'WORST'));
  if (isWorst) parts.push(', ', say('worst_now'));
  return { all: parts };
}

/** What it does, that it does not count, and what to look at. */
function sensorSentences(plan: Plan, sensor: SensorPlan): Grammar[] {
  const { isSource, direction, check } = sensor;
  const say = sayer(plan, direction, '1');
  const judged = say(isSource ? 'out_all' : 'out');
  return [faultSentence(plan, sensor, say), judged, ...(check === undefined ? [] : [say(check)])];
}

function faultSentence({ event, slots }: Plan, sensor: SensorPlan, say: Say): Grammar {
  const { fault, isSource, isFromBefore } = sensor;
  const has = (...names: string[]) => names.filter((name) => slots.has(`${name}1`));
  const value = has('VALUE');
  const begin = has('SINCE', 'LASTED');
  const parts: Grammar[] = [];
  if (fault === 'stuck' || fault === 'silent')
    parts.push(say(isSource ? `${fault}_all` : fault, 'NAME', ...(fault === 'stuck' ? value : [])));
  else if (fault === 'spiking') parts.push(say(fault, 'NAME', 'TIMES', ...value));
  else if (fault === 'jump')
    parts.push(say(fault, 'NAME', 'JUMP'), ...(begin.length > 0 ? [' ', say('jump_time', 'SINCE')] : []));
  else parts.push(say(fault, 'NAME', 'VALUE'));
  if (fault !== 'jump' && event !== 'closed' && (begin.length > 0 || isFromBefore))
    parts.push(', ', say('begin', ...begin));
  if (fault === 'range') parts.push(', ', slots.has('BOUND') ? say('bound', 'BOUND') : say('impossible'));
  if (fault === 'silent' && value.length > 0) parts.push('; ', say('last', 'VALUE'));
  if (slots.has('COUNT')) parts.push('; ', say('clipped', 'COUNT'));
  if (slots.has('REPEAT')) parts.push('; ', say('repeat', 'REPEAT'));
  return { all: parts };
}

function closingSentences({ kind, isCauseUnknown, slots }: Plan, say: Say): Grammar[] {
  const isBearing = kind === 'bearing';
  const label = () =>
    isBearing ? say('bearing', 'BEARING', 'LABEL', 'CHANCE') : say('label', 'LABEL', 'CHANCE');
  const unknown = () => (isBearing ? say('bearing_unknown', 'BEARING') : say('unknown'));
  return [
    ...(slots.has('MORE') ? [say('more_sentence', 'MORE')] : []),
    ...(slots.has('SCORE') ? [say('score', 'SCORE', 'LIMIT')] : []),
    ...(slots.has('SCORE') && !isBearing ? [say('score_only')] : []),
    ...(slots.has('PEAK') ? [say('peak', 'PEAK', 'LIMIT')] : []),
    ...(slots.has('LABEL') ? [label()] : []),
    ...(isCauseUnknown ? [unknown()] : []),
  ];
}

function sayer(plan: Plan, direction: 'above' | 'below' | undefined, number: string): Say {
  const { event, language } = plan;
  const { phrases, words } = dataOf(language);
  const tenses = [event, event === 'closed' ? 'past' : 'present', 'any'];
  const named = { ...wordsOf(plan), ...(direction && words[direction]) };
  return (kind, ...slots) => {
    const byTense = phrases[kind] ?? {};
    const texts = tenses.flatMap((tense) => byTense[tense] ?? []).filter((text) => tells(text, slots));
    if (texts.length === 0)
      throw new RangeError(`no phrase tells ${kind} with ${slots.join(' ') || 'no slot'}`);
    return { any: texts.map((text) => expanded(text, named, number)) };
  };
}

/** Whether a phrase has these slots, the first of one channel, and says nothing that its slots do not. */
function tells(text: string, slots: readonly string[]): boolean {
  const found = [...text.matchAll(/@([A-Z]+)/g)].map(([, slot = '']) => slot);
  const isWhole = found.length === slots.length && slots.every((slot) => found.includes(slot));
  return isWhole && !/@[A-Z]+[+*]/.test(text);
}

function expanded(text: string, words: Readonly<Record<string, string>>, number: string): Grammar {
  const whole = text
    .replaceAll(/\[[^[\]]*\] ?/g, '')
    .replaceAll(/\$([a-z_]+)/g, (_, name: string) => words[name] ?? '')
    .replaceAll('#', number)
    .replace(/ (?=[,:])| $/g, '');
  const parts = whole.split(ALTERNATIVES);
  return { all: parts.map((part, at) => (at % 2 === 0 ? part : { any: part.split('|') })) };
}
