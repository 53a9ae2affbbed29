import type { Service, ServiceState } from './service.ts';

/** Longer than the unit may take to be ready (TimeoutStartSec=), a salvage of the store aside. */
const READY_TIMEOUT_MS = 5 * 60_000;
const LOOK_EVERY_MS = 1000;

export interface HealthGateOptions {
  readonly service: Service;
  readonly healthWindowS: number;
  /** The start that was before. */
  readonly invocationBefore: string;
  /** Not the time of day: without a battery for its clock a device learns that in the middle of the window. */
  readonly monotonicMs: () => number;
  readonly sleep: (durationMs: number) => Promise<unknown>;
}

/** Why the agent is not well: it has to become ready, and then to run for the window without a restart. Undefined when it is. */
export async function illnessOf(options: HealthGateOptions): Promise<string | undefined> {
  const ready = await readyInvocation(options);
  if ('illness' in ready) return ready.illness;
  const { healthWindowS, monotonicMs } = options;
  const endMs = monotonicMs() + healthWindowS * 1000;
  for await (const { state, isLate } of looks(options, endMs + READY_TIMEOUT_MS)) {
    if (isLate) return 'systemd did not say how it was at the end of its window';
    if (state === undefined) continue;
    if (state.active !== 'active' || state.invocation !== ready.invocation)
      return `it was ready, but did not run for ${healthWindowS} s without a restart`;
    if (monotonicMs() >= endMs) return undefined;
  }
  return undefined;
}

async function readyInvocation(options: HealthGateOptions) {
  const { invocationBefore, monotonicMs } = options;
  for await (const { state, isLate } of looks(options, monotonicMs() + READY_TIMEOUT_MS)) {
    if (isLate) break;
    if (state === undefined || state.invocation === invocationBefore) continue;
    if (state.active === 'active') return { invocation: state.invocation };
    if (state.active === 'failed') return { illness: 'it ended with a failure instead of becoming ready' };
    if (state.restarts > 0) return { illness: 'it was started again before it was ready' };
  }
  return { illness: `it was not ready within ${READY_TIMEOUT_MS / 60_000} minutes` };
}

interface Look {
  /** Undefined when systemd did not answer: a machine that is busy is no illness. */
  readonly state: ServiceState | undefined;
  readonly isLate: boolean;
}

/** One each second, and after the time nothing but lateness. */
async function* looks(
  { service, monotonicMs, sleep }: HealthGateOptions,
  untilMs: number,
): AsyncGenerator<Look> {
  for (; ; await sleep(LOOK_EVERY_MS)) {
    const isLate = monotonicMs() > untilMs;
    yield { state: await service.state().catch(() => undefined), isLate };
  }
}
