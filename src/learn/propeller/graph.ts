import { floats, scalar, wholes } from '../normal-model-constants.ts';
import { type OnnxConstant, type OnnxNode, onnxModel } from '../onnx.ts';
import {
  DAMAGE_FEATURES,
  FLYING_US_MIN,
  IDLE_US,
  LOGARITHM_MIN,
  MIXES,
  MOTORS,
  PROPELLER_CHANNELS,
} from './features.ts';
import { ALARM_PROBABILITY, type PropellerModel } from './model.ts';
import type { Softmax } from './softmax.ts';

/**
 * Writes the model as ONNX: input `window` float32 [rows, channels] with NaN for gaps, outputs `score` [1] and, where
 * it knows grades, `labels` [grades]. The steps are those of features.ts and model.ts; all between is [1, …]. The column of each motor is replaced
 * by a mix, which is a gap where one of its motors is.
 */
export function propellerGraph({ damage, grade }: PropellerModel, rows: number): Uint8Array {
  return onnxModel({
    name: 'propeller',
    inputs: [{ name: 'window', shape: [rows, CHANNELS] }],
    outputs: [
      { name: 'score', shape: [1] },
      ...(grade === undefined ? [] : [{ name: 'labels', shape: [grade.classes] }]),
    ],
    constants: [
      ...[...NUMBERS, ...MIXING, ...PLACES],
      ...softmaxConstants('damage', damage),
      ...(grade === undefined ? [] : gradeConstants(grade)),
    ],
    nodes: [
      ...[...MIXED, ...MOMENTS, ...COSTS, ...GATHERED],
      ...softmaxNodes('damage', 'damageFeatures'),
      ...SCORE,
      ...(grade === undefined ? [] : [...softmaxNodes('grade', 'features'), ...LABELS]),
    ],
  });
}

const CHANNELS = PROPELLER_CHANNELS.length;

const NUMBERS: readonly OnnxConstant[] = [
  scalar('zero', 0),
  scalar('half', 0.5),
  scalar('one', 1),
  scalar('thousand', 1000),
  scalar('flyingMin', FLYING_US_MIN - IDLE_US),
  scalar('logarithmMin', LOGARITHM_MIN),
  scalar('alarmProbability', ALARM_PROBABILITY),
];

const MIXING: readonly OnnxConstant[] = [
  floats(
    'idle',
    [CHANNELS],
    eachChannel((channel) => (channel < MOTORS ? IDLE_US : 0)),
  ),
  floats('mixing', [CHANNELS, CHANNELS], eachPair(weightOf)),
  floats(
    'uses',
    [CHANNELS, CHANNELS],
    eachPair((from, to) => Number(weightOf(from, to) !== 0)),
  ),
];

/** Which of the mixed columns are what. */
const PLACES: readonly OnnxConstant[] = [
  wholes('rowAxis', [0]),
  wholes('turning', [0, 1, 2]),
  wholes('total', [3]),
  wholes('voltageAt', [4]),
  wholes('currentAt', [5]),
  wholes('mixed', [0, 1, 2, 3]),
  wholes('shaking', [6, 7, 8]),
  wholes('damageAt', DAMAGE_FEATURES),
  wholes('secondClass', [1]),
  wholes('scoreShape', [1]),
];

const KEPT = { keepdims: 1 } as const;
const COLUMNS = { axis: 1 } as const;

/** Above idle, and mixed; `held` is 1 where all that a column is made of has a value. */
const MIXED: readonly OnnxNode[] = [
  { type: 'IsNaN', inputs: ['window'], output: 'isGap' },
  { type: 'Sub', inputs: ['window', 'idle'], output: 'aboveIdle' },
  { type: 'Where', inputs: ['isGap', 'zero', 'aboveIdle'], output: 'values' },
  { type: 'Where', inputs: ['isGap', 'one', 'zero'], output: 'gaps' },
  { type: 'MatMul', inputs: ['values', 'mixing'], output: 'mixes' },
  { type: 'MatMul', inputs: ['gaps', 'uses'], output: 'missing' },
  { type: 'Less', inputs: ['missing', 'half'], output: 'isHeld' },
  { type: 'Where', inputs: ['isHeld', 'one', 'zero'], output: 'held' },
];

/** Mean and standard deviation of what is held. */
const MOMENTS: readonly OnnxNode[] = [
  { type: 'ReduceSum', inputs: ['held', 'rowAxis'], output: 'count', attributes: KEPT },
  { type: 'Max', inputs: ['count', 'one'], output: 'divisor' },
  { type: 'Mul', inputs: ['mixes', 'held'], output: 'heldMixes' },
  { type: 'ReduceSum', inputs: ['heldMixes', 'rowAxis'], output: 'sum', attributes: KEPT },
  { type: 'Div', inputs: ['sum', 'divisor'], output: 'mean' },
  { type: 'Sub', inputs: ['mixes', 'mean'], output: 'anyOffset' },
  { type: 'Mul', inputs: ['anyOffset', 'held'], output: 'offset' },
  { type: 'ReduceSumSquare', inputs: ['offset', 'rowAxis'], output: 'squares', attributes: KEPT },
  { type: 'Div', inputs: ['squares', 'divisor'], output: 'variance' },
  { type: 'Sqrt', inputs: ['variance'], output: 'deviation' },
];

