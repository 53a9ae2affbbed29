import type { Lane } from '../values/lane.ts';

/** One report that waits for its acknowledgement. */
export interface PendingReport {
  /** Names it in the outbox; grows within its lane and is never used again. */
  readonly seq: number;
  readonly lane: Lane;
  /** Counts the reports of the lane in this epoch from 1. */
  readonly laneSeq: number;
  readonly topic: string;
  readonly payload: string;
  /** Of the incident. */
  readonly id: string;
  readonly revision: number;
}

export interface Reading {
  readonly lane: Lane;
  /** The last one that was read before; 0 for the beginning of the lane. */
  readonly seq: number;
  readonly limit: number;
}

/** Where the reports wait. All writes are durable when their promise resolves. */
export interface OutboxSource {
  /** The pending reports of a lane with the smallest `seq` over the given one, in that order, at most `limit`. */
  pendingAfter(reading: Reading): Promise<readonly PendingReport[]>;
  /** The broker has taken them. Numbers that are no longer pending are ignored. */
  markDelivered(seqs: readonly number[]): Promise<void>;
  /** Puts a report aside that no broker will ever take. */
  quarantine(seq: number, reason: string): Promise<void>;
}
