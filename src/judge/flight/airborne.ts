import type { FlightSample } from '../../values/flight-finding.ts';
import { LatestValues } from './latest-values.ts';

/**
 * Whether a vehicle flies freely. On the ground it cannot turn as it is told to, and while it touches down or lifts off it
 * turns as nobody told it: what is said about its turning counts only where this says so.
 */

/** Higher above the ground than this it flies, until it is lower than the other: barometers wander. */
const CLEAR_M = 0.5;
const TOUCH_M = 0.3;
/** With less than this share of the throttle that holds it up it is being put down. */
const THROTTLE_SHARE_MIN = 0.6;
/** The throttle that holds it up is the mean over about so long. */
const HOVER_SPAN_MS = 5000;

export class Airborne {
  readonly #latest = new LatestValues(['vehicle.landed', 'vehicle.altitude', 'vehicle.throttle']);
  #groundM = Number.NaN;
  #isClear = false;
  #hoverThrottle = Number.NaN;
  #throttleMs = Number.NaN;

  /** Whether the source says that it stands on the ground. */
  get isLanded(): boolean {
    return this.#latest.get('vehicle.landed') === 1;
  }

  /** @returns whether it flies freely; false while nothing tells */
  push(sample: FlightSample): boolean {
    this.#latest.take(sample);
    const landed = this.#latest.get('vehicle.landed');
    this.#follow(landed, this.#latest.get('vehicle.altitude'));
    const isUp = landed !== 1 && this.#isClear;
    if (!isUp) this.#hoverThrottle = Number.NaN;
    else this.#average(sample.timeMs);
    return isUp && !(this.#latest.get('vehicle.throttle') < THROTTLE_SHARE_MIN * this.#hoverThrottle);
  }

  #follow(landed: number, altitudeM: number): void {
    if (Number.isNaN(altitudeM)) {
      this.#isClear = landed === 0;
      return;
    }
    if (landed === 1 || (Number.isNaN(this.#groundM) && landed !== 0)) this.#groundM = altitudeM;
    // Who joins in the air does not know the ground.
    const heightM = Number.isNaN(this.#groundM) ? Number.POSITIVE_INFINITY : altitudeM - this.#groundM;
    if (heightM > CLEAR_M) this.#isClear = true;
    else if (heightM < TOUCH_M) this.#isClear = false;
  }

  #average(timeMs: number): void {
    const throttle = this.#latest.get('vehicle.throttle');
    const elapsedMs = timeMs - this.#throttleMs;
    this.#throttleMs = timeMs;
    if (Number.isNaN(this.#hoverThrottle)) this.#hoverThrottle = throttle;
    else if (elapsedMs > 0)
      this.#hoverThrottle += (throttle - this.#hoverThrottle) * Math.min(1, elapsedMs / HOVER_SPAN_MS);
  }
}
