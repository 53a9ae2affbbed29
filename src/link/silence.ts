import type { Clock } from '../system/clock.ts';

/** Tells when a link that should speak says nothing. Time is monotonic; `heard` costs one assignment. */
export class SilenceWatch {
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #onSilence: () => void;
  #heardMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #check: NodeJS.Immediate | undefined;

  constructor(options: { readonly timeoutMs: number; readonly clock: Clock; onSilence(): void }) {
    this.#timeoutMs = options.timeoutMs;
    this.#clock = options.clock;
    this.#onSilence = options.onSilence;
  }

  /** Counts from now. `onSilence` is called at most once. */
  start(): void {
    this.stop();
    this.heard(this.#clock.monoMs());
    this.#checkIn(this.#timeoutMs);
  }

  heard(monoMs: number): void {
    this.#heardMs = monoMs;
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#check);
  }

  #checkIn(delayMs: number): void {
    this.#timer = setTimeout(() => {
      // When the thread was busy for long, timers run before the bytes that wait in the kernel are read.
      this.#check = setImmediate(() => {
        const leftMs = this.#heardMs + this.#timeoutMs - this.#clock.monoMs();
        if (leftMs > 0) this.#checkIn(leftMs);
        else this.#onSilence();
      });
    }, delayMs);
  }
}
