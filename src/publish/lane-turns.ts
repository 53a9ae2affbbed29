import { LANES, type Lane } from '../values/lane.ts';

/** So many critical reports in a row, then one of the others may go. */
const CRITICAL_IN_A_ROW_MAX = 15;

/** How the lanes behind the critical one share the link. */
const SHARES: Readonly<Record<Exclude<Lane, 'critical'>, number>> = {
  incident: 8,
  update: 4,
  evidence: 2,
  telemetry: 1,
};

/**
 * Whose turn it is among the lanes that have something to send: the critical one first, the others by their shares (smooth
 * weighted round robin), so that a flood in one lane delays every other lane and starves none.
 */
export class LaneTurns {
  #criticalInARow = 0;
  readonly #credits = new Map<Lane, number>();

  /** Gives one lane its turn. @param waiting lanes, none of them twice; undefined if there is none */
  next(waiting: readonly Lane[]): Lane | undefined {
    const others = waiting.filter((lane) => lane !== 'critical');
    const isCriticalDue = others.length === 0 || this.#criticalInARow < CRITICAL_IN_A_ROW_MAX;
    if (waiting.includes('critical') && isCriticalDue) {
      this.#criticalInARow += 1;
      return 'critical';
    }
    this.#criticalInARow = 0;
    return this.#byShares(others);
  }

  #byShares(lanes: readonly Exclude<Lane, 'critical'>[]): Lane | undefined {
    // A lane that had nothing to send saves no credit for later.
    for (const lane of this.#credits.keys()) {
      if (!lanes.some((waiting) => waiting === lane)) this.#credits.delete(lane);
    }
    for (const lane of lanes) this.#credits.set(lane, this.#credit(lane) + SHARES[lane]);
    const [first] = lanes.toSorted(
      (a, b) => this.#credit(b) - this.#credit(a) || LANES.indexOf(a) - LANES.indexOf(b),
    );
    if (first === undefined) return undefined;
    const sum = lanes.reduce((total, lane) => total + SHARES[lane], 0);
    this.#credits.set(first, this.#credit(first) - sum);
    return first;
  }

  #credit(lane: Lane): number {
    return this.#credits.get(lane) ?? 0;
  }
}
