import type { Acceptance } from './store/outbox.ts';
import { BoundedQueue } from './system/queue.ts';

/** Critical reports and the others have room for so many each. */
const LENGTH_MAX = 256;

interface Waiting {
  readonly acceptance: Acceptance;
  /** Counts what was handed over. */
  readonly order: number;
}

/**
 * Reports on their way into the store, in order; but critical ones do not wait behind others, because a disk that is
 * nearly full takes only them.
 */
export class WaitingReports {
  readonly #critical = new Line();
  readonly #others = new Line();
  /** The latest state that was stored for each key. */
  readonly #stored = new Map<string, { readonly order: number; readonly state: unknown }>();
  #turn = this.#others;
  #count = 0;

  /** @returns the oldest one of its line if it had to go */
  push(acceptance: Acceptance): Acceptance | undefined {
    const line = acceptance.entry.lane === 'critical' ? this.#critical : this.#others;
    return line.queue.push({ acceptance, order: this.#count++ })?.acceptance;
  }

  /** The one whose turn it is, until it is settled. A report that was overtaken must not bring an older state back. */
  next(): Acceptance | undefined {
    this.#turn = this.#critical.first() === undefined ? this.#others : this.#critical;
    const waiting = this.#turn.first();
    const later = waiting && this.#stored.get(waiting.acceptance.stateKey);
    return later && later.order > waiting.order
      ? { ...waiting.acceptance, state: later.state }
      : waiting?.acceptance;
  }

  /** What `next` gave is stored, or lost. */
  settle(isStored: boolean): void {
    const waiting = this.#turn.take();
    if (waiting === undefined || !isStored) return;
    const { acceptance, order } = waiting;
    const later = this.#stored.get(acceptance.stateKey);
    if (later === undefined || later.order < order)
      this.#stored.set(acceptance.stateKey, { order, state: acceptance.state });
  }

  get length(): number {
    return this.#critical.length + this.#others.length;
  }
}

/** A queue whose first one is not shed while it is being stored. */
class Line {
  readonly queue = new BoundedQueue<Waiting>(LENGTH_MAX);
  #inHand: Waiting | undefined;

  first(): Waiting | undefined {
    this.#inHand ??= this.queue.shift();
    return this.#inHand;
  }

  take(): Waiting | undefined {
    const taken = this.#inHand;
    this.#inHand = undefined;
    return taken;
  }

  get length(): number {
    return this.queue.length + (this.#inHand === undefined ? 0 : 1);
  }
}
