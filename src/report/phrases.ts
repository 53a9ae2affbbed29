import english from './english.json' with { type: 'json' };
import type { Plan } from './slots.ts';

/**
 * The words that a text may use, and what each of them says. A phrase is words and slots, alternatives (a|b), options
 * [a], and named words $over that depend on the severity or on a direction; @NAME# belongs to a channel, @NAME+ and
 * @NAME* to a second and a third one. The same list teaches the model that ships (models/writer).
 */
export interface Phrase {
  readonly kind: Kind;
  /** Of the channel, where the phrase says it. */
  readonly direction: 'above' | 'below' | undefined;
  /** Matches tokens that are each followed by a space; the groups first, second and third are channel numbers. */
  readonly pattern: RegExp;
}

export type Kind = keyof typeof english.phrases;

/** A name that no word of a phrase has. */
const TOKEN = /\(([^()@]*\|[^()@]*)\)|\[([^[\]]*)\]|@([A-Z]+)([#+*]?)|[a-z'-]+|[.,;:()]/g;
const GROUPS: Readonly<Record<string, string>> = { '#': 'first', '+': 'second', '*': 'third' };
const ANY_TENSE = { opened: 'present', updated: 'present', closed: 'past' } as const;

type Words = Readonly<Record<string, string>>;

/** What may stand between two phrases, and before the first of a sentence, as tokens with a space after each. */
export const BETWEEN: readonly string[] = ['', ...english.between.map(spaced)];
export const BEFORE: readonly string[] = ['', ...english.before.map(spaced)];

const compiled = new Map<string, readonly Phrase[]>();

/** Every phrase that a text about such an event of such a severity may use. */
export function phrasesFor({ event, severity }: Pick<Plan, 'event' | 'severity'>): readonly Phrase[] {
  const key = `${event} ${severity}`;
  const phrases = compiled.get(key) ?? compile(event, severity);
  compiled.set(key, phrases);
  return phrases;
}

/** Words and slots of a text, each followed by a space; characters of no kind stay, so that nothing reads them. */
export function spaced(text: string): string {
  const tokens = text.match(/@[A-Z]+\d?|[A-Za-z'-]+|\d+|[^\s\w]|\w+/g) ?? [];
  return tokens.map((token) => `${token.startsWith('@') ? token : token.toLowerCase()} `).join('');
}

function compile(event: Plan['event'], severity: Plan['severity']): readonly Phrase[] {
  const tenses = [event, ANY_TENSE[event], 'any'];
  const { any, above, below, ...severities } = english.words;
  const common = { ...any, ...severities[severity] };
  return Object.entries(english.phrases).flatMap(([kind, byTense]) =>
    Object.entries(byTense)
      .filter(([tense]) => tenses.includes(tense))
      .flatMap(([, texts]: [string, readonly string[]]) =>
        texts.flatMap((text) => phrasesOf(kind as Kind, text, common, { above, below })),
      ),
  );
}

/** One phrase, or one for each direction. */
function phrasesOf(
  kind: Kind,
  text: string,
  common: Words,
  byDirection: Record<'above' | 'below', Words>,
): Phrase[] {
  const names = [...text.matchAll(/\$([a-z_]+)/g)].map(([, name]) => name ?? '');
  const isDirected = names.some((name) => Object.hasOwn(byDirection.above, name));
  if (!isDirected) return [{ kind, direction: undefined, pattern: patternOf(text, common) }];
  return (['above', 'below'] as const).map((direction) => ({
    kind,
    direction,
    pattern: patternOf(text, { ...common, ...byDirection[direction] }),
  }));
}

function patternOf(text: string, words: Words): RegExp {
  const full = text.replaceAll(/\$([a-z_]+)/g, (_, name: string) => words[name] ?? '');
  return new RegExp(sourceOf(full, new Set()), 'y');
}

function sourceOf(text: string, seen: Set<string>): string {
  return [...text.matchAll(TOKEN)]
    .map(([token, alternatives, option, slot, mark = '']) => {
      if (alternatives !== undefined)
        return `(?:${alternatives
          .split('|')
          .map((part) => sourceOf(part, seen))
          .join('|')})`;
      if (option !== undefined) return `(?:${sourceOf(option, seen)})?`;
      if (slot !== undefined) return `@${slot}${numberOf(mark, seen)} `;
      return `${token.replace(/[.()]/, '\\$&')} `;
    })
    .join('');
}

/** The first slot of a channel says its number, the others of the same phrase have the same. */
function numberOf(mark: string, seen: Set<string>): string {
  const group = GROUPS[mark];
  if (group === undefined) return '';
  if (seen.has(group)) return `\\k<${group}>`;
  seen.add(group);
  return `(?<${group}>[1-9])`;
}
