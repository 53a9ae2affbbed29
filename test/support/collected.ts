import { DatabaseSync } from 'node:sqlite';
import { completenessOf, type LaneCompleteness } from '../../src/collect/completeness.ts';
import type { Sink } from '../../src/collect/sink.ts';
import { SqliteSink } from '../../src/collect/sqlite-sink.ts';
import type { NodeBooks } from './node-process.ts';

/** `<node> <lane> <number>` of every report in the file of a collector, and how many rows have an id of their own. */
export function collectedIn(path: string): { places: ReadonlySet<string>; rows: number; ids: number } {
  using database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare('SELECT node, lane, sequence, id FROM fieldnote_report').all();
  return {
    places: new Set(rows.map(({ node, lane, sequence }) => `${node} ${lane} ${sequence}`)),
    rows: rows.length,
    ids: new Set(rows.map(({ node, id }) => `${node} ${id}`)).size,
  };
}

export async function lanesIn(sink: Sink): Promise<LaneCompleteness[]> {
  const lanes = completenessOf(await sink.coverage());
  await sink.close();
  return lanes;
}

export function lanesInFile(path: string): Promise<LaneCompleteness[]> {
  return lanesIn(new SqliteSink(path));
}

/** What does not agree between the books of a node and those of the collector; nothing when both are right. */
export function balanceFaults(
  node: string,
  { epoch, totals }: NodeBooks,
  lanes: readonly LaneCompleteness[],
): string[] {
  const { accepted, delivered, pending, expired, evicted, quarantined } = totals;
  const found = [
    accepted !== delivered + pending + expired + evicted + quarantined && 'the books of the node are wrong',
    pending !== 0 && `${pending} wait`,
    ...lanes
      .filter((lane) => lane.node === node)
      .flatMap(({ lane, received, first, last, missing, ...place }) => [
        place.epoch !== epoch && `${lane}: it has another epoch`,
        missing.length > 0 && `${lane}: ${JSON.stringify(missing)} are missing`,
        (first !== 1 || last !== received) && `${lane}: ${first} to ${last}, but ${received} of them`,
        received !== totals.lanes[lane as keyof typeof totals.lanes]?.accepted &&
          `${lane}: the node accepted others`,
      ]),
    lanes.reduce((sum, lane) => sum + (lane.node === node ? lane.received : 0), 0) !== accepted &&
      `the node accepted ${accepted}`,
  ];
  return found.filter((fault) => fault !== false).map((fault) => `${node}: ${fault}`);
}
