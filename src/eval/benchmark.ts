import type { Logger } from '../system/log.ts';

/** What a benchmark found: the same as data, as text, and row by row. */
export interface BenchmarkResult<Figures extends object = object> {
  readonly figures: Figures;
  readonly table: readonly string[];
  readonly rows: readonly ScoredRow[];
}

/** One scored row of a recording, for anyone who wants to compute the figures again. */
export interface ScoredRow {
  /** Path in the folder of the benchmark. */
  readonly file: string;
  /** Number of the row in its file, from 0; a header is no row. */
  readonly row: number;
  /** ISO 8601 in UTC, or seconds since the beginning of a file that holds no times. */
  readonly time: string;
  /** 1 is the alarm limit; NaN where nothing was judged. */
  readonly score: number;
  readonly isAlarm: boolean;
  /** What it was called, where a benchmark is about naming faults. */
  readonly label?: string;
}

export interface BenchmarkTools {
  readonly log: Logger;
  /** Tells a waiting person what is being done. */
  readonly progress: (text: string) => void;
}

export type Benchmark<Figures extends object = object> = (
  dir: string,
  tools: BenchmarkTools,
) => Promise<BenchmarkResult<Figures>>;

/**
 * The rows as CSV with the columns file, row, time, score (empty where nothing was judged) and alarm (0 or 1), and label
 * where rows have one.
 */
export function rowsCsv(rows: readonly ScoredRow[]): string {
  const hasLabels = rows.some(({ label }) => label !== undefined);
  const lines = rows.map(({ file, row, time, score, isAlarm, label = '' }) => {
    const fields = [file, row, time, Number.isNaN(score) ? '' : score, Number(isAlarm)];
    return `${[...fields, ...(hasLabels ? [label] : [])].join(',')}\n`;
  });
  return [`file,row,time,score,alarm${hasLabels ? ',label' : ''}\n`, ...lines].join('');
}
