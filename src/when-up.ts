import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { FieldnoteError, messageOf } from './system/errors.ts';

/** A judge process that does not come up, or died of a model, is asked again after so long. */
const RETRY_MS = 10_000;
/** Deaths while a model is loaded that may have another cause, such as memory that others used up. */
const DEATHS_MAX = 3;

export interface WhenUpOptions {
  /** Ends the asking, without an error. */
  readonly signal: AbortSignal;
  readonly onDeath: () => void;
  readonly onRetry: (message: string) => void;
}

/**
 * Activates a model. One that is wrong is an error. A process that does not come up is asked again, for ever; one that
 * dies of the model a few times, because a normal that was learned is worth more than half a minute.
 */
export async function activateWhenUp(
  activate: () => Promise<void>,
  { signal, onDeath, onRetry }: WhenUpOptions,
): Promise<void> {
  for (let deaths = 0; !signal.aborted; ) {
    try {
      await Promise.race([activate(), once(signal, 'abort')]);
      return;
    } catch (error) {
      if (!(error instanceof FieldnoteError)) throw error;
      const isDead = isDeath(error.cause);
      if (isDead) onDeath();
      if (error.code.startsWith('MODEL_') && (!isDead || ++deaths === DEATHS_MAX)) throw error;
      onRetry(`${messageOf(error)}; trying again in ${RETRY_MS / 1000} s`);
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
}

function isDeath(cause: unknown): boolean {
  return cause instanceof FieldnoteError && (cause.code === 'CHILD_DEAD' || cause.code === 'CHILD_DEADLINE');
}
