import { type FlightPhase, isAirborne } from '../values/flight-phase.ts';
import type { Sample } from '../values/sample.ts';

/**
 * Phases of flight, from the channels of the vocabulary (src/values/flight-channels.ts):
 *
 *   disarmed → ground → take-off → hover ⇄ cruise → landing → ground → disarmed
 *
 * Each change needs its condition to last, and the way back has another threshold than the way there, so that noise does
 * not flicker. Only disarming, and what the autopilot itself says about the ground, count at once. A vehicle that does
 * not say whether it has landed is in the air when it is higher than where it stood or moves, and on the ground when
 * nothing moves and its throttle is closed.
 */

const SIGNALS = {
  armed: 'vehicle.armed',
  landed: 'vehicle.landed',
  altitudeM: 'vehicle.altitude',
  climb: 'vehicle.climb',
  speed: 'vehicle.groundSpeed',
  throttle: 'vehicle.throttle',
} as const;

type Signal = keyof typeof SIGNALS;
type State = Readonly<Record<Signal, number>>;

const LEFT_GROUND_M = 1.5;
/** Metres per second that nothing on the ground does. */
const FLYING = { climb: 1, speed: 3 };
const AT_REST = { climb: 0.5, speed: 1, throttle: 10 };
const CLIMBING = 0.5;
/** So long a take-off may be: a wing may climb for many minutes. */
const TAKE_OFF_MS_MAX = 30_000;
const MOVING = { climb: 1, speed: 1.2 };
const STANDING = { climb: 0.5, speed: 0.7 };
/** Below this height over where it left the ground, descending is landing. */
const LANDING_BELOW_M = 10;
const DESCENDING = -0.3;
/** How long a condition must last. */
const SOON_MS = 1000;
const SURE_MS = 2000;
/** On its last metre a vehicle that lands stands still for a while. */
const STAYS_UP_MS = 10_000;

/** Follows one vehicle. A value that is unknown (NaN) fulfils no condition. */
export class FlightPhases {
  #phase: FlightPhase = 'disarmed';
  #sinceMs = Number.NaN;
  #state: State = initial;
  /** Altitude of where it stands or stood. */
  #groundM = Number.NaN;
  /** Since when each condition holds. */
  readonly #heldMs = new Map<string, number>();

  get phase(): FlightPhase {
    return this.#phase;
  }

  /**
   * One sample further.
   * @param timeMs never before that of the last sample; what falls back begins the conditions anew
   * @returns whether another phase began with it
   */
  push({ names, values }: Pick<Sample, 'names' | 'values'>, timeMs: number): boolean {
    const state = { ...this.#state };
    let isNew = false;
    for (const [signal, name] of Object.entries(SIGNALS) as [Signal, string][]) {
      const value = values[names.indexOf(name)] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      state[signal] = value;
      isNew = true;
    }
    if (!isNew) return false;
    this.#state = state;
    const next = this.#next(timeMs);
    this.#followGround(next);
    if (next === this.#phase) return false;
    this.#phase = next;
    this.#sinceMs = timeMs;
    this.#heldMs.clear();
    return true;
  }

  /** Follows the ground until somebody arms, and begins anew where it lands. */
  #followGround(next: FlightPhase): void {
    const isNew = next === 'disarmed' || next !== this.#phase || Number.isNaN(this.#groundM);
    if (!isAirborne(next) && isNew) this.#groundM = this.#state.altitudeM;
  }

  #next(timeMs: number): FlightPhase {
    const { armed, landed } = this.#state;
    const wasAirborne = isAirborne(this.#phase);
    if (armed === 0) return 'disarmed';
    const mayFly = armed > 0 || landed === 0;
    if (!mayFly) return this.#phase;
    if (landed === 1) return 'ground';
    if (!wasAirborne) return landed === 0 || this.#isLeaving(timeMs) ? 'take-off' : 'ground';
    return Number.isNaN(landed) && this.#isAtRest(timeMs) ? 'ground' : this.#inTheAir(timeMs);
  }

  #isLeaving(timeMs: number): boolean {
    const { altitudeM, climb, speed } = this.#state;
    const isHigher = altitudeM - this.#groundM > LEFT_GROUND_M;
    const isMoving = Math.abs(climb) > FLYING.climb || speed > FLYING.speed;
    return this.#lasts('leaving', isHigher || isMoving, timeMs, SOON_MS);
  }

  #isAtRest(timeMs: number): boolean {
    const { climb, speed, throttle } = this.#state;
    const isStill = Math.abs(climb) < AT_REST.climb && speed < AT_REST.speed && throttle < AT_REST.throttle;
    return this.#lasts('at rest', isStill, timeMs, SURE_MS);
  }

  #inTheAir(timeMs: number): FlightPhase {
    const { altitudeM, climb, speed } = this.#state;
    const isStanding = Math.abs(climb) < STANDING.climb && speed < STANDING.speed;
    const isMoving = Math.abs(climb) > MOVING.climb || speed > MOVING.speed;
    const isDescending = climb < DESCENDING && altitudeM - this.#groundM < LANDING_BELOW_M;
    const stands = this.#lasts('standing', isStanding, timeMs, SURE_MS);
    const staysUp = this.#lasts('staying up', isStanding, timeMs, STAYS_UP_MS);
    const moves = this.#lasts('moving', isMoving, timeMs, SOON_MS);
    const descends = this.#lasts('descending', isDescending, timeMs, SOON_MS);
    const climbs = this.#lasts('climbing', climb > CLIMBING, timeMs, SOON_MS);
    const isUp = !(altitudeM - this.#groundM <= LEFT_GROUND_M) || speed > FLYING.speed;
    const isLevel = this.#lasts('level', isUp && climb < CLIMBING, timeMs, SOON_MS);
    switch (this.#phase) {
      case 'take-off': {
        const isOver = isLevel || timeMs - this.#sinceMs > TAKE_OFF_MS_MAX;
        return isOver ? (isMoving ? 'cruise' : 'hover') : 'take-off';
      }
      case 'landing':
        return climbs ? 'cruise' : staysUp ? 'hover' : 'landing';
      case 'hover':
        return descends ? 'landing' : moves ? 'cruise' : 'hover';
      default:
        return descends ? 'landing' : stands ? 'hover' : 'cruise';
    }
  }

  #lasts(what: string, isSo: boolean, timeMs: number, forMs: number): boolean {
    if (!isSo) this.#heldMs.delete(what);
    const sinceMs = this.#heldMs.get(what);
    if (isSo && (sinceMs === undefined || sinceMs > timeMs)) this.#heldMs.set(what, timeMs);
    return isSo && timeMs - (this.#heldMs.get(what) ?? timeMs) >= forMs;
  }
}

const initial: State = {
  ...{ armed: Number.NaN, landed: Number.NaN, altitudeM: Number.NaN },
  ...{ climb: Number.NaN, speed: Number.NaN, throttle: Number.NaN },
};
