import type { Database } from './database.ts';
import { gaps, recordGap } from './gaps.ts';
import { expire, quarantine } from './giving-up.ts';
import { appendLearning, clearLearning, learningRows } from './learning.ts';
import { totals } from './ledger.ts';
import { accept, incidentStates, markDelivered, markDeliveredRange, pendingAfter } from './outbox.ts';
import { recordSyncPoint, syncPoint } from './sync-points.ts';
import { dropUnwritten, unwritten } from './unwritten.ts';

/** Everything that the main thread can ask of the store's thread, by name. */
export const operations = {
  accept,
  incidentStates,
  pendingAfter,
  markDelivered,
  markDeliveredRange,
  quarantine,
  expire,
  unwritten,
  dropUnwritten,
  learningRows,
  appendLearning,
  clearLearning,
  totals,
  gaps,
  recordGap,
  recordSyncPoint,
  syncPoint,
} as const satisfies Record<string, (database: Database, argument: never) => unknown>;

export type Operations = typeof operations;
export type OperationName = keyof Operations;
/** What an operation takes beside the database; undefined when it takes nothing. */
export type Argument<N extends OperationName> = Parameters<Operations[N]>[1];
export type Result<N extends OperationName> = ReturnType<Operations[N]>;
