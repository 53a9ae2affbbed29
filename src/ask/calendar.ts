/** The local calendar, by the time zone of the process. All moments are Unix milliseconds. */

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Midnight of the day, so many days later. */
export function dayOf(ms: number, daysLater = 0): number {
  const date = new Date(ms);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + daysLater).getTime();
}

/** A time of the local day; hours may be over 24. */
export function timeOfDay(dayMs: number, hours: number, minutes = 0): number {
  const date = new Date(dayMs);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate(), hours, minutes).getTime();
}

export function daySpan(dayMs: number): Span {
  return { fromMs: dayMs, toMs: dayOf(dayMs, 1) };
}

/** The week from Monday on, so many weeks later. */
export function weekOf(ms: number, weeksLater = 0): Span {
  const sinceMonday = (new Date(ms).getDay() + 6) % 7;
  const mondayMs = dayOf(ms, 7 * weeksLater - sinceMonday);
  return { fromMs: mondayMs, toMs: dayOf(mondayMs, 7) };
}

export function monthOf(ms: number, monthsLater = 0): Span {
  const date = new Date(ms);
  const begin = (months: number) => new Date(date.getFullYear(), date.getMonth() + months, 1).getTime();
  return { fromMs: begin(monthsLater), toMs: begin(monthsLater + 1) };
}

export function yearOf(ms: number, yearsLater = 0): Span {
  const year = new Date(ms).getFullYear() + yearsLater;
  return { fromMs: new Date(year, 0, 1).getTime(), toMs: new Date(year + 1, 0, 1).getTime() };
}

/** The latest day of this weekday (0 is Sunday) that is not after the given moment. */
export function latestWeekday(ms: number, weekday: number): number {
  return dayOf(ms, -((new Date(ms).getDay() - weekday + 7) % 7));
}

/** The latest such day that is not after the given moment, or that of the year; undefined for the 31st of June. */
export function latestDate(
  ms: number,
  { day, month, year }: { readonly day: number; readonly month: number; readonly year?: number | undefined },
): number | undefined {
  const of = (inYear: number) => new Date(inYear, month, day).getTime();
  const thisYear = new Date(ms).getFullYear();
  const dateMs = year === undefined ? (of(thisYear) <= ms ? of(thisYear) : of(thisYear - 1)) : of(year);
  const date = new Date(dateMs);
  return date.getMonth() === month && date.getDate() === day ? dateMs : undefined;
}
