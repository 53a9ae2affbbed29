import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { totals } from '../store/ledger.ts';
import { openDatabase } from '../store/open.ts';
import { FieldnoteError } from '../system/errors.ts';

/** Room enough for what any store may hold. */
const SIZE_MAX_MIB = 65_536;

/** `fieldnote store salvage`: the way that the daemon goes by itself, on a copy. */
export async function storeSalvage(file: string, folder: string, options: { json?: boolean }): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0)
    throw new FieldnoteError('BAD_ARGUMENT', `${folder} is not empty: name a new folder for the new store`);
  const copy = join(folder, 'fieldnote.db.corrupt-1');
  await copyFile(file, copy, constants.COPYFILE_EXCL).catch((error) => {
    throw new FieldnoteError('BAD_ARGUMENT', `cannot read ${file}: ${error.message}`, { file }, error);
  });
  await copyFile(`${file}-wal`, `${copy}-wal`).catch(() => {});
  const settings = { dataDir: folder, sizeMaxMiB: SIZE_MAX_MIB, bootId: '' };
  const database = openDatabase(settings, randomBytes(8).toString('hex'));
  try {
    const { pending, lanes } = totals(database);
    const { epoch, notice } = database;
    const text = `${join(folder, 'fieldnote.db')} is a new store with epoch ${epoch}: ${notice}`;
    process.stdout.write(
      `${options.json ? JSON.stringify({ epoch, pending, lanes, notice }, null, 2) : text}\n`,
    );
  } finally {
    database.close();
  }
}
