import { FieldnoteError } from '../system/errors.ts';
import { at } from './linear-algebra.ts';
import type { WindowMeans } from './window-means.ts';

/**
 * A learning period is steady when no channel jumps and not most of them move. A jump: from one window to the next it
 * moves 100 times as far as it usually does, and further than it varies over the whole period. That is news up to three
 * times; what happens more often is how the machine works, and what takes less than 1 % of the time spoils nothing.
 * What drifts, such as a temperature, makes no jumps; states of operation are taken off before.
 */
const JUMP = { usual: 100, deviations: 1, timesMax: 3, shareMin: 0.01 } as const;

/** A channel with at least this ρ moves. When so many of them do, and this share of all, it is the machine. */
const MOVING = { drift: 0.5, countMin: 3, shareMin: 0.75 } as const;

/** More rows than this say nothing new and cost time: then every n-th is taken. */
const ROWS_MAX = 10_000;

export interface PeriodLevels {
  readonly means: WindowMeans;
  readonly windowRows: number;
  readonly channels: readonly string[];
  /** Of each channel, in its unit. */
  readonly deviation: Float64Array;
  /** ρ of each channel, see drift.ts. */
  readonly drift: Float64Array;
}

/**
 * @throws {FieldnoteError} LEARN_UNSTEADY saying which channel did what. `steadyFrom` of its context is the row from
 * which on nothing of it is left.
 */
export function checkSteady(period: PeriodLevels): void {
  checkJumps(period);
  checkMoving(period);
}

function checkJumps({ means, windowRows, channels, deviation }: PeriodLevels): void {
  channels.forEach((channel, column) => {
    const jump = jumpOf(movesOf(means, column, windowRows), windowRows);
    if (jump === undefined) return;
    const inUnit = (move: number) => Number((Math.abs(move) * at(deviation, column)).toPrecision(2));
    const when = Math.round((100 * jump.largest.row) / means.isUsable.length);
    const what = `${jump.largest.move > 0 ? 'rose' : 'fell'} by ${inUnit(jump.largest.move)}`;
    const message =
      `the machine was not steady: after ${when} % of the learning channel "${channel}" ${what} from one window ` +
      `to the next, and ${inUnit(jump.usual)} is usual; let it run undisturbed while it is learned`;
    throw new FieldnoteError('LEARN_UNSTEADY', message, { channel, steadyFrom: jump.lastRow });
  });
}

function checkMoving({ means, channels, drift }: PeriodLevels): void {
  const moving = channels.filter((_, column) => at(drift, column) >= MOVING.drift);
  if (moving.length < Math.max(MOVING.countMin, MOVING.shareMin * channels.length)) return;
  const message =
    `the machine was not steady: the level of most channels (${moving.join(', ')}) moved all the time; ` +
    'learn when it has run up, or raise learn.for until it shows all that is normal';
  throw new FieldnoteError('LEARN_UNSTEADY', message, { moving, steadyFrom: means.isUsable.length >> 1 });
}

/** From the window before to the one that ends with the row, in deviations. */
interface Move {
  readonly row: number;
  readonly move: number;
}

function movesOf({ width, means, isUsable }: WindowMeans, column: number, windowRows: number): Move[] {
  const step = Math.ceil(isUsable.length / ROWS_MAX);
  const moves: Move[] = [];
  for (let row = windowRows; row < isUsable.length; row += step) {
    if (!isUsable[row] || !isUsable[row - windowRows]) continue;
    const before = at(means, (row - windowRows) * width + column);
    moves.push({ row, move: at(means, row * width + column) - before });
  }
  return moves;
}

/** The jumps among the moves, when they are few. */
function jumpOf(moves: readonly Move[], windowRows: number) {
  const sizes = moves.map(({ move }) => Math.abs(move)).sort((a, b) => a - b);
  const usual = sizes[sizes.length >> 1] ?? 0;
  const jumps = moves.filter(({ move }) => Math.abs(move) > Math.max(JUMP.usual * usual, JUMP.deviations));
  const [first, last] = [jumps[0], jumps.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const times =
    1 + jumps.filter(({ row }, k) => k > 0 && row - (jumps[k - 1] ?? first).row > windowRows).length;
  if (times > JUMP.timesMax || jumps.length <= JUMP.shareMin * moves.length) return undefined;
  const largest = jumps.reduce((a, b) => (Math.abs(b.move) > Math.abs(a.move) ? b : a));
  return { largest, usual, lastRow: last.row };
}
