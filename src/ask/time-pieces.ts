import {
  dayOf,
  daySpan,
  HOUR_MS,
  latestDate,
  latestWeekday,
  MINUTE_MS,
  monthOf,
  type Span,
  weekOf,
  yearOf,
} from './calendar.ts';

/**
 * The pieces of which a time is said: a day, a part of the day, a clock time, a longer span. `pieceAt` reads the piece
 * at a place among the words of a question.
 */
export interface Piece {
  /** Midnight of the day. */
  readonly dayMs?: number;
  readonly weekday?: number;
  readonly part?: DayPart;
  readonly clock?: ClockTime;
  readonly span?: Span;
}

export type DayPart = 'morning' | 'afternoon' | 'evening' | 'night';

export interface ClockTime {
  readonly hours: number;
  readonly minutes: number;
  /** Whether it may as well be twelve hours later. */
  readonly isEitherHalf: boolean;
}

export interface PieceContext {
  readonly nowMs: number;
  /** Latest end of a shift, and the one before it; undefined when no shifts are configured. */
  readonly shift?: { readonly fromMs: number; readonly beganMs: number } | undefined;
}

export interface Read {
  readonly piece: Piece;
  /** How many words it took. */
  readonly length: number;
}

/** Hours from midnight; the night goes on into the next day. */
export const PARTS: Readonly<Record<DayPart, readonly [from: number, to: number]>> = {
  morning: [5, 12],
  afternoon: [12, 18],
  evening: [18, 24],
  night: [18, 30],
};

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = [
  ...['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october'],
  ...['november', 'december'],
];
const NUMBERS: Readonly<Record<string, number>> = {
  ...{
    a: 1,
    an: 1,
    one: 1,
    two: 2,
    three: 3,
    four: 4,
    five: 5,
    six: 6,
    seven: 7,
    eight: 8,
    nine: 9,
    ten: 10,
  },
  ...{ eleven: 11, twelve: 12, couple: 2, few: 3, several: 3 },
};
const UNITS_MS: Readonly<Record<string, number>> = {
  ...{ minute: MINUTE_MS, min: MINUTE_MS, hour: HOUR_MS, hr: HOUR_MS, h: HOUR_MS },
  ...{ day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS, month: 30 * 24 * HOUR_MS },
};

type Reader = (words: readonly string[], context: PieceContext) => Read | undefined;

const READERS: readonly Reader[] = [
  ago,
  relativeDay,
  relativeSpan,
  lastLong,
  weekday,
  date,
  dayPart,
  clockTime,
];

