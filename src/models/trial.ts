import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceDurably } from '../system/durable-file.ts';
import { orUnwritable, removeDurably } from './choice.ts';

/**
 * How a model that replaced another one has done so far, in `<sha256>.trial.json` beside its package, so that restarts and
 * power cuts do not begin the trial anew. The daemon counts; at the end the model stays or the one before it comes back.
 * Each model has its own file: the daemon may still write about one when a command has activated the next.
 */
const trialSchema = z.strictObject({
  /** Of the model on trial. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Times that the judge process, or the daemon while it was unsettled, came to an end with this model in it. */
  deaths: z.int().min(0),
  /** It was loaded and has not yet judged for a minute. A daemon that starts and finds it so counts a death. */
  isUnsettled: z.boolean(),
  /** Windows that it has judged. */
  verdicts: z.int().min(0),
  /** Those of them whose score was an alarm, or nonsense. */
  alarms: z.int().min(0),
  /** Share of alarms of the model before, over its last hour; null until the daemon has told. */
  alarmShareBefore: z.number().min(0).max(1).nullable(),
});

export type Trial = z.output<typeof trialSchema>;

export type TrialOutcome =
  | { readonly kind: 'running' | 'passed' }
  /** The model must go. */
  | { readonly kind: 'failed'; readonly why: string };

const LASTS_MS = 3_600_000;
const SETTLES_MS = 60_000;
/** Of slow assets: fewer verdicts say nothing. */
const VERDICTS_MIN = 20;
const DEATHS_MAX = 3;
/** More than this is "most of the time". */
const ALARM_SHARE_MAX = 0.5;

/** Verdicts that a trial lasts, and those after which a model has settled, for windows so far apart. */
export function trialLength(stepMs: number): { readonly verdicts: number; readonly settling: number } {
  return {
    verdicts: Math.max(VERDICTS_MIN, Math.ceil(LASTS_MS / stepMs)),
    settling: Math.max(1, Math.ceil(SETTLES_MS / stepMs)),
  };
}

/** A trial at its beginning. */
export function newTrial(sha256: string): Trial {
  return { sha256, deaths: 0, isUnsettled: false, verdicts: 0, alarms: 0, alarmShareBefore: null };
}

/** The model is about to be loaded. */
export function loading(trial: Trial, alarmShareBefore: number): Trial {
  return {
    ...trial,
    deaths: trial.deaths + Number(trial.isUnsettled),
    isUnsettled: true,
    alarmShareBefore: trial.alarmShareBefore ?? alarmShareBefore,
  };
}

/** What a trial comes to after so many verdicts. */
export function outcomeOf(
  { deaths, verdicts, alarms, alarmShareBefore }: Trial,
  verdictsWanted: number,
): TrialOutcome {
  if (deaths >= DEATHS_MAX) return { kind: 'failed', why: `its process ended ${deaths} times` };
  const before = alarmShareBefore ?? 0;
  const isLoud = alarms > ALARM_SHARE_MAX * verdictsWanted && before <= ALARM_SHARE_MAX;
  if (isLoud) {
    const why = `it found ${alarms} of its first ${verdicts} windows abnormal, the model before it ${percent(before)}`;
    return { kind: 'failed', why };
  }
  return { kind: verdicts >= verdictsWanted ? 'passed' : 'running' };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/**
 * The trial of a model; undefined when it is not on trial.
 * @param folder of the asset's packages
 * @returns what the file says; a file that cannot be read or understood is no trial
 */
export async function readTrial(folder: string, sha256: string | undefined): Promise<Trial | undefined> {
  if (sha256 === undefined) return undefined;
  try {
    const trial = trialSchema.parse(JSON.parse(await readFile(join(folder, fileOf(sha256)), 'utf8')));
    return trial.sha256 === sha256 ? trial : undefined;
  } catch {
    return undefined;
  }
}

/** @throws {FieldnoteError} STORE_UNWRITABLE when the disk refuses */
export async function writeTrial(folder: string, trial: Trial): Promise<void> {
  const path = join(folder, fileOf(trial.sha256));
  await orUnwritable(path, () => replaceDurably(path, `${JSON.stringify(trial)}\n`));
}

/** The trial of a model is over, however it ended. @throws {FieldnoteError} STORE_UNWRITABLE when the disk refuses */
export async function endTrial(folder: string, sha256: string): Promise<void> {
  await removeDurably(folder, fileOf(sha256));
}

function fileOf(sha256: string): string {
  return `${sha256}.trial.json`;
}
