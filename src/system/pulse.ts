/** A part of the program that must not stand still. */
export interface VitalSign {
  /** What the log calls it. */
  readonly name: string;
  /**
   * Answers when the part lives; what it works with may be away. Never answering means that it hangs.
   * @returns why it does not live, undefined when it does
   */
  readonly ask: () => Promise<string | undefined>;
}

export interface PulseOptions {
  readonly signs: readonly VitalSign[];
  /** Every part has answered that it lives. */
  onAlive(): void;
  /** Parts that hang or say that they do not live, at every beat while that is so. */
  onFault(faults: readonly string[]): void;
}

/** At least so many beats come between two deadlines of the watchdog, so that one late answer is no death. */
const BEATS = 4;

/**
 * Asks every part again and again whether it lives. A watchdog that is fed by a timer proves that timers run; here it
 * gets its food only after everybody has answered. A question without an answer is not asked twice.
 */
export class Pulse {
  readonly #options: PulseOptions;
  readonly #asked = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  start(watchdogMs: number): void {
    this.#timer = setInterval(() => void this.beat(), watchdogMs / BEATS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Asks everybody once; while answers of the last time are missing it says so instead. */
  async beat(): Promise<void> {
    const { signs, onAlive, onFault } = this.#options;
    if (this.#asked.size > 0) {
      onFault([...this.#asked].map((name) => `${name} does not answer`));
      return;
    }
    const answers = await Promise.all(signs.map((sign) => this.#ask(sign)));
    const faults = answers.filter((fault) => fault !== undefined);
    if (faults.length === 0) onAlive();
    else onFault(faults);
  }

  async #ask({ name, ask }: VitalSign): Promise<string | undefined> {
    this.#asked.add(name);
    const fault = await ask();
    this.#asked.delete(name);
    return fault === undefined ? undefined : `${name} ${fault}`;
  }
}
