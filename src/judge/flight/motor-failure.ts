import type { FlightSample, MotorFailure } from '../../values/flight-finding.ts';
import { Airborne } from './airborne.ts';
import { LatestValues } from './latest-values.ts';

/**
 * Finds the motor that no longer pushes. A multicopter that loses one falls over the arm of that motor, although its
 * controller demands the opposite: the body rate exceeds the demanded one in that direction, and keeps doing so. For each
 * arm the excess beyond what is normal for this vehicle is added up over time, as a CUSUM (Page 1954), here an angle. The
 * first sum over the limit opens the finding and names its motor.
 *
 * Neither the output of that motor nor of any other one is looked at: a motor can fail while its output says that all is
 * well, and what a broken output says proves nothing about the motor.
 */

/** Rate error that every vehicle may have, and how many times its own mean error it may have, in deg/s. */
const EXCESS_MIN_DEG_S = 30;
const EXCESS_OF_NORMAL = 3;
/** The normal of the vehicle is learned over about so long. */
const NORMAL_SPAN_MS = 10_000;
/** Angle that opens a finding. */
const ANGLE_DEG = 15;
/** A motor is named if no other one explains the fall so nearly. */
const RUNNER_UP_SHARE_MAX = 0.7;
/** Rates that come less often than this, or a demand that is older, are not judged. */
const GAP_MS_MAX = 600;
/**
 * Where the source tells no demanded rates, these are the attitude error times this gain, in 1/s: what ArduPilot's
 * controller starts from (parameter ATC_ANG_RLL_P).
 */
const ATTITUDE_GAIN = 4.5;

const CHANNELS = [
  'rate.roll',
  'rate.pitch',
  'rate.rollDemand',
  'rate.pitchDemand',
  'attitude.roll',
  'attitude.pitch',
  'attitude.rollDemand',
  'attitude.pitchDemand',
] as const;

interface Arm {
  /** How much of a roll rate, and of a pitch rate, is a fall over this arm: the right side down, the nose up. */
  readonly roll: number;
  readonly pitch: number;
  /** Degrees that it fell beyond what is normal. */
  sumDeg: number;
  /** When the sum was last zero. */
  sinceMs: number;
}

export class MotorFailureDetector {
  readonly #airborne = new Airborne();
  readonly #latest = new LatestValues(CHANNELS);
  readonly #arms: readonly Arm[];
  #isOpen = false;
  #beforeMs = Number.NaN;
  /** Mean square of the rate error of each axis, in (deg/s)². */
  #normal = 0;

  /** @param armsDeg directions of the arms, clockwise from the nose, in the order of the motors */
  constructor(armsDeg: readonly number[]) {
    this.#arms = armsDeg.map((deg) => {
      const direction = (deg * Math.PI) / 180;
      return { roll: Math.sin(direction), pitch: -Math.cos(direction), sumDeg: 0, sinceMs: Number.NaN };
    });
  }

  /** At most one finding a flight: what turns over afterwards is the same failure. */
  push(sample: FlightSample): readonly MotorFailure[] {
    this.#latest.take(sample);
    const isAirborne = this.#airborne.push(sample);
    if (this.#airborne.isLanded) this.#isOpen = false;
    if (!sample.names.includes('rate.roll')) return [];
    const elapsedMs = sample.timeMs - this.#beforeMs;
    this.#beforeMs = sample.timeMs;
    const error = this.#error(sample.timeMs);
    if (!isAirborne || error === undefined || !(elapsedMs > 0 && elapsedMs <= GAP_MS_MAX)) {
      this.#forget(sample.timeMs);
      return [];
    }
    this.#add(error, sample.timeMs, elapsedMs);
    return this.#isOpen ? [] : this.#judge(sample.timeMs);
  }

  /** Rate minus what was demanded, in deg/s. */
  #error(timeMs: number): { readonly roll: number; readonly pitch: number } | undefined {
    const roll = this.#latest.get('rate.roll') - this.#demand('roll', timeMs);
    const pitch = this.#latest.get('rate.pitch') - this.#demand('pitch', timeMs);
    return Number.isFinite(roll) && Number.isFinite(pitch) ? { roll, pitch } : undefined;
  }

  #demand(axis: 'roll' | 'pitch', timeMs: number): number {
    const oldestMs = timeMs - GAP_MS_MAX;
    const told = this.#latest.since(`rate.${axis}Demand`, oldestMs);
    if (!Number.isNaN(told)) return told;
    const attitudeError =
      this.#latest.since(`attitude.${axis}Demand`, oldestMs) -
      this.#latest.since(`attitude.${axis}`, oldestMs);
    return ATTITUDE_GAIN * attitudeError;
  }

  #add(error: { readonly roll: number; readonly pitch: number }, timeMs: number, elapsedMs: number): void {
    const allowed = Math.max(EXCESS_MIN_DEG_S, EXCESS_OF_NORMAL * Math.sqrt(this.#normal));
    for (const arm of this.#arms) {
      const excess = error.roll * arm.roll + error.pitch * arm.pitch - allowed;
      arm.sumDeg = Math.max(0, arm.sumDeg + (excess * elapsedMs) / 1000);
      if (arm.sumDeg === 0) arm.sinceMs = timeMs;
    }
    // What is far beyond the normal teaches little of it.
    const square = Math.min((error.roll ** 2 + error.pitch ** 2) / 2, allowed ** 2);
    this.#normal += (square - this.#normal) * Math.min(1, elapsedMs / NORMAL_SPAN_MS);
  }

  #judge(timeMs: number): readonly MotorFailure[] {
    const order = [...this.#arms.entries()].toSorted(([, one], [, other]) => other.sumDeg - one.sumDeg);
    const [[index, worst] = [], [, second] = []] = order;
    if (index === undefined || worst === undefined || worst.sumDeg < ANGLE_DEG) return [];
    this.#isOpen = true;
    const isClear = (second?.sumDeg ?? 0) < RUNNER_UP_SHARE_MAX * worst.sumDeg;
    return [
      {
        kind: 'motor-failure',
        event: 'opened',
        timeMs,
        sinceMs: worst.sinceMs,
        motor: isClear ? index + 1 : undefined,
        excessDeg: worst.sumDeg,
        rates: {
          roll: this.#latest.get('rate.roll'),
          rollDemand: this.#demand('roll', timeMs),
          pitch: this.#latest.get('rate.pitch'),
          pitchDemand: this.#demand('pitch', timeMs),
        },
      },
    ];
  }

  #forget(timeMs: number): void {
    for (const arm of this.#arms) {
      arm.sumDeg = 0;
      arm.sinceMs = timeMs;
    }
  }
}
