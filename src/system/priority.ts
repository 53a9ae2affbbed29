import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * Gives every thread of this process the lowest priority. Linux has one for each thread (setpriority(2), notes); those that
 * start later inherit it.
 */
export function yieldToOthers(): void {
  try {
    for (const thread of readdirSync('/proc/self/task'))
      setPriority(Number(thread), constants.priority.PRIORITY_LOW);
  } catch {
    // Not Linux: it then takes its turn like the others.
  }
}
