import { LANES, type Lane } from '../values/lane.ts';
import type { OutboxSource, PendingReport } from './outbox.ts';

/** Reports read from a lane at a time. */
const READ_LENGTH = 256;

interface LaneState {
  /** Read from the outbox and not yet taken. */
  ready: PendingReport[];
  /** The last that was read. */
  seq: number;
  /** There may be more behind it. */
  isDue: boolean;
}

/** What waits in the outbox, lane by lane: a bounded piece of each is in memory. */
export class Backlog {
  readonly #outbox: OutboxSource;
  readonly #lanes: ReadonlyMap<Lane, LaneState>;

  constructor(outbox: OutboxSource) {
    this.#outbox = outbox;
    this.#lanes = new Map(LANES.map((lane) => [lane, { ready: [], seq: 0, isDue: true }]));
  }

  /** The first of each lane that has one in memory, the most urgent lane first. */
  get heads(): readonly PendingReport[] {
    return [...this.#lanes.values()].flatMap(({ ready: [head] }) => head ?? []);
  }

  /** Whether a lane has nothing in memory but may have something in the outbox. */
  get isReadDue(): boolean {
    return [...this.#lanes.values()].some(isReadDue);
  }

  /** Takes the first of a lane away. */
  shift(lane: Lane): void {
    this.#lanes.get(lane)?.ready.shift();
  }

  /** Something new was accepted: into this lane, or nobody knows into which. */
  nudge(lane?: Lane): void {
    for (const [name, state] of this.#lanes) state.isDue ||= lane === undefined || lane === name;
  }

  /** Begins again with the first report of each lane. */
  rewind(): void {
    for (const state of this.#lanes.values()) Object.assign(state, { ready: [], seq: 0, isDue: true });
  }

  /** Reads every lane that is due. Rejects when the outbox cannot be read. */
  async read(): Promise<void> {
    const due = [...this.#lanes].filter(([, state]) => isReadDue(state));
    await Promise.all(due.map(([lane, state]) => this.#readLane(lane, state)));
  }

  async #readLane(lane: Lane, state: LaneState): Promise<void> {
    // Before the read, so that a nudge during it is not forgotten.
    state.isDue = false;
    const reports = await this.#outbox.pendingAfter({ lane, seq: state.seq, limit: READ_LENGTH });
    const last = reports.at(-1);
    if (last === undefined) return;
    Object.assign(state, { ready: [...reports], seq: last.seq, isDue: true });
  }
}

function isReadDue({ ready, isDue }: LaneState): boolean {
  return isDue && ready.length === 0;
}