/** The piece that these words begin with. */
export function pieceAt(words: readonly string[], context: PieceContext): Read | undefined {
  for (const read of READERS) {
    const found = read(words, context);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A bare number as a time, where words before it say that it is one. */
export function bareHour([word = '']: readonly string[]): Read | undefined {
  if (!/^\d{1,2}$/.test(word) || Number(word) > 24) return undefined;
  return { piece: { clock: clockOf(Number(word), 0) }, length: 1 };
}

/** "3 hours ago", "two days ago", "half an hour ago" */
function ago(words: readonly string[], { nowMs }: PieceContext): Read | undefined {
  const amount = amountAt(words);
  if (amount === undefined || words[amount.length] !== 'ago') return undefined;
  const length = amount.length + 1;
  const atMs = nowMs - amount.ms;
  if (amount.ms < 24 * HOUR_MS)
    return { piece: { span: { fromMs: atMs - HOUR_MS / 2, toMs: atMs + HOUR_MS / 2 } }, length };
  return { piece: { dayMs: dayOf(atMs) }, length };
}

/** "last 3 hours", "past two days", "last hour and a half" */
function lastLong([first, ...words]: readonly string[], { nowMs }: PieceContext): Read | undefined {
  if (first !== 'last' && first !== 'past' && first !== 'for') return undefined;
  const amount = amountAt(words) ?? amountAt(['a', ...words], -1);
  if (amount === undefined) return undefined;
  const isHalfMore = words.slice(amount.length, amount.length + 3).join(' ') === 'and a half';
  const ms = amount.ms + (isHalfMore ? amount.unitMs / 2 : 0);
  return {
    piece: { span: { fromMs: nowMs - ms, toMs: nowMs } },
    length: 1 + amount.length + (isHalfMore ? 3 : 0),
  };
}

/** "3 hours", "24h", "a couple of hours", "half an hour" */
function amountAt(words: readonly string[], lengthChange = 0) {
  const [, glued, gluedUnit = ''] = /^(\d+)([a-z]+)$/.exec(words[0] ?? '') ?? [];
  const gluedMs = UNITS_MS[singular(gluedUnit)];
  if (glued !== undefined && gluedMs !== undefined)
    return { ms: Number(glued) * gluedMs, unitMs: gluedMs, length: 1 + lengthChange };
  let at = words[0] === 'a' && ['couple', 'few'].includes(words[1] ?? '') ? 1 : 0;
  const parts: Readonly<Record<string, number>> = { half: 0.5, quarter: 0.25 };
  const part = parts[words[at] ?? ''];
  const count = part ?? numberOf(words[at]);
  if (count === undefined) return undefined;
  at += 1;
  if (words[at] === 'of') at += 1;
  if (part !== undefined && /^an?$/.test(words[at] ?? '')) at += 1;
  const unitMs = UNITS_MS[singular(words[at] ?? '')];
  return unitMs === undefined ? undefined : { ms: count * unitMs, unitMs, length: at + 1 + lengthChange };
}

function numberOf(word = ''): number | undefined {
  if (/^\d{1,4}$/.test(word)) return Number(word);
  return Object.hasOwn(NUMBERS, word) ? NUMBERS[word] : undefined;
}

function singular(word: string): string {
  return word === 'mins' || word === 'hrs' || word.length > 3 ? word.replace(/s$/, '') : word;
}

function relativeDay(words: readonly string[], { nowMs }: PieceContext): Read | undefined {
  const [first, second] = words;
  const phrase = (count: number) => words.slice(0, count).join(' ');
  if (phrase(3) === 'day before yesterday') return { piece: { dayMs: dayOf(nowMs, -2) }, length: 3 };
  if (first === 'today') return { piece: { dayMs: dayOf(nowMs) }, length: 1 };
  if (first === 'yesterday') return { piece: { dayMs: dayOf(nowMs, -1) }, length: 1 };
  if (first === 'tomorrow') return { piece: { dayMs: dayOf(nowMs, 1) }, length: 1 };
  if (first === 'overnight') return { piece: { dayMs: dayOf(nowMs, -1), part: 'night' }, length: 1 };
  if (first === 'tonight') return { piece: { dayMs: dayOf(nowMs), part: 'night' }, length: 1 };
  if (first === 'last' && second === 'night')
    return { piece: { dayMs: dayOf(nowMs, -1), part: 'night' }, length: 2 };
  if (first === 'this' && isPart(second)) return { piece: { dayMs: dayOf(nowMs), part: second }, length: 2 };
  return undefined;
}

function relativeSpan([first, second]: readonly string[], { nowMs, shift }: PieceContext): Read | undefined {
  if (first === 'weekend' || second === 'weekend') return weekend([first ?? '', second ?? ''], nowMs);
  if (first !== 'last' && first !== 'this') return undefined;
  const later = first === 'last' ? -1 : 0;
  const found = (span: Span): Read => ({ piece: { span }, length: 2 });
  if (second === 'week') return found(weekOf(nowMs, later));
  if (second === 'month') return found(monthOf(nowMs, later));
  if (second === 'year') return found(yearOf(nowMs, later));
  if (second !== 'shift' || shift === undefined) return undefined;
  return found(
    later < 0 ? { fromMs: shift.fromMs, toMs: shift.beganMs } : { fromMs: shift.beganMs, toMs: nowMs },
  );
}

function weekend([first, second]: readonly [string, string], nowMs: number): Read | undefined {
  const isAlone = first === 'weekend';
  if (!isAlone && !['last', 'this', 'past'].includes(first) && second === 'weekend') return undefined;
  const saturdayMs = latestWeekday(nowMs, 6);
  return { piece: { span: { fromMs: saturdayMs, toMs: dayOf(saturdayMs, 2) } }, length: isAlone ? 1 : 2 };
}

/** "monday", "last friday": that one before today. */
function weekday([first = '', second = '']: readonly string[], { nowMs }: PieceContext): Read | undefined {
  const isLast = first === 'last' || first === 'this';
  const number = WEEKDAYS.indexOf(isLast ? second : first);
  if (number < 0) return undefined;
  const fromMs = first === 'last' ? dayOf(nowMs, -1) : nowMs;
  return { piece: { dayMs: latestWeekday(fromMs, number), weekday: number }, length: isLast ? 2 : 1 };
}

/** "2026-03-03", "3.3.", "3 march", "march 3rd 2026", "october" */
function date(words: readonly string[], { nowMs }: PieceContext): Read | undefined {
  const [first = ''] = words;
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(first);
  if (iso !== null) return dated(nowMs, 1, Number(iso[3]), Number(iso[2]) - 1, Number(iso[1]));
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})?$/.exec(first);
  if (dotted !== null)
    return dated(
      nowMs,
      1,
      Number(dotted[1]),
      Number(dotted[2]) - 1,
      dotted[3] ? Number(dotted[3]) : undefined,
    );
  if (
    /^\d{1,2}(?:st|nd|rd|th)$/.test(first) &&
    monthNumber(words[1] === 'of' ? words[2] : words[1]) === undefined
  )
    return dayOfMonth(Number.parseInt(first, 10), nowMs);
  return namedDate(words, nowMs);
}

