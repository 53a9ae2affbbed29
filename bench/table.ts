import type { Row } from './row.ts';
import { formatNumber } from './statistics.ts';

const HEADINGS = ['what', 'value', 'unit', 'baseline', 'ratio', 'note'] as const;
/** Numbers are easier to compare when they end in the same column. */
const IS_NUMBER = [false, true, false, true, true, false] as const;

/** How many times the baseline; null when the baseline is too small to have been seen. */
export function ratioOf({ value, baseline }: Row): number | null {
  return baseline > 0 ? value / baseline : null;
}

/** The rows as one Markdown table with aligned columns. */
export function tableOf(rows: readonly Row[]): string {
  return markdownTable([[...HEADINGS], ...rows.map(cellsOf)], IS_NUMBER);
}

/**
 * A Markdown table with aligned columns.
 * @param lines the first one is the heading
 * @param isNumber of each column
 */
export function markdownTable(lines: readonly (readonly string[])[], isNumber: readonly boolean[]): string {
  const widths = isNumber.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const rule = widths.map((width, column) => '-'.repeat(width - 1) + (isNumber[column] ? ':' : '-'));
  const padded = lines.map((cells) =>
    cells.map((cell, column) => pad(cell, widths[column] ?? 0, isNumber[column] ?? false)),
  );
  return [padded[0] ?? [], rule, ...padded.slice(1)].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function cellsOf(row: Row): string[] {
  const ratio = ratioOf(row);
  const ratioText = ratio === null ? '–' : `${formatNumber(ratio)}×`;
  return [row.name, formatNumber(row.value), row.unit, formatNumber(row.baseline), ratioText, row.note];
}

function pad(cell: string, width: number, isNumber: boolean): string {
  return isNumber ? cell.padStart(width) : cell.padEnd(width);
}
