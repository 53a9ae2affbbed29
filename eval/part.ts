import type { BenchmarkTools } from '../src/eval/benchmark.ts';

/** A figure that the project wants to reach, and what others published. */
export interface Bar {
  readonly name: string;
  /** Absent where it is only told. */
  readonly limit?: Limit;
  readonly unit: string;
  readonly decimals: number;
  /** What others reach, with its source; empty where nobody published it. */
  readonly best: string;
}

export type Limit = { readonly atLeast: number } | { readonly over: number } | { readonly atMost: number };

/** What was measured for one bar. */
export interface Figure {
  readonly value: number;
  /** What always alarming would score, or another line that flatters nobody. */
  readonly baseline: string;
}

/** What an altered copy of a recording changed. */
export interface PartTools extends BenchmarkTools {
  /** Folder of the recordings. */
  readonly data: string;
}

/** A group of bars that are measured together; `eval/main.ts` lists them. */
export interface Part {
  /** What the command line calls it; parts of one name are measured together. */
  readonly name: string;
  /** File or folder below the recordings or, from `/` on, below the repository, without which nothing is measured. */
  readonly needs?: { readonly path: string; readonly of: 'data' | 'repository' };
  readonly bars: readonly Bar[];
  /** One figure for each bar, in their order. */
  measure(tools: PartTools): Promise<readonly Figure[]>;
}

export function isMet({ limit }: Bar, value: number): boolean {
  if (limit === undefined) return true;
  if ('atLeast' in limit) return value >= limit.atLeast;
  return 'over' in limit ? value > limit.over : value <= limit.atMost;
}
