import type { Report } from '../values/report.ts';

const URGENCY = { critical: 2, warning: 1, notice: 0 } as const;

/**
 * Reports that wait for a better text: the most severe first, then the one that has waited longest. Only the latest
 * revision of an incident is worth writing about. When it is full, the least urgent one keeps its template.
 */
export class WritingQueue {
  readonly #waiting: Report[] = [];
  readonly #lengthMax: number;
  /** By incident, also of the one that is being written. */
  readonly #revisions = new Map<string, number>();

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** @returns the reports that had to go */
  push(report: Report): readonly Report[] {
    this.#revisions.set(report.id, report.revision);
    const at = this.#waiting.findIndex(({ id }) => id === report.id);
    const replaced = at === -1 ? [] : this.#waiting.splice(at, 1, report);
    if (at === -1) this.#waiting.push(report);
    return this.#waiting.length > this.#lengthMax ? this.#shed() : replaced;
  }

  /** The next one to write; tell `done` when it is written or given up. */
  shift(): Report | undefined {
    const [next] = this.#waiting.toSorted((one, other) => URGENCY[other.severity] - URGENCY[one.severity]);
    if (next !== undefined) this.#waiting.splice(this.#waiting.indexOf(next), 1);
    return next;
  }

  /** Whether no newer revision of the incident has come meanwhile. */
  isLatest({ id, revision }: Report): boolean {
    return this.#revisions.get(id) === revision;
  }

  done(report: Report): void {
    if (this.isLatest(report)) this.#revisions.delete(report.id);
  }

  #shed(): readonly Report[] {
    const [least] = this.#waiting.toSorted((one, other) => URGENCY[one.severity] - URGENCY[other.severity]);
    if (least === undefined) return [];
    this.#revisions.delete(least.id);
    return this.#waiting.splice(this.#waiting.indexOf(least), 1);
  }
}
