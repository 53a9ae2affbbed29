import type { Language } from '../values/language.ts';
import type { ChannelFact, ReportStamp } from '../values/report.ts';
import { dataOf, filled } from './languages.ts';

/**
 * How numbers, units, durations, times and names are written. Everything that a text says of the facts goes
 * through here, whoever writes the words around it, so that a number in a text can be traced to its fact.
 */

/** Of names and labels; the configuration allows 48, keys have up to 64. */
const NAME_LENGTH_MAX = 64;
const UNIT_LENGTH_MAX = 16;

/** Beyond these a number is written with an exponent. */
const DECIMALS_MAX = 6;
const FIXED_VALUE_MAX = 1e9;
const EXPONENT_DIGITS_MAX = 3;

/** Scales whose zero is a convention, and ratios: a percentage of them misleads. */
const UNITS_WITHOUT_PERCENT = new Set([
  '°C',
  '°F',
  'C',
  'F',
  'degC',
  'degF',
  '%',
  'dB',
  'dBm',
  'pH',
  '°',
  'deg',
]);
/** A percentage needs a baseline that stands clear of its own spread. */
const BASELINE_SPREADS_MIN = 5;
const CHANGE_PERCENT_MIN = 1;
const CHANGE_PERCENT_MAX = 10_000;

