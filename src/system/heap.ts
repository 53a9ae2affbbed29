import { setFlagsFromString } from 'node:v8';

/**
 * Makes the collection of garbage keep up with what this program throws away. V8 lets its young generation grow to 128 MiB
 * and its old one to several times of what lives, on a machine with much memory at once; while a backlog is sent that
 * is all garbage. Both are read at each collection, so they may be set while the program runs.
 */
export function limitHeapGrowth(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=50');
}
