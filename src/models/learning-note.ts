import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../system/clock.ts';

/**
 * How far the learning of an asset has come, in `learning.json` beside its packages. The rows themselves are in the
 * store, which only the daemon can open; this is for people, so it is not made durable and nothing depends on it.
 */
const learningNoteSchema = z.strictObject({
  /** Share of the learning that is done, 0 to 1. */
  learned: z.number().min(0).max(1),
  /** When that was, Unix milliseconds, as good as the clock of the device. */
  wallMs: z.number(),
  /** The last period that made no model, and why. */
  rejected: z.strictObject({ reason: z.string().max(1000), wallMs: z.number() }).nullable(),
});

export type LearningNote = z.output<typeof learningNoteSchema>;

const FILE = 'learning.json';
const REASON_LENGTH_MAX = 1000;

/**
 * What the daemon noted last; undefined when nothing is being learned, or the file says nothing that makes sense.
 * @param folder of the asset's packages
 */
export async function readLearningNote(folder: string): Promise<LearningNote | undefined> {
  try {
    return learningNoteSchema.parse(JSON.parse(await readFile(join(folder, FILE), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Writes the note, one write after the other. A disk that refuses costs the note and nothing else. */
export class LearningNotes {
  readonly #folder: string;
  readonly #clock: Pick<Clock, 'wallMs'>;
  #rejected: LearningNote['rejected'] | undefined;
  #latest: Promise<void> = Promise.resolve();

  constructor({ folder, clock }: { folder: string; clock: Pick<Clock, 'wallMs'> }) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** So much is learned now. */
  learned(learned: number): void {
    this.#do(() => this.#write(learned));
  }

  /** A period made no model; it begins anew. */
  rejected(reason: string): void {
    this.#rejected = { reason: reason.slice(0, REASON_LENGTH_MAX), wallMs: this.#clock.wallMs() };
    this.#do(() => this.#write(0));
  }

  /** Nothing is being learned any more. */
  end(): void {
    this.#rejected = null;
    this.#do(() => rm(join(this.#folder, FILE), { force: true }));
  }

  /** Resolves when everything so far is written, or was refused. */
  settled(): Promise<void> {
    return this.#latest;
  }

  async #write(learned: number): Promise<void> {
    this.#rejected ??= (await readLearningNote(this.#folder))?.rejected ?? null;
    const note: LearningNote = { learned, wallMs: this.#clock.wallMs(), rejected: this.#rejected };
    const path = join(this.#folder, FILE);
    await mkdir(this.#folder, { recursive: true });
    await writeFile(`${path}.new`, `${JSON.stringify(note)}\n`);
    await rename(`${path}.new`, path);
  }

  #do(work: () => Promise<void>): void {
    this.#latest = this.#latest.then(work).catch(() => undefined);
  }
}
