import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { FieldnoteError, messageOf } from './system/errors.ts';

/** A judge process that does not come up, or died of a model, is asked again after so long. */
const RETRY_MS = 10_000;

/**
 * Deaths while a model is loaded. They may have another cause, such as memory that others used up, and a normal that
 * was learned is worth more than half a minute.
 */
export const LOAD_DEATHS_MAX = 3;

export interface WhenUpOptions {
  /** Ends the asking, without an error. */
  readonly signal: AbortSignal;
  /** The process died of the model: whether to try it again. */
  readonly mayDie: () => boolean;
  readonly onRetry: (message: string) => void;
}

/**
 * Activates a model. One that is wrong is an error. A process that does not come up is asked again, for ever; one that
 * dies of the model for as long as it may.
 */
export async function activateWhenUp(
  activate: () => Promise<void>,
  { signal, mayDie, onRetry }: WhenUpOptions,
): Promise<void> {
  const aborted = signal.aborted ? Promise.resolve() : once(signal, 'abort');
  while (!signal.aborted) {
    try {
      await Promise.race([activate(), aborted]);
      return;
    } catch (error) {
      if (!(error instanceof FieldnoteError)) throw error;
      if (error.code.startsWith('MODEL_') && !(isDeath(error.cause) && mayDie())) throw error;
      onRetry(`${messageOf(error)}; trying again in ${RETRY_MS / 1000} s`);
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
}

function isDeath(cause: unknown): boolean {
  return cause instanceof FieldnoteError && (cause.code === 'CHILD_DEAD' || cause.code === 'CHILD_DEADLINE');
}
