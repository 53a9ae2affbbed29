import { readNumber } from './number.ts';

const TIME_NAME = /^(?:time|datetime|timestamp|date|ts|ms)$/i;

/** Numbers from here on are Unix milliseconds (1973); as seconds they would lie in the year 5138. */
const UNIX_MS_MIN = 1e11;

/** Numbers from here on are Unix seconds (2001), if they do not continue a count of milliseconds. */
const UNIX_SECONDS_MIN = 1e9;

/** Last moment that a JavaScript Date can hold. */
const DATE_MS_MAX = 8.64e15;

/** A count that moves on by no more than this, in its own unit, is still the same count. */
const COUNT_STEP_MAX = 86_400_000;

const TIME_OF_DAY = String.raw`(\d{1,2})(?::(\d{2})(?::(\d{2}(?:\.\d{1,9})?))?)?`;
const ZONE = String.raw`(?:Z|([+-])(\d{2}):?(\d{2}))?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]${TIME_OF_DAY}${ZONE})?$`);
const DAY_FIRST = new RegExp(String.raw`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?: ${TIME_OF_DAY})?$`);

/** Whether a field holds the time of its line. "t" only in lower case: a capital T is more often a temperature. */
export function isTimeName(name: string): boolean {
  return name === 't' || TIME_NAME.test(name);
}

/**
 * Unix milliseconds of a date: `2020-03-09 10:14:33` (also with T, fraction and zone; UTC without one) or the
 * day-first `09/03/2020 10:14:33` and `06/01/14 00`, whose short years are those after 2000.
 */
export function readDate(text: string): number | undefined {
  const yearFirst = YEAR_FIRST.exec(text);
  if (yearFirst) {
    const [, year, month, day, hour, minute, second, sign, zoneHours, zoneMinutes] = yearFirst;
    const localMs = utcMs({ year, month, day, hour, minute, second });
    const zoneMs = (Number(zoneHours ?? 0) * 60 + Number(zoneMinutes ?? 0)) * 60_000;
    return localMs === undefined ? undefined : localMs - (sign === '-' ? -zoneMs : zoneMs);
  }
  const dayFirst = DAY_FIRST.exec(text);
  if (!dayFirst) return undefined;
  const [, day, month, year, hour, minute, second] = dayFirst;
  return utcMs({ year: year?.length === 2 ? `20${year}` : year, month, day, hour, minute, second });
}

type DateParts = Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', string | undefined>;

/** Undefined for dates that do not exist, such as 31 February or 25 o'clock. */
function utcMs({ year, month, day, hour = '0', minute = '0', second = '0' }: DateParts): number | undefined {
  const dateMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const isDay = new Date(dateMs).getUTCDate() === Number(day) && Number(month) >= 1 && Number(month) <= 12;
  const isTime = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
  if (!isDay || !isTime) return undefined;
  return dateMs + (Number(hour) * 60 + Number(minute)) * 60_000 + Math.round(Number(second) * 1000);
}

/**
 * Reads the time that a device writes into its lines. A bare number is Unix milliseconds, Unix seconds or the
 * device's own count of milliseconds, told apart by size. A count that goes on keeps its unit, so that
 * Arduino's millis() does not turn into Unix seconds on its twelfth day; only an agent that is started after
 * that day takes it for seconds, unless the field is called "ms".
 */
export class DeviceTime {
  #lastNumber = Number.NaN;
  #unitMs = 1;

  /** @returns milliseconds, to the microsecond, or undefined when the text is no time */
  read(name: string, text: string): number | undefined {
    const number = readNumber(text);
    return number === undefined ? readDate(text) : this.#readCount(name, number);
  }

  forget(): void {
    this.#lastNumber = Number.NaN;
  }

  #readCount(name: string, number: number): number | undefined {
    if (!(number >= 0 && number <= DATE_MS_MAX)) return undefined;
    const step = number - this.#lastNumber;
    const isSameCount = step >= 0 && step <= COUNT_STEP_MAX;
    if (!isSameCount) this.#unitMs = this.#unitOf(name, number);
    this.#lastNumber = number;
    return Math.round(number * this.#unitMs * 1000) / 1000;
  }

  #unitOf(name: string, number: number): number {
    const isSeconds = number >= UNIX_SECONDS_MIN && number < UNIX_MS_MIN && name.toLowerCase() !== 'ms';
    return isSeconds ? 1000 : 1;
  }
}
