import type { Kind } from './languages.ts';
import { jointsOf, type Phrase, phrasesFor, type Setting, spaced } from './phrases.ts';

/** One phrase as it was found in a text. */
export interface Said {
  readonly kind: Kind;
  readonly direction: Phrase['direction'];
  /** Numbers of the channels that it is about. */
  readonly channels: readonly number[];
  /** Its slots, without the @. */
  readonly slots: readonly string[];
  /** Its words and slots. */
  readonly text: string;
}

/** What each sentence says, in its order, or the first place that says nothing known. */
export type Reading =
  | { readonly kind: 'read'; readonly sentences: readonly (readonly Said[])[] }
  | { readonly kind: 'unread'; readonly at: string };

/**
 * Reads a text with slots back into what it says: every word of it has to belong to a phrase that a text about such an
 * event of such a severity may use. Of two phrases that fit the longer one is read.
 */
export function read(text: string, setting: Setting): Reading {
  const sentences: (readonly Said[])[] = [];
  for (const sentence of text.split(/(?<=\.)\s/)) {
    const found = readSentence(spaced(sentence), setting);
    if (typeof found === 'string') return { kind: 'unread', at: found };
    sentences.push(found);
  }
  return { kind: 'read', sentences };
}

/** @returns what is said, or the furthest rest that could not be read */
function readSentence(text: string, setting: Setting): readonly Said[] | string {
  const phrases = phrasesFor(setting);
  const { before, between } = jointsOf(setting.language);
  const dead = new Set<number>();
  let furthest = 0;
  const from = (start: number, joints: readonly string[]): readonly Said[] | undefined => {
    if (dead.has(start)) return undefined;
    furthest = Math.max(furthest, start);
    for (const said of candidates(text, start, joints, phrases)) {
      const end = start + said.skipped + said.text.length;
      const rest = text.slice(end) === '. ' ? [] : from(end, between);
      if (rest !== undefined) return [said, ...rest];
    }
    dead.add(start);
    return undefined;
  };
  return from(0, before) ?? text.slice(furthest);
}

/** Phrases that may be read from here, the longest first. */
function candidates(text: string, start: number, joints: readonly string[], phrases: readonly Phrase[]) {
  const found: (Said & { readonly skipped: number })[] = [];
  for (const joint of joints) {
    if (!text.startsWith(joint, start)) continue;
    for (const { kind, direction, pattern } of phrases) {
      pattern.lastIndex = start + joint.length;
      const match = pattern.exec(text);
      if (match === null) continue;
      const { first, second, third } = match.groups ?? {};
      const channels = [first, second, third].filter((number) => number !== undefined).map(Number);
      const slots = match[0].match(/(?<=@)\w+/g) ?? [];
      found.push({ kind, direction, channels, slots, text: match[0], skipped: joint.length });
    }
  }
  return found.sort((one, other) => other.skipped + other.text.length - one.skipped - one.text.length);
}
