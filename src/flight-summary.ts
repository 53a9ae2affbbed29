import type { DigestFlight } from './values/digest.ts';
import { flightChannelPatterns } from './values/flight-channels.ts';
import { type FlightPhase, isAirborne } from './values/flight-phase.ts';
import type { Sample } from './values/sample.ts';

const VIBRATIONS = ['vibration.x', 'vibration.y', 'vibration.z'];
/** What a flight is watched by: the first part of the names of channels. */
const GROUPS = new Set(flightChannelPatterns.map(groupOf));
/** Of no interest to a person as a group of its own, or made by the watch. */
const UNTOLD = ['vehicle', 'balance'];

/** Gathers what the digest of one flight tells. */
export class FlightSummary {
  readonly #phaseMs = new Map<FlightPhase, number>();
  readonly #seen = new Set<string>();
  #latestMs: number | undefined;
  #vibration: DigestFlight['vibration'] = null;
  #usedFirst = Number.NaN;
  #usedLast = Number.NaN;
  #voltageLeast = Number.NaN;

  /** @param phase at its time */
  push({ names, values }: Sample, phase: FlightPhase, timeMs: number): void {
    this.advanceTo(timeMs, phase);
    for (const [at, name] of names.entries()) {
      const value = values[at] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      this.#seen.add(groupOf(name));
      if (isAirborne(phase)) this.#follow(name, value);
    }
  }

  /** The phase has gone on until now. */
  advanceTo(timeMs: number, phase: FlightPhase): void {
    const elapsedMs = Math.max(0, timeMs - (this.#latestMs ?? timeMs));
    this.#latestMs = Math.max(timeMs, this.#latestMs ?? timeMs);
    this.#phaseMs.set(phase, (this.#phaseMs.get(phase) ?? 0) + elapsedMs);
  }

  facts(asset: DigestFlight['asset'], ended: DigestFlight['ended']): DigestFlight {
    const phases = [...this.#phaseMs].map(([phase, ms]) => ({ phase, ms }));
    const usedMah = this.#usedLast - this.#usedFirst;
    return {
      asset,
      ended,
      airborneMs: phases.filter(({ phase }) => isAirborne(phase)).reduce((sum, { ms }) => sum + ms, 0),
      phases: phases.filter(({ phase, ms }) => phase !== 'disarmed' && ms > 0),
      vibration: this.#vibration,
      batteryUsedMah: Number.isNaN(usedMah) ? null : Math.max(0, usedMah),
      batteryLeastV: Number.isNaN(this.#voltageLeast) ? null : this.#voltageLeast,
      notTold: [...GROUPS].filter((group) => !UNTOLD.includes(group) && !this.#seen.has(group)).sort(),
    };
  }

  #follow(name: string, value: number): void {
    if (VIBRATIONS.includes(name) && value > (this.#vibration?.value ?? Number.NEGATIVE_INFINITY))
      this.#vibration = { channel: name, value };
    if (name === 'battery.voltage') this.#voltageLeast = Math.min(value, orElse(this.#voltageLeast, value));
    if (name === 'battery.used') {
      this.#usedFirst = orElse(this.#usedFirst, value);
      this.#usedLast = value;
    }
  }
}

function orElse(value: number, other: number): number {
  return Number.isNaN(value) ? other : value;
}

function groupOf(name: string): string {
  return name.slice(0, name.indexOf('.'));
}
