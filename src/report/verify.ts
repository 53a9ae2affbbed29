import { Account } from './account.ts';
import { type Fault, Refusal } from './faults.ts';
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

const NUMBER_WORDS =
  /\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|dozens?|half|halved|twice|thrice|doubled?|tripled?|once|first|second|third|quarter|several|many|few)\b/i;
const CAUSE_WORDS =
  /\b(?:because|due|caus(?:e[sd]|ing)|owing|thanks|result(?:s|ed|ing)?|therefore|hence|reason|leads?|led|why|trigger(?:s|ed)?|blam\w+)\b/i;
const ADVICE_WORDS =
  /\b(?:should|must|please|checks?|inspect(?:ion)?|replace|stop|shut|recommend\w*|advis\w+|urgent(?:ly)?|immediately|consider|ensure|needs?|schedule|contact|call|maintenance|repair)\b/i;

const OTHER_SEVERITIES = {
  notice: /\b(?:warning|critical)\b/i,
  warning: /\b(?:notice|critical)\b/i,
  critical: /\b(?:notice|warning)\b/i,
} as const;

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
  const forbidden = [
    ['digit', /\p{N}/u],
    ['digit', NUMBER_WORDS],
    ['cause', CAUSE_WORDS],
    ['advice', ADVICE_WORDS],
    ['severity', OTHER_SEVERITIES[plan.severity]],
  ] as const;
  for (const [fault, pattern] of forbidden) {
    const found = pattern.exec(words);
    if (found !== null) throw new Refusal(fault, found[0]);
  }
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
