import type { LlmConfig } from './config/schema.ts';
import type { Sample } from './values/sample.ts';

export type ChannelPauseConfig = NonNullable<LlmConfig['pause']['whileChannel']>;

/** What was not heard of for so long says nothing about now. */
const SILENT_MS = 60_000;

/**
 * A channel that says whether work that can wait should wait, such as that a drone is armed. Its last value stands however
 * old it is: a flight controller that falls silent has not landed. Before its first value, as after a restart in
 * flight, the work waits too.
 */
export class ChannelPause {
  readonly #source: string;
  readonly #name: string;
  readonly #from: string;
  readonly #above: number;
  readonly #onEnd: (() => void) | undefined;
  #value: number | undefined;
  #valueMs = Number.NEGATIVE_INFINITY;

  /** @param onEnd a value has come that ends the pause */
  constructor({ from, above }: ChannelPauseConfig, onEnd?: () => void) {
    this.#onEnd = onEnd;
    const dotAt = from.indexOf('.');
    this.#source = from.slice(0, dotAt);
    this.#name = from.slice(dotAt + 1);
    this.#from = from;
    this.#above = above;
  }

  push({ source, names, values, monoMs }: Sample): void {
    if (source !== this.#source) return;
    const value = values[names.indexOf(this.#name)] ?? Number.NaN;
    if (Number.isNaN(value)) return;
    const wasOver = (this.#value ?? Number.NaN) > this.#above;
    this.#value = value;
    this.#valueMs = monoMs;
    if (wasOver && !(value > this.#above)) this.#onEnd?.();
  }

  /** Whether it is over its threshold and has said so of late: a channel that is never heard of must not hold up reports. */
  isOver(nowMs: number): boolean {
    return (this.#value ?? Number.NaN) > this.#above && nowMs - this.#valueMs < SILENT_MS;
  }

  /** Why to wait, in words for a person; undefined when the work may go on. */
  get reason(): string | undefined {
    if (this.#value === undefined) return `${this.#from} has said nothing yet`;
    return this.#value > this.#above ? `${this.#from} is ${this.#value}, over ${this.#above}` : undefined;
  }
}
