import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { UPDATE_SUFFIX } from '../update/bundle.ts';
import { outcomeLine } from '../update/outcome-line.ts';
import { RELEASES_FOLDER, Releases } from '../update/releases.ts';
import { EXIT } from './exit.ts';

const LOOK_EVERY_MS = 250;

/**
 * `fieldnote update apply`: the updater is another process, so that nothing here can be half done.
 * @throws FieldnoteError BAD_ARGUMENT when the bundle cannot be given to it
 */
export async function updateApply(bundle: string, folder = RELEASES_FOLDER): Promise<void> {
  const releases = new Releases({ folder, configurationPath: '' });
  const waiting = await give(bundle, join(folder, 'incoming'));
  process.stderr.write(
    'the updater has it; this ends when it stays or was rolled back (journalctl -fu fieldnote-update)\n',
  );
  // It is taken away once it was refused or its trial begins; before that another one may come to its end.
  while (existsSync(waiting)) await sleep(LOOK_EVERY_MS);
  let state = await releases.state();
  for (const { trial } = state; trial && state.trial?.sequence === trial.sequence; ) {
    await sleep(LOOK_EVERY_MS);
    state = await releases.state();
  }
  if (state.last !== undefined) process.stdout.write(`${outcomeLine(state.last)}\n`);
  if (state.last?.result !== 'installed') process.exitCode = EXIT.failed;
}

async function give(bundle: string, incoming: string): Promise<string> {
  // What is named otherwise, or hidden, nobody takes.
  const name = `${basename(bundle, UPDATE_SUFFIX).replace(/^\.+/, '')}${UPDATE_SUFFIX}`;
  const [hidden, waiting] = [join(incoming, `.${name}`), join(incoming, name)];
  try {
    await mkdir(incoming, { recursive: true });
    await copyFile(bundle, hidden);
    await rename(hidden, waiting);
    return waiting;
  } catch (error) {
    const isForbidden = (error as NodeJS.ErrnoException).code === 'EACCES';
    const message = isForbidden
      ? 'only root may update this device: sudo fieldnote update apply …'
      : `${bundle} cannot be given to the updater: ${messageOf(error)}`;
    throw new FieldnoteError('BAD_ARGUMENT', message, { bundle }, error);
  }
}
