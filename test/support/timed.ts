/** Does something, prints how many seconds it took, and gives what it gave. */
export function timed<T>(what: string, work: () => T): T {
  const begin = performance.now();
  const result = work();
  console.log(`${what}: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  return result;
}
