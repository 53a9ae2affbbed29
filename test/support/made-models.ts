import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelManifest, ModelPackage } from '../../src/models/package.ts';
import type { Window } from '../../src/values/window.ts';

/**
 * Small ONNX models with known behaviour, made byte by byte (IR version 8, opset 17; the numbers in the calls
 * are field numbers of onnx.proto3), the packages around them and windows that fit them.
 */

const ROWS = 8;
const CHANNELS = ['flow', 'pressure'];

const varint = (number: number): number[] =>
  number < 128 ? [number] : [(number % 128) + 128, ...varint(Math.floor(number / 128))];
const int = (field: number, number: number) => Buffer.from([...varint(field * 8), ...varint(number)]);
const bytes = (field: number, ...parts: Uint8Array[]) => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
};
const text = (field: number, string: string) => bytes(field, Buffer.from(string));

const ELEMENT_TYPE = { float: 1, int64: 7, bool: 9 } as const;

const tensor = (field: 11 | 12, name: string, type: keyof typeof ELEMENT_TYPE, ...shape: number[]) => {
  const dimensions = bytes(2, ...shape.map((size) => bytes(1, int(1, size))));
  return bytes(field, text(1, name), bytes(2, bytes(1, int(1, ELEMENT_TYPE[type]), dimensions)));
};
const output = (name: string, size: number) => tensor(12, name, 'float', size);
const constant = (name: string, ...values: number[]) =>
  bytes(
    5,
    int(1, values.length),
    int(2, 1),
    text(8, name),
    bytes(9, Buffer.from(Float32Array.from(values).buffer)),
  );

const intAttribute = (name: string, number: number) => bytes(5, text(1, name), int(3, number), int(20, 2));
const axis = (number: number) => bytes(5, text(1, 'axes'), int(8, number), int(20, 7));
const graphAttribute = (name: string, ...graph: Buffer[]) =>
  bytes(5, text(1, name), bytes(6, text(2, name), ...graph), int(20, 5));
const dropAxis = intAttribute('keepdims', 0);

const node = (type: string, inputs: string[], outputName: string, ...attributes: Buffer[]) =>
  bytes(1, ...inputs.map((name) => text(1, name)), text(2, outputName), text(4, type), ...attributes);

const modelOf = (
  { channelCount = CHANNELS.length, opset = 17 }: { channelCount?: number; opset?: number },
  ...graph: Buffer[]
) =>
  Buffer.concat([
    int(1, 8),
    bytes(7, text(2, 'made'), tensor(11, 'window', 'float', ROWS, channelCount), ...graph),
    bytes(8, text(1, ''), int(2, opset)),
  ]);
const model = (...graph: Buffer[]) => modelOf({}, ...graph);

/** The whole window as one row of shape [1, rows × channels]. */
const flat = node('Flatten', ['window'], 'row', intAttribute('axis', 0));

/** How far the channel means are from 1.5 ± 0.5; with every output that a manifest can declare. */
const good = model(
  constant('normal', 1.5, 1.5),
  constant('deviation', 0.5, 0.5),
  constant('limit', 3),
  constant('tiny', 1e-9, 1e-9),
  node('ReduceMean', ['window'], 'value', axis(0), dropAxis),
  node('Identity', ['normal'], 'baseline'),
  node('Identity', ['deviation'], 'spread'),
  node('Sub', ['value', 'normal'], 'off'),
  node('Div', ['off', 'deviation'], 'z'),
  node('Mul', ['z', 'z'], 'square'),
  node('Add', ['square', 'tiny'], 'part'),
  node('ReduceSum', ['part'], 'sum'),
  node('Div', ['part', 'sum'], 'share'),
  node('Sqrt', ['sum'], 'distance'),
  node('Div', ['distance', 'limit'], 'score'),
  node('Softmax', ['value'], 'labels'),
  ...[output('score', 1), output('labels', CHANNELS.length)],
  ...['value', 'baseline', 'spread', 'share'].map((name) => output(name, CHANNELS.length)),
);

/** The score is the mean of everything: negative for a negative window. */
const mean = model(flat, node('ReduceMean', ['row'], 'score', axis(1), dropAxis), output('score', 1));

/** The score is the largest value of the one channel that it takes. */
const loudness = modelOf(
  { channelCount: 1 },
  flat,
  node('ReduceMax', ['row'], 'score', axis(1), dropAxis),
  output('score', 1),
);

