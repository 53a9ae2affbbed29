import { onTestFinished } from 'vitest';

const TICK_MS = 20;

/** How often this process stood still for longer than `overMs`: what hangs on real time is then late without a fault. */
export interface Standstills {
  readonly count: number;
  /** How long all of them were. */
  readonly ms: number;
}

/** Watches until the test ends. */
export function watchStandstills(overMs: number): Standstills {
  let [count, ms] = [0, 0];
  let lastMs = performance.now();
  const look = () => {
    const nowMs = performance.now();
    if (nowMs - lastMs > overMs) {
      count += 1;
      ms += nowMs - lastMs;
    }
    lastMs = nowMs;
  };
  const timer = setInterval(look, TICK_MS);
  onTestFinished(() => clearInterval(timer));
  return {
    get count() {
      look();
      return count;
    },
    get ms() {
      look();
      return ms;
    },
  };
}

/** How long something took, without the time in which this process stood still. */
export async function runningMs(work: () => Promise<unknown>): Promise<number> {
  const standstills = watchStandstills(10 * TICK_MS);
  const beginMs = performance.now();
  await work();
  return performance.now() - beginMs - standstills.ms;
}
