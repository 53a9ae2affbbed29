import { dayOf, HOUR_MS, type Span, timeOfDay } from './calendar.ts';
import {
  bareHour,
  type ClockTime,
  dayOfPiece,
  type Piece,
  type PieceContext,
  pieceAt,
  spanOfDay,
} from './time-pieces.ts';

/**
 * The time that a question is about: its pieces put together ("yesterday" + "afternoon" + "between 2 and 4"), and the
 * words that make stretches of them ("since", "between … and …"). What is said once holds for both ends.
 */

/** Stands for the beginning of all records. */
export const BEGINNING_MS = 0;

/** Words between the pieces of one time. */
const JOINTS = new Set(['at', 'on', 'in', 'the', 'of', 'during', 'over', 'around', 'about', 'early', 'late']);
const AT = new Set(['at', 'around', 'about', 'near']);
/** How far "at 14:00" reaches to both sides. */
const AROUND_MS = HOUR_MS / 2;

type Way = 'in' | 'at' | 'since' | 'after' | 'before' | 'between';

interface Stretch {
  readonly way: Way;
  readonly from: Piece;
  /** Of `between`. */
  readonly to?: Piece;
  readonly length: number;
}

export interface TimeFound {
  readonly span: Span;
  /** Which of the words said it. */
  readonly used: ReadonlySet<number>;
}

/** The time that these words speak of; undefined when they name none. */
export function findTime(words: readonly string[], context: PieceContext): TimeFound | undefined {
  const used = new Set<number>();
  const stretches: Stretch[] = [];
  for (let at = 0; at < words.length; ) {
    const stretch = stretchAt(words.slice(at), context);
    if (stretch === undefined) {
      at += 1;
      continue;
    }
    stretches.push(stretch);
    for (let word = at; word < at + stretch.length; word++) used.add(word);
    at += stretch.length;
  }
  const main = stretches.find(({ way }) => way !== 'in') ?? stretches[0];
  if (main === undefined) return undefined;
  const others = stretches.filter((stretch) => stretch !== main).map(({ from }) => from);
  const base: Piece = Object.assign({}, ...others);
  return { span: spanOf(main, base, context.nowMs), used };
}

function stretchAt(words: readonly string[], context: PieceContext): Stretch | undefined {
  const [first = ''] = words;
  if (first === 'between' || first === 'from') {
    const ends = endsAt(words.slice(1), context);
    if (ends !== undefined) return { way: 'between', ...ends, length: ends.length + 1 };
  }
  if (first === 'since' || first === 'after' || first === 'before' || first === 'until') {
    const time = timeAt(words.slice(1), context, true);
    if (time !== undefined)
      return { way: first === 'until' ? 'before' : first, from: time.piece, length: time.length + 1 };
  }
  if (AT.has(first)) {
    const time = timeAt(words.slice(1), context, true);
    if (time?.piece.clock !== undefined) return { way: 'at', from: time.piece, length: time.length + 1 };
  }
  const plain = timeAt(words, context, false);
  if (plain === undefined) return undefined;
  return { way: plain.piece.clock === undefined ? 'in' : 'at', from: plain.piece, length: plain.length };
}

/** "2 and 4", "monday to wednesday last week" */
function endsAt(words: readonly string[], context: PieceContext) {
  const from = timeAt(words, context, true);
  if (from === undefined || !/^(?:and|to|until|till)$/.test(words[from.length] ?? '')) return undefined;
  const to = timeAt(words.slice(from.length + 1), context, true);
  return to && { from: from.piece, to: to.piece, length: from.length + 1 + to.length };
}

/** Pieces that follow one another, as one. */
function timeAt(words: readonly string[], context: PieceContext, isTime: boolean) {
  let piece: Piece = {};
  let length = 0;
  for (;;) {
    let skip = 0;
    while (JOINTS.has(words[length + skip] ?? '')) skip += 1;
    const rest = words.slice(length + skip);
    const isHourDue = (isTime && length === 0) || AT.has(words[length + skip - 1] ?? '');
    const read = pieceAt(rest, context) ?? (isHourDue ? bareHour(rest) : undefined);
    if (read === undefined) break;
    piece = { ...piece, ...read.piece };
    length += skip + read.length;
  }
  return length === 0 ? undefined : { piece, length };
}

