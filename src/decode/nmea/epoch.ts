import type { Fields } from './fields.ts';
import { hasFix } from './kinds.ts';

/**
 * The time of a receiver. Most sentences tell the time of day alone; RMC and ZDA tell the date too. What is not in this
 * second's sentences is not made up: without a date there is no time, and without a fix it is nobody's time of day, for a
 * receiver without one tells what its own clock has left.
 */

const DAY_MS = 86_400_000;
/** Years of two digits: GPS began in 1980. */
const FIRST_SHORT_YEAR = 80;
/** ZDA does not say whether it has a fix; that of an RMC so long ago is as good. */
const FIX_LASTS_MS = 5000;
/** Fields with the time of day, by the kind of sentence. */
const TIME_FIELD: Readonly<Record<string, number>> = { GGA: 1, RMC: 1, ZDA: 1 };

export class Epoch {
  #dateMs: number | undefined;
  #wallMs: number | undefined;
  #fixMs = Number.NEGATIVE_INFINITY;
  #toldMs: number | undefined;

  /** Unix milliseconds that the sentences of this second belong to; undefined until a date was told with a fix. */
  get wallMs(): number | undefined {
    return this.#wallMs;
  }

  /**
   * Takes what a sentence says about the time.
   * @returns Unix milliseconds, if it is told for the first time by a receiver with a fix
   */
  read(kind: string, fields: Fields, monoMs: number): number | undefined {
    const at = TIME_FIELD[kind];
    const timeMs = at === undefined ? undefined : fields.timeOfDayMs(at);
    if (timeMs === undefined) return undefined;
    if (kind === 'RMC') this.#fixMs = hasFix(fields) ? monoMs : Number.NEGATIVE_INFINITY;
    const hasDate = kind !== 'GGA';
    const isFixed = monoMs - this.#fixMs <= FIX_LASTS_MS;
    if (hasDate) this.#dateMs = isFixed ? dateOf(kind, fields) : undefined;
    if (this.#dateMs === undefined) {
      this.#wallMs = undefined;
      return undefined;
    }
    // GGA may come before the RMC of its second: at midnight the date is still yesterday's.
    this.#wallMs = hasDate ? this.#dateMs + timeMs : nearest(this.#dateMs + timeMs, this.#wallMs);
    if (!hasDate || this.#wallMs === this.#toldMs) return undefined;
    this.#toldMs = this.#wallMs;
    return this.#wallMs;
  }

  forget(): void {
    this.#dateMs = undefined;
    this.#wallMs = undefined;
    this.#toldMs = undefined;
    this.#fixMs = Number.NEGATIVE_INFINITY;
  }
}

/** The same time of day on the day that is nearest to a moment. */
function nearest(wallMs: number, beforeMs: number | undefined): number {
  return beforeMs === undefined ? wallMs : wallMs + Math.round((beforeMs - wallMs) / DAY_MS) * DAY_MS;
}

/** Midnight of the date; undefined for one that does not exist. */
function dateOf(kind: string, fields: Fields): number | undefined {
  const text = kind === 'RMC' ? fields.text(9) : [2, 3, 4].map((at) => fields.text(at)).join('');
  const [, day, month, year] = /^(\d\d)(\d\d)(\d\d|\d{4})$/.exec(text) ?? [];
  if (day === undefined) return undefined;
  const short = Number(year) + (Number(year) < FIRST_SHORT_YEAR ? 2000 : 1900);
  const dateMs = Date.UTC(year?.length === 2 ? short : Number(year), Number(month) - 1, Number(day));
  const isDate = new Date(dateMs).getUTCDate() === Number(day) && Number(month) >= 1 && Number(month) <= 12;
  return isDate ? dateMs : undefined;
}
