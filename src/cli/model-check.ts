import { Judge } from '../judge/judge.ts';
import { channelsOf } from '../learning.ts';
import type { ModelPackage } from '../models/package.ts';
import { checkAgainstAsset, readModelPackage } from '../models/read-package.ts';
import { systemClock } from '../system/clock.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { activateWhenUp } from '../when-up.ts';
import type { CheckedAsset } from './asset-choice.ts';
import { shortSha } from './model-choice.ts';

const JUDGE_DEADLINE_MS = 10_000;
/** Deaths of the process after which the model is to blame, and how long it is tried at all. */
const DEATHS_MAX = 3;
const TRIAL_MS = 120_000;

/** One thing that is looked at before a model may judge. */
export interface Check {
  readonly what: 'package' | 'asset' | 'trial';
  readonly isPassed: boolean;
  /** What was found, or why it was refused. */
  readonly detail: string;
}

export interface CheckOptions {
  readonly folder: string;
  /** Undefined when only the package is asked about. */
  readonly asset: CheckedAsset | undefined;
  readonly onCheck: (check: Check) => void;
}

/**
 * Checks everything that is checked before a model may judge an asset: the files of the package, its fit to the asset,
 * and a trial inference in a judge process of its own.
 * @throws FieldnoteError MODEL_INVALID or MODEL_MISMATCH: why the first check failed; the later ones are left out
 */
export async function checkModel({ folder, asset, onCheck }: CheckOptions): Promise<ModelPackage> {
  const check = async (what: Check['what'], work: () => Promise<string>) => {
    try {
      onCheck({ what, isPassed: true, detail: await work() });
    } catch (error) {
      if (error instanceof FieldnoteError) onCheck({ what, isPassed: false, detail: messageOf(error) });
      throw error;
    }
  };
  const model = readModelPackage(folder);
  await check('package', async () => {
    const { name, version, sha256 } = (await model).manifest;
    return `${name} ${version}, both files are complete, sha256 ${shortSha(sha256)}`;
  });
  if (asset !== undefined)
    await check('asset', async () => {
      const { key, config } = asset;
      const columns = checkAgainstAsset(await model, channelsOf(config), config.window);
      const converted = columns.filter(({ factor, offset }) => factor !== 1 || offset !== 0).length;
      const units = converted === 0 ? 'units' : `units (${converted} are converted)`;
      return `its channels, ${units} and window fit ${key}`;
    });
  await check('trial', async () => {
    const tookMs = await tryOut(await model);
    return `the judge process loaded it and judged a trial window, ${tookMs.toFixed(0)} ms in all`;
  });
  return model;
}

/** As patient as the daemon: on a busy machine a process that does not come up says little about the model. */
async function tryOut(model: ModelPackage): Promise<number> {
  const judge = new Judge({
    clock: systemClock(() => 0),
    random: Math.random,
    deadlineMs: JUDGE_DEADLINE_MS,
    queueLengthMax: 1,
    onRestart() {},
  });
  const signal = AbortSignal.timeout(TRIAL_MS);
  let deaths = 0;
  const startedMs = performance.now();
  try {
    await activateWhenUp(() => judge.activate('trial', model), {
      signal,
      mayDie: () => ++deaths < DEATHS_MAX,
      onRetry: (message) => process.stderr.write(`${message}\n`),
    });
    if (signal.aborted)
      throw new FieldnoteError('CHILD_DEAD', `the judge process did not come up in ${TRIAL_MS / 1000} s`);
    return performance.now() - startedMs;
  } finally {
    await judge.stop();
  }
}
