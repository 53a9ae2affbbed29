import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readModelPackage } from '../src/models/read-package.ts';
import { type BareModel, bareModel } from './bare-model.ts';
import { createJudge, judged } from './judge-rig.ts';
import { writeLearnedModel } from './learned-model.ts';
import type { Bench, Part } from './part.ts';
import { latencies } from './repeat.ts';
import { latencyRows, type Row } from './row.ts';

/** What a window costs in each model: the one that is learned and those that ship. And what a package weighs. */
export const models: Part = { name: 'models', measure };

const CALLS_PER_BLOCK = 300;

/** A package travels over links that carry little. */
const BUDGET_MIB = 1;

const SHIPPED_DIR = join(import.meta.dirname, '../models');

async function measure(bench: Bench): Promise<Row[]> {
  const learnedDir = join(bench.diskFolder, 'models');
  const sha256 = await writeLearnedModel({ directory: learnedDir, rateHz: 1, stepMs: 1000 });
  const shipped = readdirSync(SHIPPED_DIR).map((name) => join(SHIPPED_DIR, name));
  const isPackage = (directory: string) => existsSync(join(directory, 'model.onnx'));
  const rows: Row[] = [];
  for (const directory of [join(learnedDir, sha256), ...shipped.filter(isPackage)])
    rows.push(...(await rowsOf(directory, bench)));
  return rows;
}

async function rowsOf(directory: string, bench: Bench): Promise<Row[]> {
  const model = await bareModel(directory);
  const { name, window, run, runEmpty } = model;
  bench.say(`${name}: windows of ${window.rows} × ${window.channels.length} values, one by one`);
  const judge = createJudge();
  try {
    await judge.activate(name, await readModelPackage(directory));
    const calls = { run, empty: runEmpty, judge: () => judged({ judge, window }) };
    const times = await latencies(calls, CALLS_PER_BLOCK);
    const note = 'bare: session.run of an empty model with the same input';
    const baselineMs = times.empty;
    return [
      ...latencyRows({ name: `model ${name}`, valuesMs: times.run, baselineMs, note }),
      ...latencyRows({ name: `model ${name} by the judge`, valuesMs: times.judge, baselineMs, note }),
      sizeRow(model),
    ];
  } finally {
    await judge.stop();
  }
}

function sizeRow({ name, sizeBytes }: BareModel): Row {
  return {
    name: `model ${name}, package`,
    value: sizeBytes / 2 ** 20,
    unit: 'MiB',
    baseline: BUDGET_MIB,
    note: 'bare: its budget',
  };
}
