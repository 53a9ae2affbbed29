import type { Packet } from './packet.ts';
import { reader } from './read-field.ts';

/** Who else may be in the first seconds of a link with several vehicles on it. */
const CHOOSE_FOR_MS = 5000;

/** MAV_AUTOPILOT_INVALID: a camera, a ground station, or a companion computer. */
const NO_AUTOPILOT = 8;

const autopilotOf = reader('HEARTBEAT', 'autopilot');
const typeOf = reader('HEARTBEAT', 'type');

export interface Vehicle {
  readonly system: number;
  /** Of its autopilot. */
  readonly component: number;
  /** MAV_AUTOPILOT and MAV_TYPE. */
  readonly autopilot: number;
  readonly type: number;
}

/**
 * Whose messages are read when several vehicles speak on a link: the configured one; otherwise the one with the lowest
 * number among those that were heard in the first seconds, whatever their order, and it stays that one.
 */
export class VehicleChoice {
  readonly #system: number | undefined;
  #vehicle: Vehicle | undefined;
  #sinceMs = 0;

  /** @param system of the vehicle, where the configuration names it */
  constructor(system: number | undefined) {
    this.#system = system;
  }

  get vehicle(): Vehicle | undefined {
    return this.#vehicle;
  }

  /** @returns the vehicle, when this heartbeat made it the chosen one */
  hear(heartbeat: Packet, nowMs: number): Vehicle | undefined {
    const { payload, system, component } = heartbeat;
    const autopilot = autopilotOf(payload);
    if (autopilot === NO_AUTOPILOT || (this.#system !== undefined && system !== this.#system))
      return undefined;
    const chosen = this.#vehicle;
    if (chosen === undefined) this.#sinceMs = nowMs;
    else if (system >= chosen.system || nowMs - this.#sinceMs > CHOOSE_FOR_MS) return undefined;
    this.#vehicle = { system, component, autopilot, type: typeOf(payload) };
    return this.#vehicle;
  }
}
