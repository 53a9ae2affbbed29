import { markdownTable } from '../bench/table.ts';
import { type Bar, type Figure, isMet } from './part.ts';

/** A bar with what came of it: a figure, or why there is none. */
export interface Outcome {
  readonly bar: Bar;
  readonly figure: Figure | undefined;
  /** Empty when it was measured. */
  readonly lacking: string;
}

const HEADINGS = ['what', 'measured', 'bar', 'result', 'beside it', 'best public'];
const IS_NUMBER = [false, true, true, false, false, false];

export function barTable(outcomes: readonly Outcome[]): string {
  return markdownTable([HEADINGS, ...outcomes.map(cellsOf)], IS_NUMBER);
}

export function isMissed({ bar, figure }: Outcome): boolean {
  return figure !== undefined && !isMet(bar, figure.value);
}

function cellsOf(outcome: Outcome): string[] {
  const { bar, figure, lacking } = outcome;
  const { name, limit, best } = bar;
  const measured = figure === undefined ? '–' : numberText(bar, figure.value);
  const reached = limit === undefined ? '' : isMissed(outcome) ? 'below the bar' : 'reached';
  const result = figure === undefined ? `not measured: ${lacking}` : reached;
  return [name, measured, limitText(bar), result, figure?.baseline ?? '', best];
}

function limitText(bar: Bar): string {
  const { limit } = bar;
  if (limit === undefined) return '';
  if ('atLeast' in limit) return `≥ ${numberText(bar, limit.atLeast)}`;
  return 'over' in limit ? `> ${numberText(bar, limit.over)}` : `≤ ${numberText(bar, limit.atMost)}`;
}

function numberText({ unit, decimals }: Bar, value: number): string {
  const number = Number.isFinite(value) ? value.toFixed(decimals) : '–';
  return unit === '' ? number : `${number} ${unit}`;
}
