import { MEMORY_WINDOWS } from '../config/schema.ts';
import type { NormalModel } from './fit.ts';
import { modelConstants, stateConstants, wholeConstants } from './normal-model-constants.ts';
import { type OnnxGraph, type OnnxNode, type OnnxValue, onnxModel } from './onnx.ts';
import { settlingRows } from './states.ts';

/**
 * Writes a fitted model as ONNX: input `window` float32 [rows, channels], the memory first, with NaN for gaps and for
 * what is not known; outputs `score` [1] and `value`, `baseline`, `spread`, `share` [channels], as
 * src/models/package.ts says. The steps are those of fit.ts. The baseline is taken off before anything is summed,
 * and in two parts because float32 cannot hold it, so that a large offset costs no precision.
 *
 * A channel that says too little in the newest window is absent: the others are judged as if it were as they let
 * expect, which is what they would be judged by without it, and its share is 0. Without any channel the score is 0.
 *
 * Where one state was learned, a window that has no gap and nothing far out of any sense takes a short way to the same
 * result, which needs half the time.
 */
export function normalModelGraph(model: NormalModel): Uint8Array {
  const { windowRows, states, baseline } = model;
  const channels = baseline.length;
  const vector = (name: string) => ({ name, shape: [channels] });
  const found = [{ name: 'score', shape: [1] }, vector('value'), vector('share')];
  const hasStates = states.count > 1;
  const graph: OnnxGraph = {
    name: 'normal',
    inputs: [{ name: 'window', shape: [(1 + MEMORY_WINDOWS) * windowRows, channels] }],
    outputs: [...found, vector('baseline'), vector('spread')],
    constants: [...modelConstants(model), ...(hasStates ? stateConstants(model) : wholeConstants(model))],
    nodes: [...OFFSETS, ...(hasStates ? statesWay(windowRows) : twoWays(windowRows, found)), SPREAD],
  };
  return onnxModel(graph);
}

function statesWay(windowRows: number): OnnxNode[] {
  return [
    ...HELD_OFFSETS,
    ...[...STATES, ...settledNodes(settlingRows(windowRows)), ...STATE_BASELINE],
    ...windowMeans('mean', { of: 'judged', where: 'counts', windowRows }),
    ...windowMeans('seen', { of: 'offset', where: 'held', windowRows }),
    ...GAPPY_WAY,
  ];
}

function twoWays(windowRows: number, found: readonly OnnxValue[]): OnnxNode[] {
  const gappyWay = [
    ...HELD_OFFSETS,
    ...windowMeans('mean', { of: 'offset', where: 'held', windowRows }),
    { type: 'Identity', inputs: ['mean'], output: 'seen' },
    ...GAPPY_WAY,
  ];
  const either = {
    then_branch: { nodes: WHOLE_WAY, outputs: found },
    else_branch: { nodes: gappyWay, outputs: found },
  };
  return [
    ...wholeMeans(windowRows),
    { type: 'If', inputs: ['isWhole'], output: found.map(({ name }) => name), attributes: either },
    { type: 'Identity', inputs: ['learnedBaseline'], output: 'baseline' },
  ];
}

const ONE = { keepdims: 1 } as const;
const NONE = { keepdims: 0 } as const;
const FIRST = { axis: 0 } as const;

/** How far every reading is from the learned baseline, [windows, 1, rows, channels]. */
const OFFSETS: readonly OnnxNode[] = [
  { type: 'Reshape', inputs: ['window', 'windowsShape'], output: 'windows' },
  { type: 'Sub', inputs: ['windows', 'learnedBaselines'], output: 'anyOffset' },
];

/** m · deviation of every window, [windows, channels]; one gap, or one reading out of any sense, and it is not whole. */
function wholeMeans(windowRows: number): OnnxNode[] {
  const attributes = { kernel_shape: [windowRows, 1] };
  return [
    { type: 'AveragePool', inputs: ['anyOffset'], output: 'anyPool', attributes },
    { type: 'Reshape', inputs: ['anyPool', 'meansShape'], output: 'wholeMean' },
    { type: 'ReduceSumSquare', inputs: ['wholeMean'], output: 'size', attributes: NONE },
    { type: 'Less', inputs: ['size', 'sizeMax'], output: 'isWhole' },
  ];
}

