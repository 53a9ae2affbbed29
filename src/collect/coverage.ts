import { FieldnoteError } from '../system/errors.ts';
import type { Coverage, LanePlace, NodePlace } from './completeness.ts';

/** The questions behind the proof of completeness, in SQL that both SQLite and PostgreSQL understand. */

/** What is read of one node: numbers that lie more scattered than this are not those of an honest one. */
export const PIECES_MAX = 2000;
/** Of all nodes. */
const ROWS_MAX = 1_000_000;

/** Runs of consecutive numbers: within one, number minus rank is the same ("gaps and islands"). */
const RUNS = `
  WITH place AS (SELECT DISTINCT site, node, epoch, lane, sequence FROM fieldnote_report),
  ranked AS (
    SELECT site, node, epoch, lane, sequence,
           sequence - row_number() OVER (PARTITION BY site, node, epoch, lane ORDER BY sequence) AS island
    FROM place
  )
  SELECT site, node, epoch, lane, min(sequence) AS first, max(sequence) AS last FROM ranked
  GROUP BY site, node, epoch, lane, island`;

const EXPLAINED = `
  SELECT site, node, epoch, lane, from_sequence AS first, to_sequence AS last, reason FROM fieldnote_gap
  WHERE lane IS NOT NULL AND from_sequence IS NOT NULL AND to_sequence IS NOT NULL`;

const CLAIMED_TWICE = `
  SELECT site, node, epoch, lane, sequence AS first FROM fieldnote_report
  GROUP BY site, node, epoch, lane, sequence HAVING count(*) > 1`;

type Row = Readonly<Record<string, unknown>>;

/**
 * Asks the questions. Numbers may come as text: PostgreSQL gives 64-bit ones so.
 * @throws FieldnoteError SINK_REFUSED when there is more than anybody could read
 */
export async function coverageOf(rowsOf: (query: string) => Promise<readonly Row[]>): Promise<Coverage> {
  const scattered = new Map<string, NodePlace>();
  const pieces = async (query: string) => {
    const rows = await limited(rowsOf, query);
    for (const row of rows)
      if (Number(row['piece']) > PIECES_MAX) scattered.set(`${row['site']}/${row['node']}`, placeOf(row));
    return rows.filter((row) => Number(row['piece']) <= PIECES_MAX);
  };
  const [runs, explained, claimedTwice] = [
    await pieces(RUNS),
    await pieces(EXPLAINED),
    await pieces(CLAIMED_TWICE),
  ];
  return {
    runs: runs.map((row) => ({ ...placeOf(row), ...rangeOf(row) })),
    explained: explained.map((row) => ({ ...placeOf(row), ...rangeOf(row), reason: `${row['reason']}` })),
    claimedTwice: claimedTwice.map((row) => ({ ...placeOf(row), sequence: Number(row['first']) })),
    scattered: [...scattered.values()].map(({ site, node }) => ({ site, node })),
  };
}

/** The first pieces of each node, and one more where it has more. */
async function limited(rowsOf: (query: string) => Promise<readonly Row[]>, query: string) {
  const rows = await rowsOf(`
    SELECT * FROM (
      SELECT found.*, row_number() OVER (PARTITION BY site, node ORDER BY epoch, lane, first) AS piece
      FROM (${query}) AS found
    ) AS numbered
    WHERE piece <= ${PIECES_MAX + 1} ORDER BY site, node, epoch, lane, first LIMIT ${ROWS_MAX}`);
  if (rows.length < ROWS_MAX) return rows;
  throw new FieldnoteError('SINK_REFUSED', `the sequence numbers lie in over ${ROWS_MAX} pieces`);
}

function placeOf({ site, node, epoch, lane }: Row): LanePlace {
  return { site: `${site}`, node: `${node}`, epoch: `${epoch}`, lane: `${lane}` };
}

function rangeOf({ first, last }: Row): { from: number; to: number } {
  return { from: Number(first), to: Number(last) };
}
