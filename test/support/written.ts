import type { DiskStep } from './system-calls.ts';

/** What a program gave to the disk: bytes that it wrote to files, and how often it waited for them. */
export interface Written {
  readonly bytes: number;
  readonly syncs: number;
  /** Of each file, the most written one first. */
  readonly byFile: ReadonlyMap<string, number>;
}

/** Counts what was written after the program said a line. */
export function writtenAfter(steps: readonly DiskStep[], line: string): Written {
  const begin = steps.findIndex((step) => step.kind === 'said' && step.text.includes(line));
  if (begin === -1) throw new Error(`the program never said ${line}`);
  const counted = steps.slice(begin + 1);
  const byFile = new Map<string, number>();
  let syncs = 0;
  for (const step of counted) {
    if (step.kind === 'sync') syncs++;
    const bytes = step.kind === 'write' ? step.data.length : step.kind === 'append' ? step.bytes : 0;
    if (bytes > 0 && step.kind !== 'said') byFile.set(step.path, (byFile.get(step.path) ?? 0) + bytes);
  }
  const sorted = [...byFile].sort(([, a], [, b]) => b - a);
  const bytes = sorted.reduce((sum, [, size]) => sum + size, 0);
  return { bytes, syncs, byFile: new Map(sorted) };
}
