/** A moment of the device, and when the host heard of it. */
export interface Point {
  readonly deviceMs: number;
  readonly hostMs: number;
}

const BUCKET_MS = 1000;

/** The least delayed point of each second, for frames of one kind, which take the same time on the wire. */
export class LeastDelays {
  /** Oldest first; the last one is of the second that is not over. */
  #points: Point[] = [];
  #frameCount = 0;

  get points(): readonly Point[] {
    return this.#points;
  }

  /** Frames so far: who sends more of them sends more evenly. */
  get frameCount(): number {
    return this.#frameCount;
  }

  get spanMs(): number {
    const [first, last] = [this.#points[0], this.#points.at(-1)];
    return first === undefined || last === undefined ? 0 : last.deviceMs - first.deviceMs;
  }

  /** @param rate host milliseconds of one device millisecond, to compare points of one second */
  add(point: Point, rate: number): void {
    this.#frameCount++;
    const best = this.#points.at(-1);
    const step = best === undefined ? 1 : bucketOf(point) - bucketOf(best);
    if (best === undefined || step > 0) this.#points.push(point);
    else if (step === 0 && point.hostMs - best.hostMs < (point.deviceMs - best.deviceMs) * rate)
      this.#points[this.#points.length - 1] = point;
  }

  forgetBefore(deviceMs: number): void {
    this.#points = this.#points.filter((point) => point.deviceMs >= deviceMs);
  }

  /**
   * Slope of the line below all points with the least sum of delays: the edge of their lower convex hull over their mean
   * device time (Moon, Skelly and Towsley, "Estimation and removal of clock skew from network delay measurements",
   * INFOCOM 1999). Needs two points.
   */
  rate(): number {
    const points = this.#points;
    const mean = points.reduce((sum, { deviceMs }) => sum + deviceMs / points.length, 0);
    const hull = lowerHull(points);
    const end = Math.max(
      1,
      hull.findIndex(({ deviceMs }) => deviceMs >= mean),
    );
    const [a, b] = [hull[end - 1] as Point, hull[end] as Point];
    return (b.hostMs - a.hostMs) / (b.deviceMs - a.deviceMs);
  }
}

function bucketOf({ deviceMs }: Point): number {
  return Math.floor(deviceMs / BUCKET_MS);
}

/** Andrew's monotone chain over points in the order of device time: at each corner it turns upwards. */
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
