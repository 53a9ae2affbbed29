import { open } from 'node:fs/promises';
import { batadalBenchmark } from '../eval/batadal-benchmark.ts';
import type { Benchmark, BenchmarkResult } from '../eval/benchmark.ts';
import { skabBenchmark } from '../eval/skab-benchmark.ts';
import { tepBenchmark } from '../eval/tep-benchmark.ts';
import { FieldnoteError } from '../system/errors.ts';
import { createLog } from '../system/log.ts';

export interface EvalCommandOptions {
  readonly json?: boolean;
  readonly out?: string;
}

const BENCHMARKS: ReadonlyMap<string, Benchmark> = new Map([
  ['skab', skabBenchmark],
  ['batadal', batadalBenchmark],
  ['tep', tepBenchmark],
]);

/** `fieldnote eval`: the detection on a public benchmark, beside what always and never alarming would score. */
export async function evalCommand(name: string, dir: string, options: EvalCommandOptions): Promise<void> {
  const benchmark = BENCHMARKS.get(name);
  if (benchmark === undefined) {
    const known = [...BENCHMARKS.keys()].join(', ');
    throw new FieldnoteError('BAD_ARGUMENT', `there is no benchmark ${name}; there are: ${known}`, { name });
  }
  const log = createLog('error', process.stderr);
  const progress = (text: string) => process.stderr.write(`${text}\n`);
  const { figures, table, rows } = await benchmark(dir, { log, progress });
  if (options.out !== undefined) await writeRows(options.out, rows);
  process.stdout.write(options.json ? `${JSON.stringify(figures, null, 2)}\n` : `${table.join('\n')}\n`);
}

async function writeRows(path: string, rows: BenchmarkResult['rows']): Promise<void> {
  await using out = await open(path, 'w');
  const lines = rows.map(({ file, row, score, isAlarm }) => {
    return `${file},${row},${Number.isNaN(score) ? '' : score},${Number(isAlarm)}\n`;
  });
  await out.write(['file,row,score,alarm\n', ...lines].join(''));
}
