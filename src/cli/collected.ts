import { existsSync } from 'node:fs';
import { completenessOf, type LaneCompleteness } from '../collect/completeness.ts';
import { FieldnoteError } from '../system/errors.ts';
import { isPostgres, sinkAt } from './sink-choice.ts';
import { alignedRows } from './table.ts';

const HEADINGS = ['node', 'epoch', 'lane', 'received', 'first', 'last', 'missing', 'given up by the node'];
const RANGES_SHOWN_MAX = 5;

/**
 * `fieldnote collected`: what is there of each node, epoch and lane, and what is missing.
 * @returns whether everything is there or explained
 */
export async function collectedCommand(from: string, { json = false }: { json?: boolean }): Promise<boolean> {
  if (!isPostgres(from) && !existsSync(from))
    throw new FieldnoteError('BAD_ARGUMENT', `${from} does not exist: nothing was collected there`);
  const sink = sinkAt(from);
  try {
    const lanes = completenessOf(await sink.coverage());
    process.stdout.write(`${json ? JSON.stringify(lanes, null, 2) : tableOf(lanes)}\n`);
    return lanes.every(
      ({ missing, claimedTwice, isScattered }) =>
        missing.length === 0 && claimedTwice.length === 0 && !isScattered,
    );
  } finally {
    await sink.close();
  }
}

function tableOf(lanes: readonly LaneCompleteness[]): string {
  if (lanes.length === 0) return 'nothing has been collected yet';
  return alignedRows([HEADINGS, ...lanes.map(cellsOf)]).join('\n');
}

function cellsOf(of: LaneCompleteness): string[] {
  const { site, node, epoch, lane, received, first, last, missing, explained, claimedTwice, isScattered } =
    of;
  const reasons = Object.entries(explained).map(([reason, count]) => `${count} ${reason}`);
  const twice = claimedTwice.length === 0 ? '' : `, ${claimedTwice.length} claimed twice: a copied store`;
  const scattered = isScattered ? ', and more: its numbers lie in too many pieces' : '';
  return [
    `${site}/${node}`,
    epoch.slice(0, 12),
    lane,
    ...[received, first, last].map(String),
    `${shown(missing)}${twice}${scattered}`,
    reasons.join(', ') || '–',
  ];
}

function shown(missing: LaneCompleteness['missing']): string {
  if (missing.length === 0) return 'nothing';
  const ranges = missing
    .slice(0, RANGES_SHOWN_MAX)
    .map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));
  const more = missing.length - ranges.length;
  return `${ranges.join(' ')}${more > 0 ? ` and ${more} more` : ''}`;
}
