const BLOCKS = '▁▂▃▄▅▆▇█';

export interface SparklineOptions {
  /** Cells of the result; the newest value is the rightmost. */
  readonly width: number;
  /** Least range that the eight levels spread over, in the unit of the values, so that noise stays flat. */
  readonly spanMin?: number;
}

/**
 * The last `width` values as block characters, each row on a scale of its own from its lowest value to its
 * highest. What is no finite number is a gap; missing history is padded on the left.
 */
export function sparkline(values: readonly number[], { width, spanMin = 0 }: SparklineOptions): string {
  const shown = width > 0 ? values.slice(-width) : [];
  const finite = shown.filter(Number.isFinite);
  const lowest = Math.min(...finite);
  const highest = Math.max(...finite);
  const span = Math.max(highest - lowest, spanMin);
  const bottom = (lowest + highest - span) / 2;
  const cells = shown.map((value) => (Number.isFinite(value) ? block((value - bottom) / span) : ' '));
  return cells.join('').padStart(width);
}

/** Block of a height from 0 to 1; a middle one when there is no range to be high or low in. */
function block(height: number): string {
  const level = Number.isNaN(height) ? 3 : Math.max(0, Math.min(7, Math.floor(height * BLOCKS.length)));
  return BLOCKS.charAt(level);
}
