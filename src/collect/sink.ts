import type { Coverage } from './completeness.ts';
import type { CollectedGap, CollectedReport, PutAside } from './message.ts';

/** What is stored in one transaction. */
export interface Batch {
  readonly reports: readonly CollectedReport[];
  readonly gaps: readonly CollectedGap[];
  readonly putAside: readonly PutAside[];
  /** Unix milliseconds. */
  readonly receivedMs: number;
}

/** A database that reports are collected in. */
export interface Sink {
  /** Where it is, without secrets, for messages. */
  readonly name: string;
  /**
   * Stores a batch, all of it or nothing; durable when it resolves. Reports that are there already are ignored.
   * @returns how many reports were new
   * @throws FieldnoteError SINK_REFUSED when the content of the batch is at fault, SINK_UNAVAILABLE when it is not
   */
  store(batch: Batch): Promise<number>;
  /** What has been collected. */
  coverage(): Promise<Coverage>;
  close(): Promise<void>;
}

/** More messages that could not be read are not kept; the newest are. */
export const PUT_ASIDE_ROWS_MAX = 1000;

/** Reports in the order of their places, so that two collectors never wait for each other's rows in a circle. */
export function inOrder(reports: readonly CollectedReport[]): CollectedReport[] {
  return reports.toSorted((a, b) => {
    const [left, right] = [placeOf(a), placeOf(b)];
    if (left !== right) return left < right ? -1 : 1;
    return a.sequence - b.sequence || (a.id < b.id ? -1 : 1);
  });
}

/** The latest of each record, which grows from list to list, in an order that is the same for every collector. */
export function latestInOrder(gaps: readonly CollectedGap[]): CollectedGap[] {
  const latest = new Map(gaps.map((gap) => [[gap.site, gap.node, gap.epoch, gap.id].join('/'), gap]));
  return [...latest].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, gap]) => gap);
}

function placeOf({ site, node, epoch, lane }: CollectedReport): string {
  return [site, node, epoch, lane].join('/');
}
