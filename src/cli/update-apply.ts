import { copyFile, mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FieldnoteError } from '../system/errors.ts';
import { UPDATE_SUFFIX } from '../update/bundle.ts';
import { outcomeLine } from '../update/outcome-line.ts';
import { RELEASES_FOLDER, Releases } from '../update/releases.ts';

const LOOK_EVERY_MS = 500;

/** `fieldnote update apply`: the updater is another process, so that nothing here can be half done. */
export async function updateApply(bundle: string): Promise<void> {
  const releases = new Releases({ folder: RELEASES_FOLDER, configurationPath: '' });
  const before = (await releases.state()).last;
  const incoming = join(RELEASES_FOLDER, 'incoming');
  // What is named otherwise, or hidden, nobody takes.
  const name = `${basename(bundle, UPDATE_SUFFIX).replace(/^\.+/, '')}${UPDATE_SUFFIX}`;
  try {
    await mkdir(incoming, { recursive: true });
    const copy = join(incoming, `.${name}`);
    await copyFile(bundle, copy);
    await rename(copy, join(incoming, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    throw new FieldnoteError(
      'BAD_ARGUMENT',
      'only root may update this device: sudo fieldnote update apply …',
      {},
      error,
    );
  }
  process.stderr.write(
    'the updater has it; this ends when it stays or was rolled back (journalctl -fu fieldnote-update)\n',
  );
  for (;;) {
    const { last } = await releases.state();
    if (last !== undefined && last.at !== before?.at) {
      process.stdout.write(`${outcomeLine(last)}\n`);
      if (last.result !== 'installed') process.exitCode = 1;
      return;
    }
    await sleep(LOOK_EVERY_MS);
  }
}
