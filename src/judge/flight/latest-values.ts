import type { FlightChannelName } from '../../values/flight-channels.ts';
import type { FlightSample } from '../../values/flight-finding.ts';

/** The latest value of each channel that a rule looks at, and when it came. NaN for what has not come yet. */
export class LatestValues<Name extends FlightChannelName> {
  readonly #values: Map<string, { value: number; timeMs: number }>;

  constructor(names: readonly Name[]) {
    this.#values = new Map(
      names.map((name) => [name, { value: Number.NaN, timeMs: Number.NEGATIVE_INFINITY }]),
    );
  }

  take({ names, values, timeMs }: FlightSample): void {
    for (const [at, name] of names.entries()) {
      const latest = this.#values.get(name);
      const value = values[at] ?? Number.NaN;
      if (latest === undefined || !Number.isFinite(value)) continue;
      latest.value = value;
      latest.timeMs = timeMs;
    }
  }

  get(name: Name): number {
    return this.#values.get(name)?.value ?? Number.NaN;
  }

  /** NaN where the latest value came before that moment. */
  since(name: Name, timeMs: number): number {
    const latest = this.#values.get(name);
    return latest !== undefined && latest.timeMs >= timeMs ? latest.value : Number.NaN;
  }
}
