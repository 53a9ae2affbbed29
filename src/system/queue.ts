/**
 * The one queue between steps: bounded, first in first out. When it is full the oldest item goes and is handed
 * back, so that the caller counts what was shed.
 */
export class BoundedQueue<T> {
  readonly #items: T[] = [];
  readonly #lengthMax: number;

  constructor(lengthMax: number) {
    if (!Number.isInteger(lengthMax) || lengthMax < 1)
      throw new RangeError(`lengthMax ${lengthMax} must be a whole number ≥ 1`);
    this.#lengthMax = lengthMax;
  }

  /** Adds an item; returns the oldest one if it had to go. */
  push(item: T): T | undefined {
    this.#items.push(item);
    return this.#items.length > this.#lengthMax ? this.#items.shift() : undefined;
  }

  shift(): T | undefined {
    return this.#items.shift();
  }

  get length(): number {
    return this.#items.length;
  }
}
