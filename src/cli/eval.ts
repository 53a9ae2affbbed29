import { writeFile } from 'node:fs/promises';
import type { BenchmarkName } from '../eval/about.ts';
import { batadalBenchmark } from '../eval/batadal-benchmark.ts';
import { bearingsBenchmark } from '../eval/bearings-benchmark.ts';
import { type Benchmark, type BenchmarkResult, rowsCsv } from '../eval/benchmark.ts';
import { dronesBenchmark } from '../eval/drones-benchmark.ts';
import { skabBenchmark } from '../eval/skab-benchmark.ts';
import { tepBenchmark } from '../eval/tep-benchmark.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { createLog } from '../system/log.ts';

export interface EvalOptions {
  readonly json?: boolean;
  readonly out?: string;
}

const BENCHMARKS: Readonly<Record<BenchmarkName, Benchmark>> = {
  skab: skabBenchmark,
  batadal: batadalBenchmark,
  tep: tepBenchmark,
  bearings: bearingsBenchmark,
  drones: dronesBenchmark,
};

/** `fieldnote eval skab` and its like: a public benchmark, beside what always and never alarming would score. */
export async function evalBenchmark(name: BenchmarkName, dir: string, options: EvalOptions): Promise<void> {
  const log = createLog('error', process.stderr);
  const progress = (text: string) => process.stderr.write(`${text}\n`);
  await checkWritable(options.out);
  await printResult(await BENCHMARKS[name](dir, { log, progress }), options);
}

/** Figures to stdout, rows to `--out`. */
export async function printResult(result: BenchmarkResult, { json, out }: EvalOptions): Promise<void> {
  const { figures, table, rows } = result;
  if (out !== undefined) await writeRows(out, rowsCsv(rows));
  process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : `${table.join('\n')}\n`);
}

/**
 * Finds out before the work whether its rows can be written.
 * @throws FieldnoteError BAD_ARGUMENT
 */
export async function checkWritable(out: string | undefined): Promise<void> {
  if (out !== undefined) await writeRows(out, '');
}

async function writeRows(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((error) => {
    const message = `cannot write --out ${path}: ${messageOf(error)}`;
    throw new FieldnoteError('BAD_ARGUMENT', message, { path }, error);
  });
}