/** More digits than sensors have. */
const READING_DIGITS = 6;

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A name on one line, without control or direction characters, and not longer than any text can take. */
export function formatName(name: string, language?: Language, lengthMax = NAME_LENGTH_MAX): string {
  const plain = name
    .toWellFormed()
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
  if (plain.length <= lengthMax) return plain || dataOf(language).format.unnamed;
  return `${plain.slice(0, lengthMax - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * Decimals with which all values of one channel are written: steps of at most half a spread, but no finer than
 * 1/200 of the deviation, because nobody needs the sixth digit of a value that is far off.
 */
export function decimalsOf({ value, baseline, spread, extreme }: ChannelFact): number {
  const deviation = Math.max(Math.abs(value - baseline), Math.abs(extreme - baseline));
  const step = Math.max(spread / 2, deviation / 200, Number.MIN_VALUE);
  return Math.max(0, -Math.floor(Math.log10(step)));
}

/** "7.4", "12,900", "-0.03", "4.1e-12". Never "-0.0", never more digits than `decimals`. */
export function formatNumber(value: number, decimals: number, language?: Language): string {
  if (decimals > DECIMALS_MAX || Math.abs(value) >= FIXED_VALUE_MAX) {
    const digits = Math.floor(Math.log10(Math.abs(value))) + decimals;
    // Also for 0 itself, whose logarithm is -Infinity.
    if (digits < 0) return '0';
    const [mantissa = '', exponent = ''] = value
      .toExponential(Math.min(digits, EXPONENT_DIGITS_MAX))
      .split('e');
    const [, fraction = ''] = `${Number(mantissa)}`.split('.');
    return `${fixedFormat(fraction.length, language).format(Number(mantissa))}e${Number(exponent)}`;
  }
  return fixedFormat(decimals, language).format(value);
}

/** Kept, because making one costs more than everything else in a report; there are as many as decimals and languages. */
const fixedFormats = new Map<string, Intl.NumberFormat>();

function fixedFormat(decimals: number, language?: Language): Intl.NumberFormat {
  const { locale } = dataOf(language).format;
  const key = `${locale} ${decimals}`;
  let format = fixedFormats.get(key);
  if (format === undefined) {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    format = new Intl.NumberFormat(locale, { ...digits, signDisplay: 'negative' });
    fixedFormats.set(key, format);
  }
  return format;
}

/** A number with its unit: "7.4 mm/s". */
export function formatQuantity(value: number, unit: string, decimals: number, language?: Language): string {
  const number = formatNumber(value, decimals, language);
  return unit.trim() === '' ? number : `${number} ${formatName(unit, language, UNIT_LENGTH_MAX)}`;
}

/** A single value as a sensor gave it, in at most six digits: "2.13 mm/s". */
export function formatReading(value: number, unit: string, language?: Language): string {
  const [, decimals = ''] = `${Number(value.toPrecision(READING_DIGITS))}`.split('.');
  return formatQuantity(value, unit, decimals.length, language);
}

/** How far from normal, in two digits: "+220 %"; undefined where a percentage of the baseline says nothing. */
export function formatChange(
  value: number,
  { baseline, spread, unit }: ChannelFact,
  language?: Language,
): string | undefined {
  if (UNITS_WITHOUT_PERCENT.has(unit.trim())) return undefined;
  if (Math.abs(baseline) < BASELINE_SPREADS_MIN * spread || value * baseline < 0) return undefined;
  const exact = ((value - baseline) / Math.abs(baseline)) * 100;
  // Rounded once: 9.48 is 9, by way of 9.5 it would become 10.
  const percent = Math.abs(exact) < 100 ? Math.round(exact) : Number(exact.toPrecision(2));
  const isTelling = Math.abs(percent) >= CHANGE_PERCENT_MIN && Math.abs(percent) < CHANGE_PERCENT_MAX;
  return isTelling ? `${percent > 0 ? '+' : ''}${formatNumber(percent, 0, language)} %` : undefined;
}

/** "3rd". */
export function formatOrdinal(count: number, language?: Language): string {
  const { locale, ordinals } = dataOf(language).format;
  const rule = new Intl.PluralRules(locale, { type: 'ordinal' }).select(count);
  const ordinal = rule === 'one' || rule === 'two' || rule === 'few' ? ordinals[rule] : ordinals.other;
  return filled(ordinal, { count: formatNumber(count, 0, language) });
}

/** "72 %"; "99.7 %" where rounding would make a certainty of what is none. */
export function formatProbability(probability: number, language?: Language): string {
  const percent = probability * 100;
  if (percent < 99.5 || percent >= 100) return `${formatNumber(Math.round(percent), 0, language)} %`;
  return `${formatNumber(Math.min(99.9, percent), 1, language)} %`;
}

/** "8 s", "12 min", "3 h 20 min", "2 days": in steps that suit the length. */
export function formatDuration(durationMs: number, language?: Language): string {
  const { lessThan, days } = dataOf(language).format;
  if (durationMs < SECOND_MS) return filled(lessThan, { duration: '1 s' });
  const seconds = Math.round(durationMs / SECOND_MS);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(durationMs / MINUTE_MS);
  if (minutes < 60) return `${minutes} min`;
  if (durationMs >= 2 * DAY_MS)
    return filled(days, { count: formatNumber(Math.round(durationMs / DAY_MS), 0, language) });
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

/** Whether the wall time of a stamp may be shown; `floor` and `unknown` are too far from the truth. */
export function hasTime({ clock }: ReportStamp): boolean {
  return clock === 'synced' || clock === 'gnss' || clock === 'manual';
}

/** "14:32 UTC", with the day where it is not the day of `reference`; undefined when the clock was not set. */
export function formatTime(
  stamp: ReportStamp,
  reference: ReportStamp,
  language?: Language,
): string | undefined {
  if (!hasTime(stamp)) return undefined;
  const time = `${stamp.time.slice(11, 16)} UTC`;
  if (hasTime(reference) && stamp.time.slice(0, 10) === reference.time.slice(0, 10)) return time;
  const [year = '', month, day] = stamp.time.slice(0, 10).split('-');
  const { months, date, dateOfYear } = dataOf(language).format;
  const isSameYear = hasTime(reference) && year === reference.time.slice(0, 4);
  const values = { day: `${Number(day)}`, month: months[Number(month) - 1] ?? '', year };
  return `${filled(isSameYear ? date : dateOfYear, values)} ${time}`;
}

/** Time between two stamps, ≥ 0; undefined across boots unless both wall times can be trusted. */
export function elapsedMs(from: ReportStamp, to: ReportStamp): number | undefined {
  if (from.boot === to.boot) return Math.max(0, to.monoMs - from.monoMs);
  return hasTime(from) && hasTime(to) ? Math.max(0, Date.parse(to.time) - Date.parse(from.time)) : undefined;
}
