import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installModel, modelDir } from '../models/active.ts';

/**
 * Runs `work` as the user who owns the data folder when this is root, who would otherwise leave files that the daemon,
 * a user of its own, can neither read nor replace. Being that user while writing, instead of handing files over
 * afterwards, also means that no link which somebody put into the folder leads root anywhere.
 * Without such a folder, or as anybody else, it just runs.
 */
export async function asDataOwner<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  const { geteuid, seteuid, setegid } = process;
  const owner = await stat(dataDir).catch(() => undefined);
  if (owner === undefined || owner.uid === 0 || geteuid?.() !== 0) return work();
  setegid?.(owner.gid);
  seteuid?.(owner.uid);
  try {
    return await work();
  } finally {
    seteuid?.(0);
    setegid?.(0);
  }
}

/**
 * Copies a package into the packages of an asset as `asDataOwner` does. Root may read what the owner of the data may not,
 * such as a folder in its home; so it is copied to a place first that both may read.
 * @returns sha256 of it
 * @throws FieldnoteError MODEL_INVALID naming what is wrong with it; STORE_UNWRITABLE when the disk refuses
 */
export async function installAsDataOwner(dataDir: string, asset: string, folder: string): Promise<string> {
  const umaskBefore = process.umask(0o022);
  const staging = await mkdtemp(join(tmpdir(), 'fieldnote-install-'));
  try {
    await chmod(staging, 0o755);
    const sha256 = await installModel(staging, asset, folder);
    const staged = modelDir(staging, asset, sha256);
    return await asDataOwner(dataDir, () => installModel(dataDir, asset, staged));
  } finally {
    process.umask(umaskBefore);
    await rm(staging, { recursive: true, force: true });
  }
}
