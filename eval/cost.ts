import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareModel } from '../bench/bare-model.ts';
import { writeLearnedModel } from '../bench/learned-model.ts';
import { latencies } from '../bench/repeat.ts';
import { median } from '../bench/statistics.ts';
import type { Figure, Part } from './part.ts';

/** What one verdict costs in onnxruntime on one core, and what a package weighs. */

const CLASSIFIER = join(import.meta.dirname, '../models/bearing');
const CALLS_PER_BLOCK = 500;
const MEBIBYTE = 1024 * 1024;

const microseconds = { unit: 'µs', decimals: 1 } as const;
const mebibytes = { unit: 'MiB', decimals: 3 } as const;

export const learnedCost: Part = {
  name: 'cost',
  bars: [
    { name: 'learned model, one window', limit: { atMost: 20 }, ...microseconds, best: '' },
    { name: 'learned model, package', limit: { atMost: 1 }, ...mebibytes, best: '' },
  ],
  async measure({ progress }) {
    progress('the learned model and an empty one, in turns');
    const directory = await mkdtemp(join(tmpdir(), 'fieldnote-eval-'));
    try {
      const sha256 = await writeLearnedModel({ directory, rateHz: 1, stepMs: 1000 });
      return await costOf(join(directory, sha256), 1000);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

export const classifierCost: Part = {
  name: 'classifier-cost',
  needs: { path: 'models/bearing', of: 'repository' },
  bars: [
    {
      name: 'bearing classifier, one window',
      limit: { atMost: 1 },
      unit: 'ms',
      decimals: 3,
      best: '',
    },
    { name: 'bearing classifier, package', limit: { atMost: 1 }, ...mebibytes, best: '' },
  ],
  measure({ progress }) {
    progress('the classifier and an empty model, in turns');
    return costOf(CLASSIFIER, 1);
  },
};

/** @param perMs how many of the unit of time are a millisecond */
async function costOf(directory: string, perMs: number): Promise<Figure[]> {
  const { run, runEmpty, sizeBytes } = await bareModel(directory);
  const timesMs = await latencies({ model: run, empty: runEmpty }, CALLS_PER_BLOCK);
  const [modelMs, emptyMs] = [quietMedian(timesMs.model), quietMedian(timesMs.empty)];
  const emptyText = `${(perMs * emptyMs).toPrecision(3)} for a model that does nothing`;
  const baseline = `${(modelMs / emptyMs).toFixed(1)} times the ${emptyText}, same input`;
  return [
    { value: perMs * modelMs, baseline },
    { value: sizeBytes / MEBIBYTE, baseline: `${sizeBytes} bytes` },
  ];
}

/** Median of the block of calls that the machine disturbed least: other work is no cost of a model. */
function quietMedian(timesMs: readonly number[]): number {
  const starts = Array.from(
    { length: timesMs.length / CALLS_PER_BLOCK },
    (_, block) => block * CALLS_PER_BLOCK,
  );
  return Math.min(...starts.map((start) => median(timesMs.slice(start, start + CALLS_PER_BLOCK))));
}
