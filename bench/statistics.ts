/**
 * The smallest of the values that at least this share of them does not exceed (nearest rank).
 * @param share 0 to 1
 * @throws RangeError when there is no value
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('there is no percentile of nothing');
  return value;
}

/** Of an even number of values it is the lower one of the two in the middle. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Smallest to largest of the values and of their baselines, for a note that shows how noisy the figures are. */
export function rangesText(values: readonly number[], baselines: readonly number[]): string {
  const range = (runs: readonly number[]) =>
    `${formatNumber(Math.min(...runs))}–${formatNumber(Math.max(...runs))}`;
  return `runs ${range(values)} against ${range(baselines)}`;
}

const THREE_DIGITS = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** Three significant digits: the machine's noise leaves no meaning to more. */
export function formatNumber(value: number): string {
  return THREE_DIGITS.format(value);
}