const COSTS: readonly OnnxNode[] = [
  ...[gather('mean', 'total', 'thrust'), gather('mean', 'voltageAt', 'voltage')],
  ...[gather('mean', 'currentAt', 'current'), gather('mean', 'turning', 'turns')],
  { type: 'Div', inputs: ['turns', 'thrust'], output: 'shares' },
  { type: 'Div', inputs: ['thrust', 'thousand'], output: 'thrustShare' },
  { type: 'Mul', inputs: ['thrustShare', 'voltage'], output: 'speed' },
  { type: 'Mul', inputs: ['voltage', 'current'], output: 'power' },
  { type: 'Mul', inputs: ['speed', 'speed'], output: 'speedSquare' },
  { type: 'Div', inputs: ['power', 'speedSquare'], output: 'cost' },
];

/** In the order of FEATURES. */
const GATHERED: readonly OnnxNode[] = [
  ...[gather('deviation', 'mixed', 'activities'), gather('mean', 'shaking', 'vibrations')],
  { type: 'Concat', inputs: ['activities', 'vibrations'], output: 'busy', attributes: COLUMNS },
  { type: 'Max', inputs: ['busy', 'logarithmMin'], output: 'positive' },
  { type: 'Log', inputs: ['positive'], output: 'logarithms' },
  {
    type: 'Concat',
    inputs: ['shares', 'speed', 'power', 'cost', 'logarithms'],
    output: 'features',
    attributes: COLUMNS,
  },
  gather('features', 'damageAt', 'damageFeatures'),
];

/** Nothing is said on the ground, nor of a window with an empty channel; what became of such features is not used. */
const SCORE: readonly OnnxNode[] = [
  { type: 'ReduceMin', inputs: ['count'], output: 'countMin', attributes: KEPT },
  { type: 'Greater', inputs: ['countMin', 'half'], output: 'isWhole' },
  { type: 'Greater', inputs: ['thrust', 'flyingMin'], output: 'isAbove' },
  { type: 'And', inputs: ['isWhole', 'isAbove'], output: 'isFlying' },
  gather('damageProbability', 'secondClass', 'probability'),
  { type: 'Div', inputs: ['probability', 'alarmProbability'], output: 'anyScore' },
  { type: 'Where', inputs: ['isFlying', 'anyScore', 'zero'], output: 'flyingScore' },
  { type: 'Reshape', inputs: ['flyingScore', 'scoreShape'], output: 'score' },
];

const LABELS: readonly OnnxNode[] = [
  { type: 'Where', inputs: ['isFlying', 'gradeProbability', 'alike'], output: 'flyingLabels' },
  { type: 'Reshape', inputs: ['flyingLabels', 'labelsShape'], output: 'labels' },
];

function gradeConstants(grade: Softmax): OnnxConstant[] {
  const { classes } = grade;
  return [
    ...softmaxConstants('grade', grade),
    floats('alike', [1, classes], new Float64Array(classes).fill(1 / classes)),
    wholes('labelsShape', [classes]),
  ];
}

function softmaxConstants(name: string, { centre, spread, weights, classes }: Softmax): OnnxConstant[] {
  const size = centre.length;
  return [
    floats(`${name}Centre`, [1, size], centre),
    floats(`${name}Spread`, [1, size], spread),
    floats(`${name}Weights`, [size, classes], weights.subarray(0, size * classes)),
    floats(`${name}Bias`, [1, classes], weights.subarray(size * classes)),
  ];
}

function softmaxNodes(name: string, features: string): OnnxNode[] {
  return [
    { type: 'Sub', inputs: [features, `${name}Centre`], output: `${name}Offset` },
    { type: 'Div', inputs: [`${name}Offset`, `${name}Spread`], output: `${name}Scaled` },
    { type: 'MatMul', inputs: [`${name}Scaled`, `${name}Weights`], output: `${name}Product` },
    { type: 'Add', inputs: [`${name}Product`, `${name}Bias`], output: `${name}Sum` },
    { type: 'Softmax', inputs: [`${name}Sum`], output: `${name}Probability`, attributes: COLUMNS },
  ];
}

function gather(from: string, places: string, output: string): OnnxNode {
  return { type: 'Gather', inputs: [from, places], output, attributes: COLUMNS };
}

function weightOf(from: number, to: number): number {
  if (from < MOTORS && to < MOTORS) return MIXES[to]?.weights[from] ?? 0;
  return Number(from === to);
}

function eachChannel(value: (channel: number) => number): Float64Array {
  return Float64Array.from({ length: CHANNELS }, (_, channel) => value(channel));
}

/** Row by row. */
function eachPair(value: (from: number, to: number) => number): Float64Array {
  const size = CHANNELS ** 2;
  return Float64Array.from({ length: size }, (_, at) => value(Math.floor(at / CHANNELS), at % CHANNELS));
}
