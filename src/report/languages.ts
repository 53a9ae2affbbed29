import { DEFAULT_LANGUAGE, type Language } from '../values/language.ts';
import english from './english.json' with { type: 'json' };
import german from './german.json' with { type: 'json' };

/**
 * All that a language knows, as data: how it writes numbers and times (format), the sentences of the template
 * (messages), words that are about this device only (names), words that no text may have (forbidden), and the phrases of
 * the writer. Another language is another such file, a line here and one in models/writer/phrases.py.
 */
export type Kind = keyof typeof english.phrases | keyof typeof german.phrases;
export type Message = keyof typeof english.messages;
type Lists = Readonly<Record<string, readonly string[]>>;
export type Words = Readonly<Record<string, string>>;

export interface LanguageData {
  readonly format: typeof english.format;
  readonly messages: Readonly<Record<Message, string>>;
  readonly names: Words;
  readonly forbidden: typeof english.forbidden;
  readonly words: Readonly<Record<string, Words>>;
  readonly between: readonly string[];
  readonly before: readonly string[];
  /** By kind of statement and by when it may be said. */
  readonly phrases: Readonly<Partial<Record<Kind, Lists>>>;
}

const LANGUAGES: Readonly<Record<Language, LanguageData>> = { en: english, de: german };

export function dataOf(language: Language = DEFAULT_LANGUAGE): LanguageData {
  return LANGUAGES[language];
}

/** A sentence of the template with its values. */
export function message(language: Language | undefined, name: Message, values: Words = {}): string {
  return filled(dataOf(language).messages[name], values);
}

export function filled(text: string, values: Words): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}

/** A name that a model gives, in words of the language where it has some. */
export function translated(language: Language | undefined, name: string): string {
  const { names } = dataOf(language);
  return (Object.hasOwn(names, name) ? names[name] : undefined) ?? name;
}