/** "the 5th": of this month, or of the one before. */
function dayOfMonth(day: number, nowMs: number): Read | undefined {
  const month = new Date(nowMs).getMonth();
  const isPast = day <= new Date(nowMs).getDate();
  return dated(nowMs, 1, day, isPast ? month : (month + 11) % 12);
}

function namedDate(words: readonly string[], nowMs: number): Read | undefined {
  const isOf = words[1] === 'of';
  const [dayWord, monthWord, length] =
    ordinal(words[0]) === undefined ? [words[1], words[0], 2] : [words[0], words[isOf ? 2 : 1], isOf ? 3 : 2];
  const month = monthNumber(monthWord);
  const day = ordinal(dayWord);
  if (month === undefined) return undefined;
  if (day !== undefined) {
    const year = /^20\d\d$/.test(words[length] ?? '') ? Number(words[length]) : undefined;
    return dated(nowMs, length + (year === undefined ? 0 : 1), day, month, year);
  }
  // "may" and "march" are other words as well, unless something before them says that a time follows.
  const firstMs = latestDate(nowMs, { day: 1, month });
  return firstMs === undefined || monthWord !== words[0] || monthWord === 'may'
    ? undefined
    : { piece: { span: monthOf(firstMs) }, length: 1 };
}

function dated(nowMs: number, length: number, day: number, month: number, year?: number): Read | undefined {
  const dayMs = latestDate(nowMs, { day, month, year });
  return dayMs === undefined ? undefined : { piece: { dayMs }, length };
}

function ordinal(word = ''): number | undefined {
  const match = /^(\d{1,2})(?:st|nd|rd|th)?$/.exec(word);
  return match === null ? undefined : Number(match[1]);
}

function monthNumber(word = ''): number | undefined {
  const number = MONTHS.findIndex((name) => name === word || (word.length >= 3 && name.slice(0, 3) === word));
  return number < 0 ? undefined : number;
}

function dayPart([word]: readonly string[]): Read | undefined {
  return isPart(word) ? { piece: { part: word }, length: 1 } : undefined;
}

function isPart(word: string | undefined): word is DayPart {
  return word !== undefined && Object.hasOwn(PARTS, word);
}

/** "14:00", "2 pm", "6am", "3 o'clock", "noon" */
function clockTime([first = '', second = '']: readonly string[]): Read | undefined {
  if (first === 'noon') return { piece: { clock: clockOf(12, 0, 'pm') }, length: 1 };
  if (first === 'midnight') return { piece: { clock: clockOf(12, 0, 'am') }, length: 1 };
  const match = /^(\d{1,2})(?::(\d{2}))?(am|pm|h)?$/.exec(first);
  if (match === null || Number(match[1]) > 24) return undefined;
  const [, hours, minutes, glued] = match;
  const isSpaced = glued === undefined && /^(?:am|pm|oclock)$/.test(second);
  const half = glued ?? (isSpaced ? second : undefined);
  if (half === undefined && minutes === undefined) return undefined;
  // "2:30" may be either half of the day, "02:30" and "14:30" are not.
  const isExact = hours?.startsWith('0') || Number(hours) > 12;
  const clock = clockOf(Number(hours), Number(minutes ?? 0), half ?? (isExact ? 'exact' : undefined));
  return { piece: { clock }, length: isSpaced ? 2 : 1 };
}

function clockOf(hours: number, minutes: number, half?: string): ClockTime {
  if (half === 'am' || half === 'pm')
    return { hours: (hours % 12) + (half === 'pm' ? 12 : 0), minutes, isEitherHalf: false };
  const isEitherHalf = half !== 'exact' && half !== 'h' && hours >= 1 && hours <= 12;
  return { hours, minutes, isEitherHalf };
}

/** The day of a piece, or the day of its name within a span of another piece. */
export function dayOfPiece({ dayMs, weekday: number, span }: Piece): number | undefined {
  if (number === undefined || span === undefined) return dayMs;
  const days = Array.from({ length: 7 }, (_, later) => dayOf(span.fromMs, later));
  return days.find((day) => new Date(day).getDay() === number && day < span.toMs) ?? dayMs;
}

/** A day, or a part of it. */
export function spanOfDay(
  dayMs: number,
  part: DayPart | undefined,
  timeOf: (dayMs: number, hours: number) => number,
): Span {
  if (part === undefined) return daySpan(dayMs);
  const [from, to] = PARTS[part];
  return { fromMs: timeOf(dayMs, from), toMs: timeOf(dayMs, to) };
}
