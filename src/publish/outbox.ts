/** One report that waits for its acknowledgement. */
export interface PendingReport {
  /** Place in the outbox; grows with each accepted report and is never used again. */
  readonly seq: number;
  readonly topic: string;
  readonly payload: string;
  /** Of the incident. */
  readonly id: string;
  readonly revision: number;
}

/** Where the reports wait. All writes are durable when their promise resolves. */
export interface OutboxSource {
  /** The pending reports with the smallest `seq` over the given one, in that order, at most `limit`. */
  pendingAfter(seq: number, limit: number): Promise<readonly PendingReport[]>;
  /** The broker has taken them. Numbers that are no longer pending are ignored. */
  markDelivered(seqs: readonly number[]): Promise<void>;
  /** Puts a report aside that no broker will ever take. */
  quarantine(seq: number, reason: string): Promise<void>;
}