/** As OFFSETS, but 0 where there is no reading, and bounded; and where there is one. */
const HELD_OFFSETS: readonly OnnxNode[] = [
  { type: 'IsNaN', inputs: ['windows'], output: 'isGap' },
  { type: 'Where', inputs: ['isGap', 'zero', 'anyOffset'], output: 'heldOffset' },
  { type: 'Clip', inputs: ['heldOffset', 'offsetMin', 'offsetMax'], output: 'offset' },
  { type: 'Where', inputs: ['isGap', 'zero', 'one'], output: 'held' },
];

/**
 * The state of every row, [rows]: the one with the least |(x − c)/w|² over the readings that are held, less what is the
 * same for all states. The centre of its state is taken off a reading.
 */
const STATES: readonly OnnxNode[] = [
  { type: 'Reshape', inputs: ['offset', 'rowsShape'], output: 'rowOffset' },
  { type: 'Reshape', inputs: ['held', 'rowsShape'], output: 'rowHeld' },
  { type: 'MatMul', inputs: ['rowOffset', 'centreProduct'], output: 'stateProduct' },
  { type: 'MatMul', inputs: ['rowHeld', 'centreSquare'], output: 'stateSquare' },
  { type: 'Sub', inputs: ['stateSquare', 'stateProduct'], output: 'stateDistance' },
  { type: 'ArgMin', inputs: ['stateDistance'], output: 'state', attributes: { axis: 1, ...NONE } },
  { type: 'Gather', inputs: ['centreOffset', 'state'], output: 'ownCentre', attributes: FIRST },
  { type: 'Sub', inputs: ['rowOffset', 'ownCentre'], output: 'ownOffset' },
];

/** Rows soon after a change of state count as gaps. */
function settledNodes(settling: number): OnnxNode[] {
  const attributes = { kernel_shape: [settling], pads: [settling - 1, 0] };
  return [
    { type: 'Gather', inputs: ['state', 'rowBefore'], output: 'stateBefore', attributes: FIRST },
    { type: 'Equal', inputs: ['state', 'stateBefore'], output: 'isSame' },
    { type: 'Where', inputs: ['isSame', 'zero', 'one'], output: 'change' },
    { type: 'Reshape', inputs: ['change', 'seriesShape'], output: 'changes' },
    { type: 'MaxPool', inputs: ['changes'], output: 'recentChanges', attributes },
    { type: 'Reshape', inputs: ['recentChanges', 'columnShape'], output: 'recentChange' },
    { type: 'Sub', inputs: ['one', 'recentChange'], output: 'isSettled' },
    { type: 'Mul', inputs: ['rowHeld', 'isSettled'], output: 'rowCounts' },
    { type: 'Mul', inputs: ['ownOffset', 'rowCounts'], output: 'rowJudged' },
    { type: 'Reshape', inputs: ['rowCounts', 'windowsShape'], output: 'counts' },
    { type: 'Reshape', inputs: ['rowJudged', 'windowsShape'], output: 'judged' },
  ];
}

/** The baseline of a machine with states is the centre of the state that it is in now. */
const STATE_BASELINE: readonly OnnxNode[] = [
  { type: 'Gather', inputs: ['state', 'newestRow'], output: 'newestState', attributes: FIRST },
  { type: 'Gather', inputs: ['centre', 'newestState'], output: 'baseline', attributes: FIRST },
];

/** Means over every window, [windows, channels], and which share of it counts; where it is too little, towards 0. */
function windowMeans(
  output: string,
  { of, where, windowRows }: { of: string; where: string; windowRows: number },
): OnnxNode[] {
  const attributes = { kernel_shape: [windowRows, 1] };
  return [
    { type: 'AveragePool', inputs: [of], output: `${output}Pool`, attributes },
    { type: 'AveragePool', inputs: [where], output: `${output}HeldPool`, attributes },
    { type: 'Reshape', inputs: [`${output}Pool`, 'meansShape'], output: `${output}Part` },
    { type: 'Reshape', inputs: [`${output}HeldPool`, 'meansShape'], output: `${output}Share` },
    { type: 'Max', inputs: [`${output}Share`, 'shareMin'], output: `${output}Divisor` },
    { type: 'Div', inputs: [`${output}Part`, `${output}Divisor`], output },
  ];
}

/** Sum of m over the healthy windows: one that is not, or is empty, counts as the baseline. */
const FAR: readonly OnnxNode[] = [
  { type: 'MatMul', inputs: ['mean', 'levelWhitening'], output: 'level' },
  { type: 'ReduceSumSquare', inputs: ['level', 'secondAxis'], output: 'levelSquare', attributes: NONE },
  { type: 'Less', inputs: ['levelSquare', 'healthySquare'], output: 'isHealthy' },
  { type: 'Cast', inputs: ['isHealthy'], output: 'teaches', attributes: { to: 1 } },
  { type: 'MatMul', inputs: ['teaches', 'mean'], output: 'taughtSum' },
];