/** The mean times a constant of the asset. */
const scaled = model(
  tensor(11, 'gain', 'float', 1),
  flat,
  node('ReduceMean', ['row'], 'mean', axis(1), dropAxis),
  node('Mul', ['mean', 'gain'], 'score'),
  output('score', 1),
);

/** The score is the root of the mean: NaN for a negative window. */
const root = model(
  flat,
  node('ReduceMean', ['row'], 'mean', axis(1), dropAxis),
  node('Sqrt', ['mean'], 'score'),
  output('score', 1),
);

/** The score is the root of 2 less the mean: NaN above 2. */
const narrow = model(
  constant('two', 2),
  flat,
  node('ReduceMean', ['row'], 'mean', axis(1), dropAxis),
  node('Sub', ['two', 'mean'], 'room'),
  node('Sqrt', ['room'], 'score'),
  output('score', 1),
);

/** Of an operator set that does not exist yet. */
const newer = modelOf({ opset: 99 }, node('Identity', ['window'], 'score'), output('score', 1));

/** A score that takes as many turns of a loop as `times` says; without it, the loop never ends. */
const looping = (times: string) =>
  model(
    flat,
    node('ReduceMax', ['row'], 'most', axis(1), dropAxis),
    node('Cast', ['most'], 'largest', intAttribute('to', ELEMENT_TYPE.int64)),
    node(
      'Loop',
      [times, '', 'most'],
      'score',
      graphAttribute(
        'body',
        ...[tensor(11, 'turn', 'int64'), tensor(11, 'go', 'bool'), tensor(11, 'before', 'float', 1)],
        ...[node('Identity', ['go'], 'goOn'), node('Identity', ['before'], 'after')],
        ...[tensor(12, 'goOn', 'bool'), tensor(12, 'after', 'float', 1)],
      ),
    ),
    output('score', 1),
  );

const wide = model(
  flat,
  node('Concat', ['row', 'row'], 'score', intAttribute('axis', 1)),
  tensor(12, 'score', 'float', 1, 2 * ROWS * CHANNELS.length),
);
const scoreless = model(
  node('Identity', ['window'], 'verdict'),
  tensor(12, 'verdict', 'float', ROWS, CHANNELS.length),
);

export const MADE_MODELS = {
  good,
  mean,
  loudness,
  scaled,
  root,
  narrow,
  /** As many turns as the largest value of the window: 1e12 never comes back. */
  slow: looping('largest'),
  endless: looping(''),
  wide,
  scoreless,
  newer,
  truncated: good.subarray(0, good.length / 2),
  text: Buffer.from('This is no model.\n'),
} as const;

export type MadeModel = keyof typeof MADE_MODELS;

/** The manifest that fits a made model. */
export function madeManifest(name: MadeModel): ModelManifest {
  return {
    format: 1,
    name,
    version: '1',
    licence: 'Apache-2.0',
    sha256: createHash('sha256').update(MADE_MODELS[name]).digest('hex'),
    channels: [
      { name: 'flow', unit: 'L/min' },
      { name: 'pressure', unit: 'bar' },
    ],
    window: { rateHz: 1, rows: ROWS, stepMs: 1000 },
    coverageMin: 0.5,
    toleratesMissing: false,
    outputs: { deviations: name === 'good', labels: name === 'good' ? ['leak', 'blockage'] : [] },
    provenance: { recipe: 'made by a test', data: 'none', trainedAt: '2026-11-01', figures: {} },
  };
}

/** Writes a package into `folder/<sha256>/`; `changes` replace parts of the manifest. */
export function writeMadePackage(folder: string, name: MadeModel, changes: object = {}): ModelPackage {
  const manifest = { ...madeManifest(name), ...changes };
  const directory = join(folder, manifest.sha256);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'model.json'), JSON.stringify(manifest));
  writeFileSync(join(directory, 'model.onnx'), MADE_MODELS[name]);
  return { manifest, onnxPath: join(directory, 'model.onnx') };
}

/** A window that fits a made model, with the same value in every cell. */
export function madeWindow(asset: string, fill: number, endMs = 0, coverage = 1): Window {
  const data = new Float32Array(ROWS * CHANNELS.length).fill(fill);
  return { asset, endMs, rateHz: 1, rows: ROWS, channels: CHANNELS, data, coverage: [1, coverage] };
}
