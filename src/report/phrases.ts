import type { Language } from '../values/language.ts';
import { isAbout } from './kinds.ts';
import { dataOf, type Kind, type Words } from './languages.ts';
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

/** A name that no word of a phrase has. */
const TOKEN = /\(([^()@]*\|[^()@]*)\)|\[([^[\]]*)\]|@([A-Z]+)([#+*]?)|[\p{Ll}'-]+|[.,;:()]/gu;
const GROUPS: Readonly<Record<string, string>> = { '#': 'first', '+': 'second', '*': 'third' };
const ANY_TENSE = { opened: 'present', updated: 'present', closed: 'past' } as const;

/** What a text may say anything with: depends on these of its plan. */
export type Setting = Pick<Plan, 'language' | 'kind' | 'event' | 'severity'>;

/** What may stand between two phrases, and before the first of a sentence, as tokens with a space after each. */
export function jointsOf(language: Language | undefined) {
  const { between, before } = dataOf(language);
  return { between: ['', ...between.map(spaced)], before: ['', ...before.map(spaced)] };
}

const compiled = new Map<string, readonly Phrase[]>();

/** Every phrase that a text about such an event of such a severity may use. */
export function phrasesFor(setting: Setting): readonly Phrase[] {
  const { language, kind, event, severity } = setting;
  const key = `${language} ${kind} ${event} ${severity}`;
  const phrases = compiled.get(key) ?? compile(setting);
  compiled.set(key, phrases);
  return phrases;
}

/** Words and slots of a text, each followed by a space; characters of no kind stay, so that nothing reads them. */
export function spaced(text: string): string {
  const tokens = text.match(/@[A-Z]+\d?|[\p{L}'-]+|\d+|[^\s\w]|\w+/gu) ?? [];
  return tokens.map((token) => `${token.startsWith('@') ? token : token.toLowerCase()} `).join('');
}

function compile(setting: Setting): readonly Phrase[] {
  const { phrases, words } = dataOf(setting.language);
  const tenses = [setting.event, ANY_TENSE[setting.event], 'any'];
  const { above = {}, below = {} } = words;
  const common = wordsOf(setting);
  return (Object.keys(phrases) as Kind[])
    .filter((kind) => isAbout(setting.kind, kind))
    .flatMap((kind) => {
      const texts = Object.entries(phrases[kind] ?? {}).filter(([tense]) => tenses.includes(tense));
      return texts.flatMap(([, list]) =>
        list.flatMap((text) => phrasesOf(kind, text, common, { above, below })),
      );
    });
}

/** Named words that do not depend on a direction; what is said of a sensor goes before what is said of anything. */
export function wordsOf({ language, kind, severity }: Setting): Words {
  const { words } = dataOf(language);
  return { ...words['any'], ...words[severity], ...words[`${kind} ${severity}`] };
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
  return [...lowerCased(text).matchAll(TOKEN)]
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

/** Words in small letters, as texts are read; slots stay. */
function lowerCased(text: string): string {
  return text.replaceAll(/@[A-Z]+|[^@]+/g, (part) => (part.startsWith('@') ? part : part.toLowerCase()));
}

/** The first slot of a channel says its number, the others of the same phrase have the same. */
function numberOf(mark: string, seen: Set<string>): string {
  const group = GROUPS[mark];
  if (group === undefined) return '';
  if (seen.has(group)) return `\\k<${group}>`;
  seen.add(group);
  return `(?<${group}>[1-9])`;
}
