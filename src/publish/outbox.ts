import type { Lane } from '../values/lane.ts';
import type { Stamp } from '../values/stamp.ts';

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
  /** When it was made. */
  readonly stamp: Stamp;
}

export interface Reading {
  readonly lane: Lane;
  /** The last one that was read before; 0 for the beginning of the lane. */
  readonly seq: number;
  readonly limit: number;
}

/** Where the reports wait. All writes are durable when their promise resolves, or soon after where that says so. */
export interface OutboxSource {
  /** The pending reports of the lane after `seq`, in their order, at most `limit`. Empty only if there are none. */
  pendingAfter(reading: Reading): Promise<readonly PendingReport[]>;
  /** The broker has taken them. Numbers that are no longer pending are ignored. A power cut soon after forgets it. */
  markDelivered(seqs: readonly number[]): Promise<void>;
  /** Puts a report aside that no broker will ever take. */
  quarantine(seq: number, reason: string): Promise<void>;
  /** Gives reports up that are too old to be of use. */
  expire(seqs: readonly number[]): Promise<void>;
}
