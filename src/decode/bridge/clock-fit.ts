import type { DeviceTiming } from '../../values/device.ts';

/**
 * Maps the time of a device to the time of the host by the minimum delay. No frame arrives before it was sent, so all
 * points (device time, arrival) lie on or above the true line. Below their lower convex hull, the edge over the
 * middle of the window is the line with the least sum of delays (Moon, Skelly and Towsley, "Estimation and removal of
 * clock skew from network delay measurements", INFOCOM 1999). Round trips bound the truth from the other side: the device
 * had its tick after the host asked. The truth is taken in the middle between both bounds.
 *
 * Memory: the best point of each second of the window, and the latest round trips.
 */

/** Long against the jitter of a link, short against changes of temperature. */
const WINDOW_MS = 300_000;
const BUCKET_MS = 1000;

/** A shorter span tells more about the jitter than about the rate. */
const SPAN_MIN_MS = 10_000;

/** The bit clock comes from the same source, and no UART works beyond. */
const RATE_ERROR_MAX = 0.05;

/** When all points of so long a time are so late, the device's clock has stood still, such as in deep sleep. */
const STEP_SPAN_MS = 10_000;
const STEP_POINTS_MIN = 5;
const STEP_MS = 250;

const ROUND_TRIPS_MAX = 32;

interface Point {
  readonly deviceMs: number;
  readonly hostMs: number;
}

export class ClockFit {
  /** The least delayed point of each full bucket, oldest first. */
  #points: Point[] = [];
  /** The least delayed one of the bucket that is being filled. */
  #best: Point;
  /** Tick of the device and when the host had asked for it, oldest first. */
  #roundTrips: Point[] = [];
  /** The line: host time = base.hostMs + (device time - base.deviceMs) × rate. */
  #base: Point;
  #rate = 1;
  #hasRate = false;
  /** Half of the room between both bounds; undefined without round trips. */
  #errorMs: number | undefined;

  constructor(deviceMs: number, hostMs: number) {
    this.#base = this.#best = { deviceMs, hostMs };
  }

  get timing(): DeviceTiming {
    return {
      rateErrorPpm: this.#hasRate ? (1 / this.#rate - 1) * 1e6 : undefined,
      errorMs: this.#errorMs,
      spanMs: this.#best.deviceMs - (this.#points[0] ?? this.#best).deviceMs,
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

  /** Something that the device did or said at `deviceMs` was here at `hostMs`. */
  add(deviceMs: number, hostMs: number): void {
    const point = { deviceMs, hostMs };
    this.#lowerTo(point);
    const bucket = Math.floor(deviceMs / BUCKET_MS);
    const bestBucket = Math.floor(this.#best.deviceMs / BUCKET_MS);
    if (bucket > bestBucket) {
      this.#points.push(this.#best);
      this.#best = point;
      this.#fit();
    } else if (bucket === bestBucket && this.#lateness(point) < this.#lateness(this.#best)) {
      this.#best = point;
    }
  }

  /** The device had the time `deviceMs` after the host asked at `askedMs` and before the answer came at `hostMs`. */
  addRoundTrip(deviceMs: number, askedMs: number, hostMs: number): void {
    this.add(deviceMs, hostMs);
    this.#roundTrips.push({ deviceMs, hostMs: askedMs });
    if (this.#roundTrips.length > ROUND_TRIPS_MAX) this.#roundTrips.shift();
    this.#bound();
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

  #fit(): void {
    const { deviceMs } = this.#best;
    this.#points = since(this.#points, deviceMs - WINDOW_MS);
    this.#roundTrips = since(this.#roundTrips, deviceMs - WINDOW_MS);
    const recent = since(this.#points, deviceMs - STEP_SPAN_MS);
    const isStep = recent.length >= STEP_POINTS_MIN && this.#leastLateness(recent) > STEP_MS;
    if (isStep) {
      this.#points = recent;
      this.#roundTrips = [];
      this.#errorMs = undefined;
    }
    this.#fitLine(this.#points);
    this.#bound();
  }

  #fitLine(points: readonly Point[]): void {
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return;
    if (last.deviceMs - first.deviceMs >= SPAN_MIN_MS) {
      const [start, end] = middleEdge(lowerHull(points), points);
      const rate = (end.hostMs - start.hostMs) / (end.deviceMs - start.deviceMs);
      if (Math.abs(rate - 1) <= RATE_ERROR_MAX) {
        this.#rate = rate;
        this.#hasRate = true;
      }
    }
    this.#base = last;
    for (const point of points) this.#lowerTo(point);
    this.#lowerTo(this.#best);
  }

  #leastLateness(points: readonly Point[]): number {
    return points.reduce((least, point) => Math.min(least, this.#lateness(point)), Number.POSITIVE_INFINITY);
  }

  /** The truth lies between the hull and the tightest round trip. */
  #bound(): void {
    if (this.#roundTrips.length === 0) return;
    const roomMs = Math.min(...this.#roundTrips.map((asked) => -this.#lateness(asked)));
    this.#errorMs = Math.max(0, roomMs / 2);
  }
}

function since(points: readonly Point[], deviceMs: number): Point[] {
  return points.filter((point) => point.deviceMs >= deviceMs);
}

/** Andrew's monotone chain over points in the order of device time: each corner turns upwards. */
function lowerHull(points: readonly Point[]): Point[] {
  const hull: Point[] = [];
  for (const point of points) {
    while (hull.length > 1 && !turnsUp(hull.at(-2) as Point, hull.at(-1) as Point, point)) hull.pop();
    hull.push(point);
  }
  return hull;
}

function turnsUp(a: Point, b: Point, c: Point): boolean {
  const [ab, ac] = [b.deviceMs - a.deviceMs, c.deviceMs - a.deviceMs];
  return (b.hostMs - a.hostMs) * ac < (c.hostMs - a.hostMs) * ab;
}

/** The edge over the mean device time of all points. */
function middleEdge(hull: readonly Point[], points: readonly Point[]): [Point, Point] {
  const mean = points.reduce((sum, { deviceMs }) => sum + deviceMs / points.length, 0);
  const end = Math.max(
    1,
    hull.findIndex(({ deviceMs }) => deviceMs >= mean),
  );
  return [hull[end - 1] as Point, hull[end] as Point];
}
