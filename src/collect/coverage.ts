import { FieldnoteError } from '../system/errors.ts';
import type { Coverage, LanePlace } from './completeness.ts';

/** The questions behind the proof of completeness, in SQL that both SQLite and PostgreSQL understand. */

/** A database whose numbers lie more scattered than this is no collection of honest nodes. */
const ROWS_MAX = 200_000;

/** Runs of consecutive numbers: within one, number minus rank is the same ("gaps and islands"). */
const RUNS = `
  WITH place AS (SELECT DISTINCT site, node, epoch, lane, sequence FROM fieldnote_report),
  ranked AS (
    SELECT site, node, epoch, lane, sequence,
           sequence - row_number() OVER (PARTITION BY site, node, epoch, lane ORDER BY sequence) AS island
    FROM place
  )
  SELECT site, node, epoch, lane, min(sequence) AS first, max(sequence) AS last FROM ranked
  GROUP BY site, node, epoch, lane, island
  ORDER BY site, node, epoch, lane, first LIMIT ${ROWS_MAX}`;

const EXPLAINED = `
  SELECT site, node, epoch, lane, from_sequence AS first, to_sequence AS last, reason FROM fieldnote_gap
  WHERE lane IS NOT NULL AND from_sequence IS NOT NULL AND to_sequence IS NOT NULL
  ORDER BY site, node, epoch, lane, first LIMIT ${ROWS_MAX}`;

const CLAIMED_TWICE = `
  SELECT site, node, epoch, lane, sequence FROM fieldnote_report
  GROUP BY site, node, epoch, lane, sequence HAVING count(*) > 1
  ORDER BY site, node, epoch, lane, sequence LIMIT ${ROWS_MAX}`;

type Row = Readonly<Record<string, unknown>>;

/**
 * Asks the questions. Numbers may come as text: PostgreSQL gives 64-bit ones so.
 * @throws FieldnoteError SINK_REFUSED when there is more than anybody could read
 */
export async function coverageOf(rowsOf: (query: string) => Promise<readonly Row[]>): Promise<Coverage> {
  const [runs, explained, claimedTwice] = [
    await limited(rowsOf, RUNS),
    await limited(rowsOf, EXPLAINED),
    await limited(rowsOf, CLAIMED_TWICE),
  ];
  return {
    runs: runs.map((row) => ({ ...placeOf(row), ...rangeOf(row) })),
    explained: explained.map((row) => ({ ...placeOf(row), ...rangeOf(row), reason: `${row['reason']}` })),
    claimedTwice: claimedTwice.map((row) => ({ ...placeOf(row), sequence: Number(row['sequence']) })),
  };
}

async function limited(rowsOf: (query: string) => Promise<readonly Row[]>, query: string) {
  const rows = await rowsOf(query);
  if (rows.length < ROWS_MAX) return rows;
  throw new FieldnoteError('SINK_REFUSED', `the sequence numbers lie in over ${ROWS_MAX} pieces`);
}

function placeOf({ site, node, epoch, lane }: Row): LanePlace {
  return { site: `${site}`, node: `${node}`, epoch: `${epoch}`, lane: `${lane}` };
}

function rangeOf({ first, last }: Row): { from: number; to: number } {
  return { from: Number(first), to: Number(last) };
}