/** m of the newest window, of the one that a drifting channel is compared with, and what people read of the newest. */
const NEWEST: readonly OnnxNode[] = [
  { type: 'Gather', inputs: ['mean', 'newest'], output: 'newestMean', attributes: FIRST },
  { type: 'Gather', inputs: ['mean', 'nearAgo'], output: 'nearMean', attributes: FIRST },
  { type: 'Gather', inputs: ['seen', 'newest'], output: 'newestSeen', attributes: FIRST },
  { type: 'Add', inputs: ['newestSeen', 'learnedBaseline'], output: 'value' },
];

/** Which windows hold enough of which channels. Where there is no near window, the newest is compared with itself. */
const PRESENT: readonly OnnxNode[] = [
  { type: 'GreaterOrEqual', inputs: ['meanShare', 'shareMin'], output: 'isEnough' },
  { type: 'Gather', inputs: ['isEnough', 'newest'], output: 'isPresent', attributes: FIRST },
  { type: 'Gather', inputs: ['isEnough', 'nearAgo'], output: 'isNear', attributes: FIRST },
  { type: 'Where', inputs: ['isNear', 'nearMean', 'newestMean'], output: 'near' },
];

/** d; what the present channels let expect of the absent ones, found by two rounds of Jacobi's method. */
const COMPLETED_CONTRAST: readonly OnnxNode[] = [
  { type: 'Concat', inputs: ['newestMean', 'near', 'taughtSum'], output: 'compared', attributes: FIRST },
  { type: 'MatMul', inputs: ['compared', 'contrastOf'], output: 'anyContrast' },
  { type: 'Where', inputs: ['isPresent', 'anyContrast', 'zero'], output: 'present' },
  { type: 'MatMul', inputs: ['present', 'expectationOf'], output: 'guess' },
  { type: 'Where', inputs: ['isPresent', 'present', 'guess'], output: 'guessed' },
  { type: 'MatMul', inputs: ['guessed', 'expectationOf'], output: 'expectation' },
  { type: 'Where', inputs: ['isPresent', 'present', 'expectation'], output: 'contrast' },
  { type: 'MatMul', inputs: ['contrast', 'whitening'], output: 'whitened' },
];

/** W·d at once. */
const WHOLE_CONTRAST: readonly OnnxNode[] = [
  { type: 'Concat', inputs: ['newestMean', 'nearMean', 'taughtSum'], output: 'compared', attributes: FIRST },
  { type: 'MatMul', inputs: ['compared', 'whitenedContrastOf'], output: 'whitened' },
];

/** W·d becomes less sure of itself after a large excursion. */
const SCORE: readonly OnnxNode[] = [
  { type: 'ReduceL2', inputs: ['level'], output: 'excursion', attributes: NONE },
  { type: 'Clip', inputs: ['excursion', 'excursionMin', 'excursionMax'], output: 'doubt' },
  { type: 'Div', inputs: ['whitened', 'doubt'], output: 'part' },
  { type: 'ReduceL2', inputs: ['part', 'firstAxis'], output: 'score', attributes: ONE },
];

const OWN_PART: OnnxNode = { type: 'Where', inputs: ['isPresent', 'part', 'zero'], output: 'ownPart' };

const SHARE: readonly OnnxNode[] = [
  { type: 'LpNormalization', inputs: ['ownPart'], output: 'direction', attributes: { axis: 0, p: 2 } },
  { type: 'Mul', inputs: ['direction', 'direction'], output: 'share' },
];

const SPREAD: OnnxNode = { type: 'Identity', inputs: ['learnedSpread'], output: 'spread' };

const GAPPY_WAY = [...FAR, ...NEWEST, ...PRESENT, ...COMPLETED_CONTRAST, ...SCORE, OWN_PART, ...SHARE];

const WHOLE_WAY: readonly OnnxNode[] = [
  { type: 'Identity', inputs: ['wholeMean'], output: 'mean' },
  { type: 'Identity', inputs: ['wholeMean'], output: 'seen' },
  ...[...FAR, ...NEWEST, ...WHOLE_CONTRAST, ...SCORE],
  { type: 'Identity', inputs: ['part'], output: 'ownPart' },
  ...SHARE,
];
