import type { DeviceTiming } from '../../values/device.ts';
import { LeastDelays, type Point } from './least-delays.ts';

/**
 * Maps the time of a device to the time of the host by the minimum delay. No frame arrives before it was sent, so all
 * points (device time, arrival) lie on or above the true line.
 *
 * The rate comes from the kind of frames that comes most often: frames of one kind take the same time on the wire, while a
 * short HELLO now and then between long batches would tilt the line. The offset is the tightest that all points
 * of all kinds allow. Round trips bound the truth from the other side: the device had its tick after the host asked.
 * The truth is taken in the middle between both bounds.
 *
 * Memory: the best point of each second of the window for each kind, and the latest round trips.
 */

/** Long against the jitter of a link, short against changes of temperature. */
const WINDOW_MS = 300_000;
const FIT_INTERVAL_MS = 1000;

/** A shorter span tells more about the jitter than about the rate. */
const SPAN_MIN_MS = 10_000;

/** The bit clock comes from the same source, and no UART works beyond. */
const RATE_ERROR_MAX = 0.05;

/** When all points of so long a time are so late, the device's clock has stood still, such as in deep sleep. */
const STEP_SPAN_MS = 10_000;
const STEP_POINTS_MIN = 5;
const STEP_MS = 250;

const ROUND_TRIPS_MAX = 32;

export class ClockFit {
  readonly #kinds = new Map<number, LeastDelays>();
  /** Ticks of the device and when the host had asked for them, oldest first. */
  #roundTrips: Point[] = [];
  /** The line: host time = base.hostMs + (device time - base.deviceMs) × rate. */
  #base: Point;
  #rate = 1;
  #rateKind: LeastDelays | undefined;
  /** Half of the room between both bounds; undefined without round trips. */
  #errorMs: number | undefined;
  #fittedMs: number;

  constructor(deviceMs: number, hostMs: number) {
    this.#base = { deviceMs, hostMs };
    this.#fittedMs = deviceMs;
  }

  get timing(): DeviceTiming {
    const kind = this.#rateKind;
    return {
      rateErrorPpm: kind && (1 / this.#rate - 1) * 1e6,
      errorMs: this.#errorMs,
      spanMs: kind?.spanMs ?? 0,
    };
  }

  /** Host milliseconds of one device millisecond. */
  get rate(): number {
    return this.#rate;
  }

  /** Host time of a moment of the device; never after an arrival that told of it. */
  hostMs(deviceMs: number): number {
    return this.#boundMs(deviceMs) - (this.#errorMs ?? 0);
  }

  /**
   * Something that the device did or said at `deviceMs` was here at `hostMs`.
   * @param kind any number that frames of the same size and way share, such as their stream
   */
  add(deviceMs: number, hostMs: number, kind: number): void {
    const point = { deviceMs, hostMs };
    this.#lowerTo(point);
    let delays = this.#kinds.get(kind);
    if (delays === undefined) {
      delays = new LeastDelays();
      this.#kinds.set(kind, delays);
    }
    delays.add(point, this.#rate);
    if (deviceMs - this.#fittedMs >= FIT_INTERVAL_MS) this.#fit(deviceMs);
  }

  /** The device had the time `deviceMs` after the host asked at `askedMs` and before the answer came at `hostMs`. */
  addRoundTrip(
    deviceMs: number,
    times: { readonly askedMs: number; readonly hostMs: number },
    kind: number,
  ): void {
    this.add(deviceMs, times.hostMs, kind);
    this.#roundTrips.push({ deviceMs, hostMs: times.askedMs });
    if (this.#roundTrips.length > ROUND_TRIPS_MAX) this.#roundTrips.shift();
    this.#boundError();
  }

  /** The latest host time that a moment of the device can have had. */
  #boundMs(deviceMs: number): number {
    return this.#base.hostMs + (deviceMs - this.#base.deviceMs) * this.#rate;
  }

  #lateness({ deviceMs, hostMs }: Point): number {
    return hostMs - this.#boundMs(deviceMs);
  }

  #lowerTo(point: Point): void {
    if (this.#lateness(point) < 0) this.#base = point;
  }

  #fit(deviceMs: number): void {
    this.#fittedMs = deviceMs;
    this.#forgetBefore(deviceMs - WINDOW_MS);
    if (this.#hasStoodStill(deviceMs)) {
      this.#forgetBefore(deviceMs - STEP_SPAN_MS);
      this.#roundTrips = [];
    }
    this.#fitRate();
    const points = this.#points();
    this.#base = points.at(-1) ?? this.#base;
    for (const point of points) this.#lowerTo(point);
    this.#boundError();
  }

  #forgetBefore(deviceMs: number): void {
    for (const delays of this.#kinds.values()) delays.forgetBefore(deviceMs);
    this.#roundTrips = this.#roundTrips.filter((point) => point.deviceMs >= deviceMs);
  }

  #points(): Point[] {
    return [...this.#kinds.values()].flatMap(({ points }) => points);
  }

  #hasStoodStill(deviceMs: number): boolean {
    const recent = this.#points().filter((point) => point.deviceMs >= deviceMs - STEP_SPAN_MS);
    return recent.length >= STEP_POINTS_MIN && recent.every((point) => this.#lateness(point) > STEP_MS);
  }

  #fitRate(): void {
    const [busiest] = [...this.#kinds.values()]
      .filter(({ spanMs }) => spanMs >= SPAN_MIN_MS)
      .sort((a, b) => b.frameCount - a.frameCount);
    const rate = busiest?.rate();
    if (rate === undefined || Math.abs(rate - 1) > RATE_ERROR_MAX) return;
    this.#rate = rate;
    this.#rateKind = busiest;
  }

  /**
   * The truth lies between the line and the tightest round trip. A round trip beyond the line says that the device's
   * clock stuttered, and by how much the line is wrong at least.
   */
  #boundError(): void {
    if (this.#roundTrips.length === 0) this.#errorMs = undefined;
    else {
      const roomMs = Math.min(...this.#roundTrips.map((asked) => -this.#lateness(asked)));
      this.#errorMs = roomMs >= 0 ? roomMs / 2 : -roomMs;
    }
  }
}
