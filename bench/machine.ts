import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

/** The machine in one line: figures mean nothing without it. */
export function machineText(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memoryGiB = Math.round(totalmem() / 1024 ** 3);
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return `${model}, ${availableParallelism()} cores, ${memoryGiB} GiB, ${type()} ${release()}, Node ${process.versions.node}; load at the start ${load}`;
}
