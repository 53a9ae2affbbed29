import { readNumber } from '../number.ts';

/** The fields of one sentence behind its address, counted from 1 as the descriptions of NMEA 0183 do. */
export class Fields {
  readonly #texts: readonly string[];
  /** Fields that should hold a number, are not empty, and hold none. */
  readonly notNumbers: string[] = [];

  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  /** How many there are behind the address. */
  get count(): number {
    return this.#texts.length - 1;
  }

  text(at: number): string {
    return this.#texts[at] ?? '';
  }

  /** NaN for a field that is empty or missing: the device has no such value now. */
  number(at: number): number {
    const text = this.text(at);
    if (text === '') return Number.NaN;
    const number = readNumber(text);
    if (number !== undefined && !Number.isNaN(number)) return number;
    this.notNumbers.push(text);
    return Number.NaN;
  }

  /** A number that means something only where a field says so, such as a status `A`. */
  numberIf(isValid: boolean, at: number): number {
    return isValid ? this.number(at) : Number.NaN;
  }

  /**
   * Latitude or longitude in degrees, north and east positive, from `ddmm.mmmm` and the hemisphere in the next field.
   * @param limit 90 or 180
   */
  angle(at: number, limit: 90 | 180): number {
    const number = this.number(at);
    const hemisphere = this.text(at + 1);
    const degrees = Math.trunc(number / 100);
    const minutes = number - degrees * 100;
    const angle = degrees + minutes / 60;
    if (Number.isNaN(angle)) return Number.NaN;
    const isAngle = number >= 0 && minutes < 60 && angle <= limit;
    const isSide = (limit === 90 ? /^[NS]$/ : /^[EW]$/).test(hemisphere);
    if (!isAngle || !isSide) {
      this.notNumbers.push(`${this.text(at)},${hemisphere}`);
      return Number.NaN;
    }
    return /[SW]/.test(hemisphere) ? -angle : angle;
  }

  /** Milliseconds since midnight from `hhmmss.sss`; undefined when there is none. A leap second is 60. */
  timeOfDayMs(at: number): number | undefined {
    const [, hours, minutes, seconds] = /^(\d\d)(\d\d)(\d\d(?:\.\d{1,9})?)$/.exec(this.text(at)) ?? [];
    if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) >= 61)
      return undefined;
    return (Number(hours) * 60 + Number(minutes)) * 60_000 + Math.round(Number(seconds) * 1000);
  }
}
