import { access, constants, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ListedModel, listModels, modelDir } from '../models/active.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';

const PREFIX = /^[0-9a-f]{4,64}$/;
/** Enough of a sha256 to tell a handful of packages apart. */
const SHOWN_LENGTH = 12;

export interface ChosenModel {
  readonly folder: string;
  /** Of a package that the asset has already; undefined for a folder from elsewhere. */
  readonly sha256: string | undefined;
}

/**
 * The package that a person means: the beginning of the sha256 of one that the asset has, or a folder.
 * @throws FieldnoteError BAD_ARGUMENT when it is neither, or means several
 */
export async function chosenModel(dataDir: string, asset: string, text: string): Promise<ChosenModel> {
  const models = await packagesOf(dataDir, asset);
  const found = PREFIX.test(text) ? models.filter(({ sha256 }) => sha256.startsWith(text)) : [];
  if (found.length > 1) throw unclear(asset, text, found);
  const sha256 = found[0]?.sha256;
  if (sha256 !== undefined) return { folder: modelDir(dataDir, asset, sha256), sha256 };
  const isFolder = await stat(text).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (isFolder) return { folder: resolve(text), sha256: undefined };
  const known = models.map((model) => shortSha(model.sha256)).join(', ') || 'none yet';
  const message = `${text} is no folder, and no package of ${asset} begins with it; it has: ${known}`;
  throw new FieldnoteError('BAD_ARGUMENT', message, { asset, text });
}

/**
 * The package of an asset whose sha256 begins like this, or the active one.
 * @throws FieldnoteError BAD_ARGUMENT when there is none, or several
 */
export async function listedModel(dataDir: string, asset: string, prefix?: string): Promise<ListedModel> {
  const models = await packagesOf(dataDir, asset);
  const found = models.filter((model) =>
    prefix === undefined ? model.isActive : model.sha256.startsWith(prefix),
  );
  if (found.length > 1) throw unclear(asset, prefix ?? '', found);
  if (found[0] !== undefined) return found[0];
  const known = models.map((model) => shortSha(model.sha256)).join(', ') || 'none yet';
  const which = prefix === undefined ? 'no active package' : `no package that begins with ${prefix}`;
  throw new FieldnoteError('BAD_ARGUMENT', `${asset} has ${which}; it has: ${known}`, { asset, prefix });
}

/**
 * Every package of an asset, the newest first.
 * @throws FieldnoteError STORE_UNWRITABLE when this user may not look into the data folder
 */
export async function packagesOf(dataDir: string, asset: string): Promise<ListedModel[]> {
  for (const folder of [dataDir, join(dataDir, 'models'), join(dataDir, 'models', asset)]) {
    await access(folder, constants.R_OK | constants.X_OK).catch((error) => {
      if (error.code === 'ENOENT') return;
      const message = `cannot read ${folder}: ${messageOf(error)}; run this as root or as the user of the daemon`;
      throw new FieldnoteError('STORE_UNWRITABLE', message, { folder }, error);
    });
  }
  return listModels(dataDir, asset);
}

export function shortSha(sha256: string): string {
  return sha256.slice(0, SHOWN_LENGTH);
}

function unclear(asset: string, text: string, found: readonly ListedModel[]): FieldnoteError {
  const names = found.map(({ sha256 }) => shortSha(sha256)).join(', ');
  const message = `${text} begins the name of ${found.length} packages of ${asset} (${names}): give more of it`;
  return new FieldnoteError('BAD_ARGUMENT', message, { asset, text });
}
