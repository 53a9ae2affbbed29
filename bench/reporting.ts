import { madeAcceptance, madeReport } from './made-reports.ts';
import type { Bench, Part } from './part.ts';
import { latencies } from './repeat.ts';
import { latencyRows, type Row } from './row.ts';

/** From an incident to its report with its text, on the thread that reads the ports, against serialising it alone. */
export const reporting: Part = { name: 'reporting', measure };

const CALLS_PER_BLOCK = 400;

async function measure(bench: Bench): Promise<Row[]> {
  const report = madeReport();
  bench.say('reports with their text, one by one');
  const calls = { accept: async () => madeAcceptance(), stringify: async () => JSON.stringify(report) };
  const times = await latencies(calls, CALLS_PER_BLOCK);
  const note = 'bare: JSON.stringify of the same report';
  return latencyRows({
    name: 'incident to report',
    valuesMs: times.accept,
    baselineMs: times.stringify,
    note,
  });
}
