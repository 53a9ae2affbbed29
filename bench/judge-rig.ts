import { join } from 'node:path';
import { seededRandom } from '../demo/noise.ts';
import { Judge } from '../src/judge/judge.ts';
import type { ModelPackage } from '../src/models/package.ts';
import { readModelPackage } from '../src/models/read-package.ts';
import { systemClock } from '../src/system/clock.ts';
import type { Verdict } from '../src/values/verdict.ts';
import type { Window } from '../src/values/window.ts';
import { ASSET } from './configuration.ts';
import { CHANNELS, reading } from './device.ts';
import { writeLearnedModel } from './learned-model.ts';

/** A judge with a model that has learned the healthy device, and a window of that device. */
export interface JudgeRig {
  readonly judge: Judge;
  readonly model: ModelPackage;
  readonly window: Window;
}

/** @param directory for the model package */
export async function startJudge(directory: string): Promise<JudgeRig> {
  const sha256 = await writeLearnedModel({ directory, rateHz: 1, stepMs: 1000 });
  const model = await readModelPackage(join(directory, sha256));
  const judge = createJudge();
  await judge.activate(ASSET, model);
  return { judge, model, window: healthyWindow(model) };
}

export function createJudge(): Judge {
  return new Judge({
    clock: systemClock(() => 0),
    random: Math.random,
    deadlineMs: 2000,
    queueLengthMax: 64,
    onRestart: (reason) => console.error(reason.message),
  });
}

/** With the memory that the model takes beside what it judges. */
function healthyWindow({ manifest }: ModelPackage): Window {
  const random = seededRandom(3);
  const rows = Array.from({ length: manifest.window.rows }, () => reading(random));
  return {
    asset: ASSET,
    endMs: 15_000,
    rateHz: 1,
    rows: rows.length,
    channels: CHANNELS.map(({ key }) => key),
    data: Float32Array.from(rows.flat()),
    coverage: CHANNELS.map(() => 1),
  };
}

/** @throws Error when there is no verdict */
export async function judged({ judge, window }: Pick<JudgeRig, 'judge' | 'window'>): Promise<Verdict> {
  const verdict = await judge.judge(window);
  if (verdict.kind === 'judged') return verdict;
  throw new Error(`a window was not judged: ${verdict.reason}`);
}
