import type { FlightChannelName } from '../values/flight-channels.ts';
import type { Sample } from '../values/sample.ts';

const ATTITUDE = ['attitude.roll', 'attitude.pitch', 'attitude.rollDemand', 'attitude.pitchDemand'] as const;
const ERROR_NAMES: readonly FlightChannelName[] = ['attitude.error'];

/**
 * Makes the channels that say more about a vehicle than those that they are made of: how far its attitude is from what was
 * demanded, and how far each motor's output is from the mean of all, which neither the load nor a sagging battery moves.
 */
export class FlightDerived {
  readonly #outputNames: readonly FlightChannelName[];
  readonly #balanceNames: readonly FlightChannelName[];
  readonly #attitude = new Map<string, number>();

  /** @param outputs of the autopilot that the motors are at, the first motor first */
  constructor(outputs: readonly number[]) {
    this.#outputNames = outputs.map((output): FlightChannelName => `motor.${output}`);
    this.#balanceNames = outputs.map((_, index): FlightChannelName => `balance.${index + 1}`);
  }

  /** What this sample makes known, at its time; none when it holds nothing of it. */
  push(sample: Sample): readonly Sample[] {
    for (const name of ATTITUDE) this.#keep(sample, name);
    return [this.#error(sample), this.#balance(sample)].filter((made) => made !== undefined);
  }

  #keep({ names, values }: Sample, name: string): void {
    const value = values[names.indexOf(name)] ?? Number.NaN;
    if (!Number.isNaN(value)) this.#attitude.set(name, value);
  }

  #error(sample: Sample): Sample | undefined {
    if (!sample.names.includes('attitude.roll')) return undefined;
    const [roll, pitch, rollDemand, pitchDemand] = ATTITUDE.map((name) => this.#attitude.get(name));
    if (roll === undefined || pitch === undefined) return undefined;
    if (rollDemand === undefined || pitchDemand === undefined) return undefined;
    return { ...sample, names: ERROR_NAMES, values: [Math.hypot(roll - rollDemand, pitch - pitchDemand)] };
  }

  /** Only of a sample with all motors in it: two that were told at different times make no balance. */
  #balance(sample: Sample): Sample | undefined {
    const outputs = this.#outputNames.map((name) => sample.values[sample.names.indexOf(name)] ?? Number.NaN);
    if (outputs.length < 2 || outputs.some(Number.isNaN)) return undefined;
    const mean = outputs.reduce((sum, output) => sum + output, 0) / outputs.length;
    return { ...sample, names: this.#balanceNames, values: outputs.map((output) => output - mean) };
  }
}