function spanOf({ way, from, to = {} }: Stretch, base: Piece, nowMs: number): Span {
  if (way === 'between') return between(from, to, base, nowMs);
  const span = placed({ ...base, ...from }, nowMs);
  switch (way) {
    case 'since':
      return { fromMs: span.fromMs, toMs: nowMs };
    case 'after':
      return { fromMs: span.toMs, toMs: nowMs };
    case 'before':
      return { fromMs: isInstant(span) ? dayOf(span.fromMs) : BEGINNING_MS, toMs: span.fromMs };
    case 'at':
      return isInstant(span) ? { fromMs: span.fromMs - AROUND_MS, toMs: span.toMs + AROUND_MS } : span;
    case 'in':
      return span;
  }
}

/** What is said of one end only holds for the other too, and so does what is said elsewhere. */
function between(from: Piece, to: Piece, base: Piece, nowMs: number): Span {
  const half = to.clock !== undefined && !to.clock.isEitherHalf ? to.clock : undefined;
  const shared = { ...base, ...onlyDay(to) };
  const begin = placed(
    { ...shared, ...from, ...(from.clock && { clock: sameHalf(from.clock, half) }) },
    nowMs,
  );
  const end = placed({ ...base, ...onlyDay(from), ...to }, nowMs, begin.fromMs);
  const endMs = isInstant(end) ? end.fromMs : end.toMs;
  return {
    fromMs: begin.fromMs,
    toMs: endMs > begin.fromMs ? endMs : dayOf(endMs, 1) + (endMs - dayOf(endMs)),
  };
}

function onlyDay({ clock, ...day }: Piece): Piece {
  return day;
}

/** "between 2 and 4 pm": both are in the afternoon. */
function sameHalf(clock: ClockTime, half: ClockTime | undefined): ClockTime {
  if (half === undefined || !clock.isEitherHalf || half.hours < 12 || clock.hours + 12 > half.hours)
    return clock;
  return { ...clock, hours: clock.hours + 12, isEitherHalf: false };
}

function isInstant({ fromMs, toMs }: Span): boolean {
  return fromMs === toMs;
}

/** @param afterMs a clock time that may be either half of the day is after this */
function placed(piece: Piece, nowMs: number, afterMs?: number): Span {
  const { clock, part, span } = piece;
  const dayMs = dayOfPiece(piece);
  if (clock !== undefined) {
    const ms = instantOf(clock, { dayMs, part, nowMs, afterMs });
    return { fromMs: ms, toMs: ms };
  }
  if (dayMs !== undefined) return spanOfDay(dayMs, part, timeOfDay);
  if (span !== undefined) return span;
  // "in the night": the latest one.
  const today = spanOfDay(dayOf(nowMs), part, timeOfDay);
  return today.fromMs <= nowMs ? today : spanOfDay(dayOf(nowMs, -1), part, timeOfDay);
}

interface Place {
  readonly dayMs: number | undefined;
  readonly part: Piece['part'];
  readonly nowMs: number;
  readonly afterMs: number | undefined;
}

/** Which of the moments that a clock time can mean is meant. */
function instantOf(
  { hours, minutes, isEitherHalf }: ClockTime,
  { dayMs, part, nowMs, afterMs }: Place,
): number {
  const halves = isEitherHalf ? [hours, (hours + 12) % 24] : [hours];
  const on = (dayMs: number) => halves.map((hour) => timeOfDay(dayMs, hour, minutes));
  if (dayMs === undefined && part === undefined) {
    const moments = [...on(dayOf(nowMs, -1)), ...on(dayOf(nowMs)), ...on(dayOf(nowMs, 1))].sort(
      (a, b) => a - b,
    );
    const next = afterMs === undefined ? undefined : moments.find((ms) => ms > afterMs);
    return next ?? moments.filter((ms) => ms <= nowMs).at(-1) ?? nowMs;
  }
  const day = dayMs ?? dayOf(nowMs);
  if (part === undefined) return on(day)[0] ?? day;
  const span = spanOfDay(day, part, timeOfDay);
  const moments = [...on(day), ...on(dayOf(day, 1))];
  const isMeant = (ms: number) =>
    ms >= span.fromMs && ms <= span.toMs && (afterMs === undefined || ms > afterMs);
  return moments.find(isMeant) ?? moments[0] ?? day;
}
