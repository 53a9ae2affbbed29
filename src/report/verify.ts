import { Account } from './account.ts';
import { type Fault, Refusal } from './faults.ts';
import { dataOf } from './languages.ts';
import { read } from './read.ts';
import { type Plan, render } from './slots.ts';

/**
 * Says whether a text with slots says exactly what its plan says: no less, no more, nothing else. What cannot be read
 * with certainty is refused: a true text that is thrown away costs nothing, because the template is already there.
 */
export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly fault: Fault; readonly at: string };

/** Of the rendered text; the schema of the report allows 1000. */
export const WRITTEN_LENGTH_MAX = 900;

/** Of the words that a refusal names. */
const PLACE_LENGTH_MAX = 60;

/** Checks a text as the writer gave it, before its slots are filled. */
export function verify(text: string, plan: Plan): Verdict {
  try {
    checkForm(text, plan);
    checkSlots(text, plan);
    const reading = read(text, plan);
    if (reading.kind === 'unread') throw new Refusal('wording', reading.at.slice(0, PLACE_LENGTH_MAX));
    new Account(plan).take(reading.sentences);
    return { ok: true };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ok: false, fault: error.fault, at: error.message };
  }
}

function checkForm(text: string, plan: Plan): void {
  const length = render(text, plan).length;
  if (length > WRITTEN_LENGTH_MAX) throw new Refusal('too-long', `${length} characters`);
  if (!text.endsWith('.')) throw new Refusal('unfinished', text.slice(-20));
  const words = text.replaceAll(/@[A-Z]+\d?/g, ' ');
  const { number, cause, advice, ...severities } = dataOf(plan.language).forbidden;
  // What somebody should look at is said of a sensor only, whose phrases say what.
  const isAdvised = plan.sensor !== undefined && plan.event !== 'closed';
  const forbidden = [
    ['digit', /\p{N}/u],
    ['digit', anyOf(number)],
    ['cause', anyOf(cause)],
    ...(isAdvised ? [] : [['advice', anyOf(advice)] as const]),
    ['severity', anyOf(severities[plan.severity])],
  ] as const;
  for (const [fault, pattern] of forbidden) {
    const found = pattern.exec(words);
    if (found !== null) throw new Refusal(fault, found[0]);
  }
}

const compiled = new Map<string, RegExp>();

/** One of these words, whole; words end with letters of any script. */
function anyOf(words: string): RegExp {
  const pattern = compiled.get(words) ?? new RegExp(`(?<!\\p{L})(?:${words})(?!\\p{L})`, 'iu');
  compiled.set(words, pattern);
  return pattern;
}

function checkSlots(text: string, { slots }: Plan): void {
  const seen = new Set<string>();
  for (const [, name = ''] of text.matchAll(/@(\w*)/g)) {
    if (!slots.has(name)) throw new Refusal('slot-unknown', name);
    if (seen.has(name)) throw new Refusal('slot-twice', name);
    seen.add(name);
  }
  for (const name of slots.keys()) if (!seen.has(name)) throw new Refusal('slot-missing', name);
}
