import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceDurably } from '../system/durable-file.ts';
import { orUnwritable, removeDurably } from './choice.ts';

/**
 * How a model that replaced another one has done so far, in `trial.json` beside its package, so that restarts and power
 * cuts do not begin the trial anew. The daemon counts; at the end the model stays or the one before it comes back.
 */
const trialSchema = z.strictObject({
  /** Of the model on trial. A file that names another one than the active is of no trial. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Times the judge process, or the whole daemon, came to an end with this model in it. */
  deaths: z.int().min(0),
  /** Time that it has judged. */
  watchedMs: z.number().min(0),
  /** Part of it in which its score was an alarm, or nonsense. */
  alarmMs: z.number().min(0),
  /** Share of alarms of the model before, over its last hour; null until the daemon has told. */
  alarmShareBefore: z.number().min(0).max(1).nullable(),
});

export type Trial = z.output<typeof trialSchema>;

const FILE = 'trial.json';

/** A trial at its beginning. */
export function newTrial(sha256: string): Trial {
  return { sha256, deaths: 0, watchedMs: 0, alarmMs: 0, alarmShareBefore: null };
}

/**
 * The trial of a model; undefined when it is not on trial.
 * @param folder of the asset's packages
 * @returns what the file says; a file that cannot be read or understood is no trial
 */
export async function readTrial(folder: string, sha256: string | undefined): Promise<Trial | undefined> {
  try {
    const trial = trialSchema.parse(JSON.parse(await readFile(join(folder, FILE), 'utf8')));
    return trial.sha256 === sha256 ? trial : undefined;
  } catch {
    return undefined;
  }
}

/** @throws {FieldnoteError} STORE_UNWRITABLE when the disk refuses */
export async function writeTrial(folder: string, trial: Trial): Promise<void> {
  const path = join(folder, FILE);
  await orUnwritable(path, () => replaceDurably(path, `${JSON.stringify(trial)}\n`));
}

/** The trial is over, however it ended. @throws {FieldnoteError} STORE_UNWRITABLE when the disk refuses */
export async function endTrial(folder: string): Promise<void> {
  await removeDurably(folder, FILE);
}
