/**
 * The primary host: the one application for which the edge node is there. The node is born only while that host is
 * online, and dies when it goes (specification, "Primary Host Application").
 */
export class HostState {
  readonly topic: string;
  #isOnline = false;
  #timestamp = Number.NEGATIVE_INFINITY;

  constructor(host: string) {
    this.topic = `spBv1.0/STATE/${host}`;
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** A connection begins: the broker tells the present state again. The latest timestamp stays. */
  reset(): void {
    this.#isOnline = false;
  }

  /** Takes a message on the topic. One that is older than what is known, or no state at all, is left out. */
  take(payload: Uint8Array): void {
    const state = stateOf(payload);
    if (state === undefined || state.timestamp < this.#timestamp) return;
    this.#timestamp = state.timestamp;
    this.#isOnline = state.online;
  }
}

function stateOf(payload: Uint8Array): { online: boolean; timestamp: number } | undefined {
  try {
    const { online, timestamp } = JSON.parse(Buffer.from(payload).toString('utf8'));
    if (typeof online !== 'boolean' || !Number.isSafeInteger(timestamp)) return undefined;
    return { online, timestamp };
  } catch {
    return undefined;
  }
}
