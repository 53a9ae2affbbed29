import { percentile } from './statistics.ts';

/** One line of the table: a figure beside what the bare machine does in the same run. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the raw baseline gave, in the same unit. */
  readonly baseline: number;
  /** What the baseline is, and under which conditions both were measured. */
  readonly note: string;
}

/** Durations of calls that took turns with calls of the baseline. */
export interface Latencies {
  readonly name: string;
  readonly valuesMs: readonly number[];
  readonly baselineMs: readonly number[];
  readonly note: string;
}

/** Median and 99th percentile, in microseconds. */
export function latencyRows({ name, valuesMs, baselineMs, note }: Latencies): Row[] {
  const row = (label: string, share: number): Row => ({
    name: `${name}, ${label}`,
    value: percentile(valuesMs, share) * 1000,
    unit: 'µs',
    baseline: percentile(baselineMs, share) * 1000,
    note: `${note}; ${valuesMs.length} each`,
  });
  return [row('p50', 0.5), row('p99', 0.99)];
}
