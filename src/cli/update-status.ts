import { outcomeLine } from '../update/outcome-line.ts';
import { RELEASES_FOLDER, Releases, type State } from '../update/releases.ts';

/** `fieldnote update status`. */
export async function updateStatus({ json }: { json?: boolean }): Promise<void> {
  const state = await new Releases({ folder: RELEASES_FOLDER, configurationPath: '' }).state();
  process.stdout.write(`${json ? JSON.stringify(state, null, 2) : textOf(state)}\n`);
}

function textOf({ current, trial, last, highestSequence }: State): string {
  const inUse = current ? `update ${current.sequence} (${current.name})` : 'the package';
  return [
    `in use: ${inUse}`,
    ...(trial ? [`being tried: update ${trial.sequence} (${trial.name})`] : []),
    last ? `last: ${outcomeLine(last)}, ${last.at}` : 'no update was ever here',
    `the next one needs a sequence of ${highestSequence + 1} or more`,
  ].join('\n');
}
