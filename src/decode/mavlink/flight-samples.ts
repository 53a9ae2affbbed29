import { FLIGHT_MESSAGES, type RulesOf } from './flight-messages.ts';
import { messageNamed } from './messages.ts';
import type { Rule } from './rule.ts';

/** Names and values of a sample. */
export interface FlightValues {
  readonly names: readonly string[];
  readonly values: readonly number[];
}

const RULES = new Map<number, RulesOf>(
  Object.entries(FLIGHT_MESSAGES).map(([name, rulesOf]) => [messageNamed(name).id, rulesOf]),
);

/** Beyond that a message is one of a thousand forms on purpose, and gets a new array of names each time. */
const FORMS_MAX = 64;

/** Which of some rules have a value, as bits, with the names of these. */
type Forms = Map<number, readonly string[]>;

/**
 * Makes samples of messages. The names of a sample are the same array whenever a message has the same channels.
 * @param autopilot MAV_AUTOPILOT
 */
export class FlightSamples {
  readonly #forms = new WeakMap<readonly Rule[], Forms>();

  /** @returns undefined when nothing in the message is a channel with a value */
  of(id: number, payload: DataView, autopilot: number): FlightValues | undefined {
    const rules = RULES.get(id)?.(payload, autopilot);
    if (rules === undefined) return undefined;
    const values: number[] = [];
    let form = 0;
    for (let at = 0; at < rules.length; at++) {
      const value = (rules[at] as Rule).read(payload);
      if (!Number.isFinite(value)) continue;
      values.push(value);
      form |= 1 << at;
    }
    return values.length === 0 ? undefined : { names: this.#namesOf(rules, form), values };
  }

  #namesOf(rules: readonly Rule[], form: number): readonly string[] {
    const forms = this.#forms.get(rules) ?? new Map<number, readonly string[]>();
    this.#forms.set(rules, forms);
    const known = forms.get(form);
    if (known !== undefined) return known;
    const names = rules.filter((_, at) => (form & (1 << at)) !== 0).map(({ channel }) => channel);
    if (forms.size < FORMS_MAX) forms.set(form, names);
    return names;
  }
}
