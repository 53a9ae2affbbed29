import { onTestFinished } from 'vitest';

const TICK_MS = 20;

/** How often this process stood still for longer than `overMs`: what hangs on real time is then late without a fault. */
export interface Standstills {
  readonly count: number;
}

/** Watches until the test ends. */
export function watchStandstills(overMs: number): Standstills {
  let count = 0;
  let lastMs = performance.now();
  const look = () => {
    const nowMs = performance.now();
    if (nowMs - lastMs > overMs) count += 1;
    lastMs = nowMs;
  };
  const timer = setInterval(look, TICK_MS);
  onTestFinished(() => clearInterval(timer));
  return {
    get count() {
      look();
      return count;
    },
  };
}
