import type { DeviceTiming } from '../../values/device.ts';
import { ClockFit } from './clock-fit.ts';

/**
 * The time of one boot of a device: 32-bit ticks are extended to milliseconds that do not wrap, and mapped to the time of
 * the host. A tick is the nearest one to the latest that was seen, by signed 32-bit difference; HELLO comes often
 * enough to keep that unambiguous.
 */

/**
 * A frame is from another time when it is so far both from its arrival and from the frames before it. A damaged
 * one that passes its CRC would otherwise move the clock. Wide enough for what a socket buffers; a quarter of the
 * 32 bits where that is less.
 */
const DISTANCE_MAX_MS = 60_000;
const DISTANCE_TICKS_MAX = 2 ** 30;

export class DeviceClock {
  readonly #ticksPerMs: number;
  readonly #distanceMaxMs: number;
  readonly #fit: ClockFit;
  /** The latest tick that was seen, extended. */
  #latest: number;

  /** @param arrivedMs when the host heard of this tick */
  constructor(tickHz: number, tick: number, arrivedMs: number) {
    this.#ticksPerMs = tickHz / 1000;
    this.#distanceMaxMs = Math.min(DISTANCE_MAX_MS, DISTANCE_TICKS_MAX / this.#ticksPerMs);
    this.#latest = tick;
    this.#fit = new ClockFit(tick / this.#ticksPerMs, arrivedMs);
  }

  get timing(): DeviceTiming {
    return this.#fit.timing;
  }

  /** Host milliseconds of one device millisecond. */
  get rate(): number {
    return this.#fit.rate;
  }

  /** Device time of a tick, in milliseconds. */
  deviceMs(tick: number): number {
    return (this.#latest + ((tick - this.#latest) | 0)) / this.#ticksPerMs;
  }

  hostMs(deviceMs: number): number {
    return this.#fit.hostMs(deviceMs);
  }

  /** Whether the device can have had this time when, or before, the host heard of it. */
  isPlausible(deviceMs: number, arrivedMs: number): boolean {
    const isNearLatest = Math.abs(deviceMs - this.#latest / this.#ticksPerMs) <= this.#distanceMaxMs;
    return isNearLatest || Math.abs(arrivedMs - this.#fit.hostMs(deviceMs)) <= this.#distanceMaxMs;
  }

  /** A frame of a stream that was made at `deviceMs` arrived. */
  observe(deviceMs: number, arrivedMs: number, stream: number): void {
    this.#latest = Math.max(this.#latest, Math.round(deviceMs * this.#ticksPerMs));
    this.#fit.add(deviceMs, arrivedMs, stream);
  }

  /** The device had the time `deviceMs` between the question and the arrival of its answer. */
  observeRoundTrip(deviceMs: number, askedMs: number, arrivedMs: number): void {
    this.#fit.addRoundTrip(deviceMs, { askedMs, hostMs: arrivedMs }, 0);
  }
}
