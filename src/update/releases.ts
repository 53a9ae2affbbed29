import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, link, mkdir, readdir, readFile, rename, rm, statfs, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { replaceDurably, syncFolder, writeDurably } from '../system/durable-file.ts';
import { FieldnoteError } from '../system/errors.ts';
import { bringsAgent, bringsConfiguration, bringsModels, contentBytesOf, type Manifest } from './bundle.ts';
import { unpack } from './unpack.ts';

/**
 * The releases of a device, in one folder that belongs to root:
 *
 *     <sequence>/   agent/ and models/, what the update did not bring taken over from the release before it;
 *                   fieldnote.yaml if it brought one, and before.yaml, the configuration before it
 *     current       link to the release in use; none means the program that the package has installed
 *     state.json    what is being tried, and what came of the last update; everybody may read it
 *     incoming/     bundles that wait
 */
export const RELEASES_FOLDER = '/var/lib/fieldnote-releases';
/** Left free on the disk for the store. */
const SPARE_BYTES = 64 * 1024 * 1024;
const PAYLOAD = 'payload.part';

const release = z.strictObject({
  sequence: z.int().min(1),
  name: z.string(),
  /** Of the store that its agent writes; absent when the agent is the package's. */
  storeSchema: z.int().optional(),
});
export type Release = z.infer<typeof release>;

const trial = release.extend({
  healthWindowS: z.number(),
  /** The start of the agent that was before the trial. */
  invocationBefore: z.string(),
  /** How often the device has started during the trial. */
  boots: z.int().min(0),
  /** Why it is on its way back. */
  failure: z.string().optional(),
});
export type Trial = z.infer<typeof trial>;

export const outcomeSchema = z.strictObject({
  at: z.iso.datetime(),
  result: z.enum(['installed', 'rolled back', 'refused']),
  sequence: z.int().optional(),
  name: z.string().optional(),
  reason: z.string().optional(),
});
/** What came of an update. */
export type Outcome = z.infer<typeof outcomeSchema>;

const state = z.strictObject({
  highestSequence: z.int().min(0),
  /** When the newest update that was tried had been made: it is later than that, whatever the clock says. */
  latestCreatedAt: z.iso.datetime().optional(),
  current: release.optional(),
  previous: release.optional(),
  trial: trial.optional(),
  last: outcomeSchema.optional(),
});
export type State = z.infer<typeof state>;

export interface ReleasesOptions {
  readonly folder: string;
  /** The configuration that the agent reads. */
  readonly configurationPath: string;
}

/** Every change leaves the folder so that `recover` finds a release that works, whenever the power is cut. */
export class Releases {
  readonly payloadPath: string;
  readonly #folder: string;
  readonly #configurationPath: string;

  constructor({ folder, configurationPath }: ReleasesOptions) {
    this.#folder = folder;
    this.#configurationPath = configurationPath;
    this.payloadPath = join(folder, PAYLOAD);
  }

