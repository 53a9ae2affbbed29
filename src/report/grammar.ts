import english from './english.json' with { type: 'json' };
import type { ChannelPlan, Plan } from './slots.ts';

/**
 * Every way in which one plan may be told, as a grammar: for a language model that was not made for this and would
 * lose its way. It chooses the words and nothing else, so what it writes is plain and the verifier reads it. The
 * phrases are those of english.json without their optional words; the order is fixed.
 */
export type Grammar = string | { readonly all: readonly Grammar[] } | { readonly any: readonly Grammar[] };

type Kind = keyof typeof english.phrases;
/** Phrases that tell exactly these slots, in the sense of one channel or of none. */
type Say = (kind: Kind, ...slots: readonly string[]) => Grammar;

/** `(a|b)`; brackets around a slot are brackets. */
const ALTERNATIVES = /\(([^()@]*\|[^()@]*)\)/;

/** @throws RangeError when the phrases cannot tell the plan */
export function grammarOf(plan: Plan): Grammar {
  const sayIncident = sayer(plan, undefined, '');
  const sentences = [
    incidentSentence(plan, sayIncident),
    ...plan.channels.map((channel, at) => channelSentence(plan, channel, `${at + 1}`)),
    ...closingSentences(plan, sayIncident),
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

function incidentSentence({ event, isFromBefore, isClockUnset, slots }: Plan, say: Say): Grammar {
  const has = (...names: string[]) => names.filter((name) => slots.has(name));
  const parts: Grammar[] = [say('head', 'ASSET')];
  if (event === 'updated')
    parts.push(', ', isFromBefore ? 'open since before a restart' : say('open', ...has('SINCE', 'LASTED')));
  if (has('NTH').length > 0) parts.push(', ', say('nth', 'NTH'));
  if (event === 'closed' && has('LASTED').length > 0) parts.push(' ', say('over', 'LASTED'));
  if (has('EPISODES').length > 0) parts.push(', ', say('episodes', 'EPISODES'));
  if (has('END').length > 0) parts.push(', ', say('end', 'END'));
  if (isClockUnset) parts.push(' (clock not set)');
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
  if (begin.length > 0) parts.push(', ', say('begin', ...begin));
  if (isFromBefore) parts.push(', since before a restart');
  if (has('WORST').length > 0) parts.push(', ', say('worst', 'WORST'));
  if (isWorst) parts.push(', ', say('worst_now'));
  return { all: parts };
}

function closingSentences({ isCauseUnknown, slots }: Plan, say: Say): Grammar[] {
  return [
    ...(slots.has('MORE') ? [say('more_sentence', 'MORE')] : []),
    ...(slots.has('SCORE') ? [say('score', 'SCORE', 'LIMIT'), say('score_only')] : []),
    ...(slots.has('PEAK') ? [say('peak', 'PEAK', 'LIMIT')] : []),
    ...(slots.has('LABEL') ? [say('label', 'LABEL', 'CHANCE')] : []),
    ...(isCauseUnknown ? [say('unknown')] : []),
  ];
}

function sayer({ event, severity }: Plan, direction: 'above' | 'below' | undefined, number: string): Say {
  const tenses = [event, event === 'closed' ? 'past' : 'present', 'any'];
  const { any, above, below, ...severities } = english.words;
  const words: Readonly<Record<string, string>> = {
    ...any,
    ...severities[severity],
    ...(direction && { above, below }[direction]),
  };
  return (kind, ...slots) => {
    const byTense: Readonly<Record<string, readonly string[]>> = english.phrases[kind];
    const texts = tenses.flatMap((tense) => byTense[tense] ?? []).filter((text) => tells(text, slots));
    if (texts.length === 0)
      throw new RangeError(`no phrase tells ${kind} with ${slots.join(' ') || 'no slot'}`);
    return { any: texts.map((text) => wordsOf(text, words, number)) };
  };
}

/** Whether a phrase has these slots, the first of one channel, and says nothing that its slots do not. */
function tells(text: string, slots: readonly string[]): boolean {
  const found = [...text.matchAll(/@([A-Z]+)/g)].map(([, slot = '']) => slot);
  const isWhole = found.length === slots.length && slots.every((slot) => found.includes(slot));
  return isWhole && !/restart|@[A-Z]+[+*]/.test(text);
}

function wordsOf(text: string, words: Readonly<Record<string, string>>, number: string): Grammar {
  const whole = text
    .replaceAll(/\[[^[\]]*\] ?/g, '')
    .replaceAll(/\$([a-z_]+)/g, (_, name: string) => words[name] ?? '')
    .replaceAll('#', number)
    .replace(/ (?=[,:])| $/g, '');
  const parts = whole.split(ALTERNATIVES);
  return { all: parts.map((part, at) => (at % 2 === 0 ? part : { any: part.split('|') })) };
}
