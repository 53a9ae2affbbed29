import type { AssetConfig } from '../../src/config/schema.ts';
import type { Sample } from '../../src/values/sample.ts';
import { SensorCheck, type SensorCheckOptions, type SensorProfiles } from '../../src/window/sensors/check.ts';

const CHANNELS: AssetConfig['channels'] = {
  vibration: { from: 'mcu.vib', unit: 'mm/s' },
  temperature: { from: 'mcu.temp', unit: '°C' },
  current: { from: 'mcu.amps', unit: 'A' },
  setpoint: { from: 'mcu.set', unit: 'rpm' },
};
const NAMES = ['vib', 'temp', 'amps', 'set'];

/** How long the rig shows its normal before the faults of a test. */
export const LEARNED_S = 600;

export interface Reading {
  readonly vib: number;
  readonly temp: number;
  readonly amps: number;
  readonly set: number;
}

/** What goes wrong: the reading of a second, instead of the healthy one. */
export type Fault = (healthy: Reading, second: number) => Partial<Reading>;

/** A pump with three live sensors and a setpoint, one sample a second; the same seed gives the same pump. */
export class SensorRig {
  readonly check: SensorCheck;
  /** Faults that began, in order: second after learning, subject and kind. */
  readonly told: { readonly second: number; readonly subject: string; readonly fault: string }[] = [];
  /** Samples so far in which a value was withheld. */
  withheld = 0;
  timeMs = 0;
  readonly #random: () => number;
  #second = 0;
  #known = new Set<string>();

  constructor(
    options: { seed?: number; profiles?: SensorProfiles; check?: Partial<SensorCheckOptions> } = {},
  ) {
    const { seed = 1, profiles, check } = options;
    this.#random = seeded(seed);
    this.check = new SensorCheck({
      ...{ channels: CHANNELS, holdMs: 2500, windowMs: 15_000, learnForMs: LEARNED_S * 1000 },
      ...{ deviceClocks: ['mcu'], profiles, ...check },
    });
  }

  /** A rig that has learned. */
  static learned(options: ConstructorParameters<typeof SensorRig>[0] = {}): SensorRig {
    const rig = new SensorRig(options);
    rig.run(LEARNED_S + 1);
    rig.told.length = 0;
    return rig;
  }

  run(seconds: number, fault: Fault = () => ({})): this {
    for (let second = 0; second < seconds; second++) {
      const healthy = this.#healthy();
      this.push({ ...healthy, ...fault(healthy, second) });
    }
    return this;
  }

  /** Time goes on, and nothing comes. */
  wait(seconds: number): this {
    for (let second = 0; second < seconds; second++) {
      this.#advance();
      this.check.advanceTo(this.timeMs);
      this.#note();
    }
    return this;
  }

  push({ vib, temp, amps, set }: Reading, deviceMs = this.timeMs + 1000): void {
    this.#advance();
    const values = [vib, temp, amps, set];
    const sample: Sample = {
      ...{ kind: 'sample', source: 'mcu', monoMs: this.timeMs, deviceMs, names: NAMES, values },
    };
    const taken = this.check.take(sample, this.timeMs);
    if (taken.values.some((value, at) => Number.isNaN(value) && !Number.isNaN(values[at])))
      this.withheld += 1;
    this.#note();
  }

  /** Faults that there are now. */
  get faults(): string[] {
    return this.check.findings.map(({ subject, fault }) => `${subject} ${fault}`);
  }

  get kinds(): string[] {
    return [...new Set(this.told.map(({ subject, fault }) => `${subject} ${fault}`))];
  }

  #healthy(): Reading {
    const noise = () => this.#random() + this.#random() + this.#random() - 1.5;
    return { vib: 2 + 0.3 * noise(), temp: 60 + 0.5 * noise(), amps: 12 + 0.4 * noise(), set: 1450 };
  }

  #advance(): void {
    this.#second += 1;
    this.timeMs += 1000;
  }

  #note(): void {
    const now = new Set(this.faults);
    for (const line of now) {
      const [subject = '', fault = ''] = line.split(' ');
      if (!this.#known.has(line)) this.told.push({ second: this.#second - LEARNED_S - 1, subject, fault });
    }
    this.#known = now;
  }
}

/** 0 to 1, always the same for the same seed (a linear congruential generator, Numerical Recipes). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
