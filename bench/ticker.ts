import { parentPort, workerData } from 'node:worker_threads';

/**
 * A thread that ticks: it posts the moment of each tick, as bytes of a device come in at their own pace, whatever the
 * thread that gets them is doing.
 */

/** Time between two ticks. */
export interface TickerTask {
  readonly intervalMs: number;
}

if (parentPort !== null) tick(workerData as TickerTask);

function tick({ intervalMs }: TickerTask): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let dueMs = performance.now(); ; dueMs += intervalMs) {
    Atomics.wait(never, 0, 0, Math.max(0, dueMs - performance.now()));
    parentPort?.postMessage(performance.timeOrigin + performance.now());
  }
}
