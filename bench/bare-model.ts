import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { trialInput } from '../src/judge/trial-window.ts';
import { onnxModel } from '../src/learn/onnx.ts';
import { readModelPackage } from '../src/models/read-package.ts';
import type { Window } from '../src/values/window.ts';

/** A model package in this process, on one thread, beside a model that does nothing. */
export interface BareModel {
  readonly name: string;
  /** The window that `run` takes, as the judge takes it. */
  readonly window: Window;
  run(): Promise<unknown>;
  /** Takes the same inputs and gives a constant: what calling ONNX Runtime costs. */
  runEmpty(): Promise<unknown>;
  /** Of all its files, without the folders below it. */
  readonly sizeBytes: number;
}

const ONE_THREAD = { intraOpNumThreads: 1, interOpNumThreads: 1 } as const;

/**
 * Loads a model package.
 * @throws FieldnoteError MODEL_INVALID
 */
export async function bareModel(directory: string): Promise<BareModel> {
  const { manifest, onnxPath } = await readModelPackage(directory);
  const { name, channels } = manifest;
  const { rateHz, rows } = manifest.window;
  const { data, constants = {} } = trialInput(manifest);
  const inputs = {
    window: new Tensor('float32', data, [rows, channels.length]),
    ...Object.fromEntries(Object.entries(constants).map(([key, value]) => [key, scalar(value)])),
  };
  const session = await InferenceSession.create(onnxPath, ONE_THREAD);
  const empty = await InferenceSession.create(emptyModel(inputs), ONE_THREAD);
  const names = channels.map((channel) => channel.name);
  const coverage = names.map(() => 1);
  return {
    name,
    window: { asset: name, endMs: 0, rateHz, rows, channels: names, data, coverage, constants },
    run: () => session.run(inputs),
    runEmpty: () => empty.run(inputs),
    sizeBytes: await sizeOf(directory),
  };
}

function scalar(value: number): Tensor {
  return new Tensor('float32', Float32Array.of(value), [1]);
}

function emptyModel(inputs: Readonly<Record<string, Tensor>>): Uint8Array {
  return onnxModel({
    name: 'empty',
    inputs: Object.entries(inputs).map(([name, { dims }]) => ({ name, shape: dims })),
    outputs: [{ name: 'score', shape: [1] }],
    constants: [{ name: 'zero', shape: [1], values: Float32Array.of(0) }],
    nodes: [{ type: 'Identity', inputs: ['zero'], output: 'score' }],
  });
}

async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory);
  const files = await Promise.all(names.map((name) => stat(join(directory, name))));
  return files.filter((file) => file.isFile()).reduce((sum, { size }) => sum + size, 0);
}