  /** @throws FieldnoteError UPDATE_FAILED when the file is damaged */
  async state(): Promise<State> {
    const path = join(this.#folder, 'state.json');
    if (!existsSync(path)) return { highestSequence: 0 };
    const text = await readFile(path, 'utf8');
    try {
      return state.parse(JSON.parse(text));
    } catch (error) {
      const message = `${path} is damaged: move it away, and updates begin anew; the release in use stays`;
      throw new FieldnoteError('UPDATE_FAILED', message, { path }, error);
    }
  }

  /** Whether the release in use brings its own agent; a package that was installed after it has removed that. */
  hasAgent(): boolean {
    return existsSync(join(this.#folder, 'current/agent'));
  }

  /** @throws FieldnoteError UPDATE_REFUSED when an update would not leave room for the store */
  async expectRoomFor(manifest: Manifest): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder);
    const needed = manifest.payload.sizeBytes + contentBytesOf(manifest) + SPARE_BYTES;
    if (bavail * bsize >= needed) return;
    const missingMiB = Math.ceil((needed - bavail * bsize) / 1024 / 1024);
    throw new FieldnoteError('UPDATE_REFUSED', `${missingMiB} MiB more have to be free for it on the disk`, {
      neededBytes: needed,
    });
  }

  /**
   * Lays out a release from the payload that was taken; nothing uses it yet.
   * @returns its folder
   */
  async stage(manifest: Manifest): Promise<string> {
    const final = join(this.#folder, String(manifest.sequence));
    const part = `${final}.part`;
    await rm(part, { recursive: true, force: true });
    await rm(final, { recursive: true, force: true });
    await mkdir(part, { mode: 0o755 });
    await unpack(this.payloadPath, manifest, part);
    await rm(this.payloadPath);
    const current = join(this.#folder, 'current');
    if (!bringsAgent(manifest)) await linkTree(join(current, 'agent'), join(part, 'agent'));
    if (!bringsModels(manifest)) await linkTree(join(current, 'models'), join(part, 'models'));
    if (bringsConfiguration(manifest))
      await writeDurably(join(part, 'before.yaml'), await readFile(this.#configurationPath));
    await syncFileSystemOf(part);
    await rename(part, final);
    await syncFolder(this.#folder);
    return final;
  }

  /** Remembers that a release is only tried, before anything starts from it. */
  async beginTrial(manifest: Manifest, invocationBefore: string): Promise<Trial> {
    const { sequence, name, healthWindowS, createdAt } = manifest;
    const before = await this.state();
    const storeSchema = manifest.storeSchema ?? before.current?.storeSchema;
    const schema = storeSchema && { storeSchema };
    const begun = { sequence, name, ...schema, healthWindowS, invocationBefore, boots: 0 };
    const latestCreatedAt = later(before.latestCreatedAt, createdAt);
    await this.#write({ ...before, highestSequence: sequence, latestCreatedAt, trial: begun });
    return begun;
  }

  /** Lets the agent start from the release; once more after a power cut. */
  async putInPlace({ sequence }: Trial): Promise<void> {
    const brought = join(this.#folder, String(sequence), 'fieldnote.yaml');
    if (existsSync(brought)) await this.#configure(await readFile(brought));
    await this.#pointTo(sequence);
  }

  async countBoot(trying: Trial): Promise<Trial> {
    const counted = { ...trying, boots: trying.boots + 1 };
    await this.#write({ ...(await this.state()), trial: counted });
    return counted;
  }

  async confirm({ sequence, name, storeSchema }: Trial, at: Date): Promise<Outcome> {
    const { current, ...before } = await this.state();
    const confirmed: Release = { sequence, name, ...(storeSchema && { storeSchema }) };
    const last: Outcome = { at: at.toISOString(), result: 'installed', sequence, name };
    await this.#write({
      ...withoutTrial(before),
      current: confirmed,
      ...(current ? { previous: current } : { previous: undefined }),
      last,
    });
    await this.#removeOthers([sequence, current?.sequence]);
    return last;
  }

  /** Back to the release before the trial, with its configuration unless somebody has changed it since. */
  async rollBack(trying: Trial, reason: string, at: Date): Promise<Outcome> {
    // First of all the decision, so that a power cut on the way back leads back as well.
    await this.#write({ ...(await this.state()), trial: { ...trying, failure: reason } });
    const { current } = await this.state();
    await this.#leave(trying.sequence);
    await this.#pointTo(current?.sequence);
    const { sequence, name } = trying;
    const last: Outcome = { at: at.toISOString(), result: 'rolled back', sequence, name, reason };
    await this.#write({ ...withoutTrial(await this.state()), last });
    await this.#removeOthers([current?.sequence, (await this.state()).previous?.sequence]);
    return last;
  }

  async refuse(
    reason: string,
    at: Date,
    about: Partial<Pick<Manifest, 'sequence' | 'name'>>,
  ): Promise<Outcome> {
    const last: Outcome = { at: at.toISOString(), result: 'refused', ...about, reason };
    const { current, previous, trial } = await this.state();
    await this.#write({ ...(await this.state()), last });
    await rm(this.payloadPath, { force: true });
    await this.#removeOthers([current?.sequence, previous?.sequence, trial?.sequence]);
    return last;
  }

  async #leave(sequence: number): Promise<void> {
    const folder = join(this.#folder, String(sequence));
    const [before, brought] = [join(folder, 'before.yaml'), join(folder, 'fieldnote.yaml')];
    if (!existsSync(before)) return;
    const isThere = existsSync(this.#configurationPath);
    if (!isThere || (await readFile(this.#configurationPath)).equals(await readFile(brought)))
      await this.#configure(await readFile(before));
  }

  async #configure(content: Buffer): Promise<void> {
    const fresh = `${this.#configurationPath}.update`;
    await replaceDurably(fresh, content);
    await chmod(fresh, 0o644);
    await rename(fresh, this.#configurationPath);
    await syncFolder(join(this.#configurationPath, '..'));
  }

  async #pointTo(sequence: number | undefined): Promise<void> {
    const current = join(this.#folder, 'current');
    if (sequence === undefined) {
      await rm(current, { force: true });
    } else {
      await rm(`${current}.new`, { force: true });
      await symlink(String(sequence), `${current}.new`);
      await rename(`${current}.new`, current);
    }
    await syncFolder(this.#folder);
  }

  async #write(next: State): Promise<void> {
    const path = join(this.#folder, 'state.json');
    await replaceDurably(path, `${JSON.stringify(next, null, 2)}\n`);
    await chmod(path, 0o644);
  }

  async #removeOthers(kept: readonly (number | undefined)[]): Promise<void> {
    for (const name of await readdir(this.#folder))
      if (/^\d+(\.part)?$/.test(name) && !kept.includes(Number(name)))
        await rm(join(this.#folder, name), { recursive: true, force: true });
  }
}

function later(one: string | undefined, other: string): string {
  return one !== undefined && Date.parse(one) > Date.parse(other) ? one : other;
}

function withoutTrial({ trial: _, ...rest }: State): State {
  return rest;
}

/** The same files under another name; nothing when there are none. */
async function linkTree(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  await mkdir(to, { recursive: true, mode: 0o755 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    else await link(source, target);
  }
}

/** Thousands of files at once, where one after the other would take minutes on a card. */
async function syncFileSystemOf(folder: string): Promise<void> {
  await promisify(execFile)('sync', ['--file-system', folder]);
}
