import type { NoiseReason } from '../values/sample.ts';
import { isTimeName } from './device-time.ts';
import { readNumber } from './number.ts';

export const CHANNELS_MAX = 256;
export const NAME_LENGTH_MAX = 64;

/** Layouts that one source may alternate between before the oldest is forgotten. */
const LAYOUTS_MAX = 32;

/** The named texts of one line, whatever its format: text i belongs to name i. */
export interface Fields {
  readonly names: readonly string[];
  readonly texts: readonly string[];
}

/** What one line says, by the rules of its layout. */
export interface Reading {
  readonly names: readonly string[];
  readonly values: readonly number[];
  /** Fields that should hold a number and do not. */
  readonly notNumbers: readonly number[];
}

/**
 * The fields of one kind of line, and which of them are channels. A field becomes a channel with its first number,
 * or text that stands for one, such as "nan"; other text before that (a state, a serial number) is ignored, after
 * that it is not a number.
 */
export class Layout {
  /** Fields that hold the time; a date and a time of day may be two. */
  readonly timeAt: readonly number[];
  readonly #fieldNames: readonly string[];
  readonly #valueAt: readonly number[];
  readonly #isChannel: boolean[];
  #channelNames: readonly string[] = [];

  constructor(fieldNames: readonly string[]) {
    this.#fieldNames = [...fieldNames];
    this.timeAt = [...fieldNames.keys()].filter((at) => isTimeName(fieldNames[at] ?? ''));
    this.#valueAt = valueFieldsOf(fieldNames);
    this.#isChannel = fieldNames.map(() => false);
  }

  fits(names: readonly string[]): boolean {
    if (names.length !== this.#fieldNames.length) return false;
    for (let at = 0; at < names.length; at++) if (names[at] !== this.#fieldNames[at]) return false;
    return true;
  }

  read(texts: readonly string[]): Reading {
    const values: number[] = [];
    const notNumbers: number[] = [];
    let isGrown = false;
    for (const at of this.#valueAt) {
      const value = readNumber(texts[at] ?? '');
      const isChannel = this.#isChannel[at] === true;
      if (value === undefined && !isChannel) continue;
      if (!isChannel) {
        this.#isChannel[at] = true;
        isGrown = true;
      }
      if (value === undefined || Number.isNaN(value)) notNumbers.push(at);
      values.push(value ?? Number.NaN);
    }
    if (isGrown) this.#channelNames = this.#fieldNames.filter((_, at) => this.#isChannel[at]);
    return { names: this.#channelNames, values, notNumbers };
  }
}

/** The layouts of one source, so that lines of the same kind share one array of names. */
export class Layouts {
  readonly #layouts: Layout[] = [];
  #latest: Layout | undefined;

  /** The layout of these fields, or why they cannot be one. */
  of(names: readonly string[]): Layout | NoiseReason {
    if (this.#latest?.fits(names)) return this.#latest;
    this.#latest = this.#layouts.find((layout) => layout.fits(names));
    if (this.#latest) return this.#latest;
    const fault = faultOf(names);
    if (fault) return fault;
    this.#latest = new Layout(names);
    this.#layouts.push(this.#latest);
    if (this.#layouts.length > LAYOUTS_MAX) this.#layouts.shift();
    return this.#latest;
  }
}

/** Columns without a name, such as a row index or what follows a trailing delimiter, are nobody's channel. */
function valueFieldsOf(names: readonly string[]): number[] {
  return [...names.keys()].filter((at) => names[at] !== '' && !isTimeName(names[at] ?? ''));
}

/** A name twice would make it a matter of luck which value counts. */
function faultOf(names: readonly string[]): NoiseReason | undefined {
  if (valueFieldsOf(names).length > CHANNELS_MAX) return 'too-many-channels';
  const given = names.filter((name) => name !== '');
  const isNamedWell = given.every(
    (name) => name.length <= NAME_LENGTH_MAX && !/__proto__|\p{Cc}/u.test(name),
  );
  return isNamedWell && new Set(given).size === given.length ? undefined : 'unreadable';
}
