import type { Logger } from '../system/log.ts';

/** What a benchmark found: the same as data, as text, and row by row. */
export interface BenchmarkResult {
  readonly figures: object;
  readonly table: readonly string[];
  readonly rows: readonly ScoredRow[];
}

export interface ScoredRow {
  readonly file: string;
  /** Number of the row in its file, from 0. */
  readonly row: number;
  readonly score: number;
  readonly isAlarm: boolean;
}

export type Benchmark = (
  dir: string,
  tools: { readonly log: Logger; readonly progress: (text: string) => void },
) => Promise<BenchmarkResult>;
