import type { SequenceRange } from '../values/receipt.ts';

export interface NodePlace {
  readonly site: string;
  readonly node: string;
}

/** A lane of one store of one node: what the sequence numbers count. */
export interface LanePlace extends NodePlace {
  readonly epoch: string;
  readonly lane: string;
}

/** Sequence numbers of which every one is there. */
export interface Run extends LanePlace {
  readonly from: number;
  readonly to: number;
}

/** Sequence numbers that the node says it has given up. */
export interface ExplainedRun extends Run {
  readonly reason: string;
}

/** What a database holds of all nodes. */
export interface Coverage {
  /** Without overlap, in order within a lane. */
  readonly runs: readonly Run[];
  readonly explained: readonly ExplainedRun[];
  /** Places that two different reports claim, which only a copied store does. */
  readonly claimedTwice: readonly (LanePlace & { readonly sequence: number })[];
  /** Nodes whose numbers lie in more pieces than are read: of them there is only the beginning. */
  readonly scattered: readonly NodePlace[];
}

/** What can be said of one lane. Nothing is missing without a reason when `missing` is empty. */
export interface LaneCompleteness extends LanePlace {
  readonly received: number;
  readonly first: number;
  readonly last: number;
  /** Neither here nor given up by the node: lost, or still on the way. */
  readonly missing: readonly SequenceRange[];
  /** Not here because the node has given them up, by reason. */
  readonly explained: Readonly<Record<string, number>>;
  readonly claimedTwice: readonly number[];
  /** The numbers of its node lie in too many pieces to read them all: there is more than this says. */
  readonly isScattered: boolean;
}

/**
 * Compares what is there with what must have been: each lane counts from 1 without holes. What comes after the last
 * number that was seen cannot be known.
 */
export function completenessOf(coverage: Coverage): LaneCompleteness[] {
  const lanes = Map.groupBy(coverage.runs, keyOf);
  const explained = Map.groupBy(coverage.explained, keyOf);
  const claimedTwice = Map.groupBy(coverage.claimedTwice, keyOf);
  return [...lanes].map(([key, runs]) => ({
    ...laneOf(
      runs,
      explained.get(key) ?? [],
      (claimedTwice.get(key) ?? []).map(({ sequence }) => sequence),
    ),
    isScattered: coverage.scattered.some(
      ({ site, node }) => site === runs[0]?.site && node === runs[0]?.node,
    ),
  }));
}

function laneOf(
  runs: readonly Run[],
  gaps: readonly ExplainedRun[],
  claimedTwice: readonly number[],
): Omit<LaneCompleteness, 'isScattered'> {
  const [firstRun, lastRun] = [runs[0] as Run, runs.at(-1) as Run];
  const { site, node, epoch, lane } = firstRun;
  let missing: SequenceRange[] = holesOf(runs);
  const explained: Record<string, number> = {};
  for (const { from, to, reason } of gaps) {
    const left = missing.flatMap((range) => without(range, [from, to]));
    const count = lengthOf(missing) - lengthOf(left);
    if (count > 0) explained[reason] = (explained[reason] ?? 0) + count;
    missing = left;
  }
  return {
    ...{ site, node, epoch, lane },
    received: lengthOf(runs.map(({ from, to }) => [from, to])),
    ...{ first: firstRun.from, last: lastRun.to, missing, explained, claimedTwice },
  };
}

/** What lies before the first and between the runs. */
function holesOf(runs: readonly Run[]): SequenceRange[] {
  return runs.flatMap(({ from }, at): SequenceRange[] => {
    const before = at === 0 ? 0 : (runs[at - 1] as Run).to;
    return from > before + 1 ? [[before + 1, from - 1]] : [];
  });
}

/** A range without another one: nothing, one piece or two. */
function without([from, to]: SequenceRange, [cutFrom, cutTo]: SequenceRange): SequenceRange[] {
  if (cutTo < from || cutFrom > to) return [[from, to]];
  const pieces: SequenceRange[] = [
    [from, cutFrom - 1],
    [cutTo + 1, to],
  ];
  return pieces.filter(([start, end]) => start <= end);
}

function lengthOf(ranges: readonly SequenceRange[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

function keyOf({ site, node, epoch, lane }: LanePlace): string {
  return [site, node, epoch, lane].join('/');
}
