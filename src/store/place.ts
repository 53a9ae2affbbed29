import { LANES, type Lane } from '../values/lane.ts';

/**
 * A sequence number of the file is the lane's rank × 10¹² + the number within the lane. So each lane lies together and in
 * order in one table without an index: an index would double what a report costs in bytes written.
 */
export interface Place {
  readonly lane: Lane;
  /** Counts the accepted reports of the lane in this epoch from 1. */
  readonly laneSeq: number;
}

/** No lane gets so many: at a thousand reports a second that is thirty years. */
export const LANE_SPAN = 1e12;

export function seqOf({ lane, laneSeq }: Place): number {
  return LANES.indexOf(lane) * LANE_SPAN + laneSeq;
}

/** @param seq of a report; anything else may throw */
export function placeOf(seq: number): Place {
  return { lane: laneAt(Math.floor(seq / LANE_SPAN)), laneSeq: seq % LANE_SPAN };
}

/** The lane with this rank, 0 for the most urgent one. */
export function laneAt(rank: number): Lane {
  const lane = LANES[rank];
  if (lane === undefined) throw new RangeError(`there is no lane ${rank}`);
  return lane;
}
