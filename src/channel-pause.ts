import type { LlmConfig } from './config/schema.ts';
import type { Sample } from './values/sample.ts';

export type ChannelPauseConfig = NonNullable<LlmConfig['pause']['whileChannel']>;

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
  #value: number | undefined;

  constructor({ from, above }: ChannelPauseConfig) {
    const dotAt = from.indexOf('.');
    this.#source = from.slice(0, dotAt);
    this.#name = from.slice(dotAt + 1);
    this.#from = from;
    this.#above = above;
  }

  push({ source, names, values }: Sample): void {
    if (source !== this.#source) return;
    const value = values[names.indexOf(this.#name)] ?? Number.NaN;
    if (!Number.isNaN(value)) this.#value = value;
  }

  /** Why to wait, in words for a person; undefined when the work may go on. */
  get reason(): string | undefined {
    if (this.#value === undefined) return `${this.#from} has said nothing yet`;
    return this.#value > this.#above ? `${this.#from} is ${this.#value}, over ${this.#above}` : undefined;
  }
}
