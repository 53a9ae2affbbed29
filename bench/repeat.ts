/**
 * Lets the runs take turns, so that a noisy moment of the machine hits all of them.
 * @returns for each run what it gave, in order
 */
export async function alternate<Name extends string, Result>(
  runs: Readonly<Record<Name, () => Promise<Result>>>,
  times: number,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(runs) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Result[]>;
  for (let turn = 0; turn < times; turn++) for (const name of names) results[name].push(await runs[name]());
  return results;
}

/** Blocks of calls; the first of them warms up caches and compilers and does not count. */
const BLOCKS = 5;

/**
 * Durations of many calls, one after the other, in blocks that take turns.
 * @returns milliseconds of each call
 */
export async function latencies<Name extends string>(
  calls: Readonly<Record<Name, () => Promise<unknown>>>,
  callsPerBlock: number,
): Promise<Record<Name, number[]>> {
  const blocks = Object.entries<() => Promise<unknown>>(calls).map(
    ([name, call]) => [name, () => block(call, callsPerBlock)] as const,
  );
  const results = await alternate(Object.fromEntries(blocks), 1 + BLOCKS);
  return Object.fromEntries(
    Object.entries(results).map(([name, [, ...counted]]) => [name, counted.flat()]),
  ) as Record<Name, number[]>;
}

async function block(call: () => Promise<unknown>, count: number): Promise<number[]> {
  const durationsMs: number[] = [];
  for (let index = 0; index < count; index++) {
    const startMs = performance.now();
    await call();
    durationsMs.push(performance.now() - startMs);
  }
  return durationsMs;
}
