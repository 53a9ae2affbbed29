import type { Service } from './service.ts';

/** Longer than the unit may take to be ready (TimeoutStartSec=), a salvage of the store aside. */
const READY_TIMEOUT_MS = 5 * 60_000;
const LOOK_EVERY_MS = 1000;

export interface HealthGateOptions {
  readonly service: Service;
  readonly healthWindowS: number;
  /** The start that was before; undefined when the device itself has just started. */
  readonly invocationBefore: string | undefined;
  readonly nowMs: () => number;
  readonly sleep: (durationMs: number) => Promise<unknown>;
}

/** Why the agent is not well: it has to become ready, and then to run for the window without a restart. Undefined when it is. */
export async function illnessOf(options: HealthGateOptions): Promise<string | undefined> {
  const ready = await readyInvocation(options);
  if ('illness' in ready) return ready.illness;
  const { service, healthWindowS, nowMs, sleep } = options;
  for (const endMs = nowMs() + healthWindowS * 1000; nowMs() < endMs; await sleep(LOOK_EVERY_MS)) {
    const { active, invocation } = await service.state();
    if (active !== 'active' || invocation !== ready.invocation)
      return `it was ready, but did not run for ${healthWindowS} s without a restart`;
  }
  return undefined;
}

async function readyInvocation({ service, invocationBefore, nowMs, sleep }: HealthGateOptions) {
  for (const endMs = nowMs() + READY_TIMEOUT_MS; nowMs() < endMs; await sleep(LOOK_EVERY_MS)) {
    const { active, invocation, restarts } = await service.state();
    if (invocation === invocationBefore) continue;
    if (active === 'active') return { invocation };
    if (active === 'failed') return { illness: 'it ended with a failure instead of becoming ready' };
    if (restarts > 0) return { illness: 'it was started again before it was ready' };
  }
  return { illness: `it was not ready within ${READY_TIMEOUT_MS / 60_000} minutes` };
}
