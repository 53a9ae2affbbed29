import type { NormalModel } from './fit.ts';
import { type OnnxConstant, type OnnxGraph, type OnnxNode, onnxModel } from './onnx.ts';

/** Readings and deviations further away than this are cut, so that no square leaves the range of float32. */
const READING_MAX = 1e30;
const DEVIATION_MAX = 1e12;

/** Makes the shares of a window exactly on the baseline equal instead of 0/0. */
const SHARE_MIN = 1e-30;

/**
 * Writes a fitted model as ONNX: input `window` float32 [rows, channels] with NaN for gaps; outputs `score` [1] and
 * `value`, `baseline`, `spread`, `share` [channels], as src/models/package.ts says. The baseline is taken off before
 * anything is summed, and in two parts because float32 cannot hold it, so that a large offset costs no precision. A
 * channel without any value counts as on its baseline.
 */
export function normalModelGraph(model: NormalModel): Uint8Array {
  const channels = model.baseline.length;
  const vector = { shape: [channels] };
  const graph: OnnxGraph = {
    name: 'normal',
    inputs: [{ name: 'window', shape: [model.windowRows, channels] }],
    outputs: [
      { name: 'score', shape: [1] },
      ...['value', 'baseline', 'spread', 'share'].map((name) => ({ name, ...vector })),
    ],
    constants: constantsOf(model, channels),
    nodes: [...WINDOW_MEAN, ...SCORE, ...SHARE, ...LEARNED],
  };
  return onnxModel(graph);
}

const WINDOW_MEAN: readonly OnnxNode[] = [
  { type: 'IsNaN', inputs: ['window'], output: 'isGap' },
  { type: 'Sub', inputs: ['window', 'learnedBaseline'], output: 'roughOffset' },
  { type: 'Sub', inputs: ['roughOffset', 'baselineRest'], output: 'offset' },
  { type: 'Where', inputs: ['isGap', 'zero', 'offset'], output: 'heldOffset' },
  { type: 'Clip', inputs: ['heldOffset', 'readingMin', 'readingMax'], output: 'boundedOffset' },
  { type: 'Where', inputs: ['isGap', 'zero', 'one'], output: 'isHeld' },
  {
    type: 'ReduceSum',
    inputs: ['boundedOffset', 'rowAxis'],
    output: 'offsetSum',
    attributes: { keepdims: 0 },
  },
  { type: 'ReduceSum', inputs: ['isHeld', 'rowAxis'], output: 'heldCount', attributes: { keepdims: 0 } },
  { type: 'Max', inputs: ['heldCount', 'one'], output: 'divisor' },
  { type: 'Div', inputs: ['offsetSum', 'divisor'], output: 'meanOffset' },
  { type: 'Add', inputs: ['meanOffset', 'learnedBaseline'], output: 'value' },
];

const SCORE: readonly OnnxNode[] = [
  { type: 'Div', inputs: ['meanOffset', 'deviation'], output: 'standardised' },
  { type: 'Clip', inputs: ['standardised', 'deviationMin', 'deviationMax'], output: 'bounded' },
  { type: 'MatMul', inputs: ['whitening', 'bounded'], output: 'whitened' },
  { type: 'Mul', inputs: ['whitened', 'whitened'], output: 'part' },
  { type: 'ReduceSum', inputs: ['part', 'rowAxis'], output: 'partSum', attributes: { keepdims: 1 } },
  { type: 'Sqrt', inputs: ['partSum'], output: 'score' },
];

const SHARE: readonly OnnxNode[] = [
  { type: 'Add', inputs: ['part', 'shareMin'], output: 'sharePart' },
  { type: 'ReduceSum', inputs: ['sharePart', 'rowAxis'], output: 'shareSum', attributes: { keepdims: 1 } },
  { type: 'Div', inputs: ['sharePart', 'shareSum'], output: 'share' },
];

const LEARNED: readonly OnnxNode[] = [
  { type: 'Identity', inputs: ['learnedBaseline'], output: 'baseline' },
  { type: 'Identity', inputs: ['learnedSpread'], output: 'spread' },
];

function constantsOf(
  { baseline, deviation, spread, whitening }: NormalModel,
  channels: number,
): OnnxConstant[] {
  const vector = (name: string, values: Float64Array) => ({
    name,
    shape: [channels],
    values: Float32Array.from(values),
  });
  const scalar = (name: string, value: number) => ({ name, shape: [], values: Float32Array.of(value) });
  return [
    vector('learnedBaseline', baseline),
    vector(
      'baselineRest',
      baseline.map((mean) => mean - Math.fround(mean)),
    ),
    vector('deviation', deviation),
    vector('learnedSpread', spread),
    { name: 'whitening', shape: [channels, channels], values: Float32Array.from(whitening) },
    { name: 'rowAxis', shape: [1], values: BigInt64Array.of(0n) },
    scalar('zero', 0),
    scalar('one', 1),
    scalar('readingMin', -READING_MAX),
    scalar('readingMax', READING_MAX),
    scalar('deviationMin', -DEVIATION_MAX),
    scalar('deviationMax', DEVIATION_MAX),
    scalar('shareMin', SHARE_MIN),
  ];
}
