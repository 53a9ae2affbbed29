import { readFileSync } from 'node:fs';

/** What Linux knows about a process (proc(5)). */

/** USER_HZ: the unit of times in /proc, the same on every architecture that Node runs on. */
const TICKS_PER_S = 100;

/** Field utime, counted from the one behind the name of the command; stime follows it. */
const USER_TICKS_AT = 11;

/** CPU time of all threads of a process so far, in milliseconds. */
export function cpuMsOf(pid: number): number {
  return cpuMsIn(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** Memory of a process that is in RAM, in MiB. */
export function rssMiBOf(pid: number): number {
  return rssMiBIn(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** Processes that the main thread of a process has started and that still live. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** @param stat content of /proc/<pid>/stat */
export function cpuMsIn(stat: string): number {
  // Behind the name of the command, which may itself hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [userTicks, systemTicks] = fields.slice(USER_TICKS_AT, USER_TICKS_AT + 2);
  return ((Number(userTicks) + Number(systemTicks)) / TICKS_PER_S) * 1000;
}

/** @param status content of /proc/<pid>/status */
export function rssMiBIn(status: string): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
