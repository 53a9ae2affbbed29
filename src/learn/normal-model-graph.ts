import { MEMORY_WINDOWS } from '../config/schema.ts';
import { NEAR_WINDOWS } from './contrast.ts';
import type { NormalModel } from './fit.ts';
import { at } from './linear-algebra.ts';
import { type OnnxConstant, type OnnxGraph, type OnnxNode, onnxModel } from './onnx.ts';
import { settlingRows } from './states.ts';
import { COVERAGE_MIN } from './window-means.ts';

/** Readings further away than so many deviations of the widest channel are cut: no square leaves the range of float32. */
const DEVIATIONS_MAX = 1e6;

/** A window of the memory below this part of the limit is healthy: the default of `incident.closeBelow`. */
const HEALTHY_BELOW = 0.8;

/**
 * Machines and sensors do not come back exactly. After an excursion of x limits (as a mean square over the memory),
 * differences count in units of this share of x, once that is more than a limit.
 */
const HYSTERESIS = 0.05;

/**
 * Writes a fitted model as ONNX: input `window` float32 [rows, channels], the memory first, with NaN for gaps and for
 * what is not known; outputs `score` [1] and `value`, `baseline`, `spread`, `share` [channels], as
 * src/models/package.ts says. The steps are those of fit.ts. The baseline is taken off before anything is summed,
 * and in two parts because float32 cannot hold it, so that a large offset costs no precision. A channel without any
 * value in the newest window counts as on its baseline.
 */
export function normalModelGraph(model: NormalModel): Uint8Array {
  const channels = model.baseline.length;
  const vector = { shape: [channels] };
  const hasStates = model.states.count > 1;
  const settling = settlingRows(model.windowRows);
  const stateNodes = hasStates ? [...STATES, ...settledNodes(settling), ...STATE_BASELINE] : ONE_STATE;
  const valueNodes = hasStates ? STATES_VALUE : ONE_STATE_VALUE;
  const graph: OnnxGraph = {
    name: 'normal',
    inputs: [{ name: 'window', shape: [(1 + MEMORY_WINDOWS) * model.windowRows, channels] }],
    outputs: [
      { name: 'score', shape: [1] },
      ...['value', 'baseline', 'spread', 'share'].map((name) => ({ name, ...vector })),
    ],
    constants: [...constantsOf(model, channels), ...(hasStates ? stateConstants(model, channels) : [])],
    nodes: [...OFFSETS, ...stateNodes, ...WINDOW_MEANS, ...valueNodes, ...FAR, ...NEAR, ...SCORE, SPREAD],
  };
  return onnxModel(graph);
}

const DROP = { keepdims: 0 } as const;
const KEEP = { keepdims: 1 } as const;

/** How far every reading is from the learned baseline, [windows, rows, channels]; 0 where there is none. */
const OFFSETS: readonly OnnxNode[] = [
  { type: 'Reshape', inputs: ['window', 'windowsShape'], output: 'windows' },
  { type: 'IsNaN', inputs: ['windows'], output: 'isGap' },
  { type: 'Sub', inputs: ['windows', 'learnedBaseline'], output: 'offset' },
  { type: 'Where', inputs: ['isGap', 'zero', 'offset'], output: 'heldOffset' },
  { type: 'Clip', inputs: ['heldOffset', 'offsetMin', 'offsetMax'], output: 'boundedOffset' },
  { type: 'Where', inputs: ['isGap', 'zero', 'one'], output: 'isHeld' },
];

/** With a single state there is nothing to tell apart. */
const ONE_STATE: readonly OnnxNode[] = [
  { type: 'Identity', inputs: ['boundedOffset'], output: 'judged' },
  { type: 'Identity', inputs: ['isHeld'], output: 'counts' },
  { type: 'Identity', inputs: ['learnedBaseline'], output: 'baseline' },
];

/**
 * The state of every row, [rows]: the one with the least |(x − c)/w|² over the readings that are held, less what is the
 * same for all states. The centre of its state is taken off a reading.
 */
const STATES: readonly OnnxNode[] = [
  { type: 'Reshape', inputs: ['boundedOffset', 'rowsShape'], output: 'rowOffset' },
  { type: 'Reshape', inputs: ['isHeld', 'rowsShape'], output: 'rowHeld' },
  { type: 'MatMul', inputs: ['rowOffset', 'centreProduct'], output: 'stateProduct' },
  { type: 'MatMul', inputs: ['rowHeld', 'centreSquare'], output: 'stateSquare' },
  { type: 'Sub', inputs: ['stateSquare', 'stateProduct'], output: 'stateDistance' },
  { type: 'ArgMin', inputs: ['stateDistance'], output: 'state', attributes: { axis: 1, keepdims: 0 } },
  { type: 'Gather', inputs: ['centreOffset', 'state'], output: 'ownCentre', attributes: { axis: 0 } },
  { type: 'Sub', inputs: ['rowOffset', 'ownCentre'], output: 'ownOffset' },
];

/** Rows soon after a change of state count as gaps. */
function settledNodes(settling: number): OnnxNode[] {
  const attributes = { kernel_shape: [settling], pads: [settling - 1, 0] };
  return [
    { type: 'Gather', inputs: ['state', 'rowBefore'], output: 'stateBefore', attributes: { axis: 0 } },
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
  { type: 'Gather', inputs: ['state', 'newestRow'], output: 'newestState', attributes: { axis: 0 } },
  { type: 'Gather', inputs: ['centre', 'newestState'], output: 'baseline', attributes: { axis: 0 } },
];

/** m · deviation of every window, [1 + memory, channels], the newest last. What holds too little counts towards 0. */
const WINDOW_MEANS: readonly OnnxNode[] = [
  { type: 'ReduceSum', inputs: ['judged', 'secondAxis'], output: 'sum', attributes: DROP },
  { type: 'ReduceSum', inputs: ['counts', 'secondAxis'], output: 'count', attributes: DROP },
  { type: 'Max', inputs: ['count', 'countMin'], output: 'divisor' },
  { type: 'Div', inputs: ['sum', 'divisor'], output: 'mean' },
  { type: 'Gather', inputs: ['mean', 'newest'], output: 'newestMean', attributes: { axis: 0 } },
];

/** Mean of each channel over the newest window: from m, or from the readings where they belong to several states. */
const ONE_STATE_VALUE: readonly OnnxNode[] = [
  { type: 'Add', inputs: ['newestMean', 'learnedBaseline'], output: 'value' },
];
const STATES_VALUE: readonly OnnxNode[] = [
  { type: 'Gather', inputs: ['boundedOffset', 'newest'], output: 'newestOffsets', attributes: { axis: 0 } },
  { type: 'Gather', inputs: ['isHeld', 'newest'], output: 'newestHeld', attributes: { axis: 0 } },
  { type: 'ReduceSum', inputs: ['newestOffsets', 'firstAxis'], output: 'newestSum', attributes: DROP },
  { type: 'ReduceSum', inputs: ['newestHeld', 'firstAxis'], output: 'newestCount', attributes: DROP },
  { type: 'Max', inputs: ['newestCount', 'one'], output: 'newestDivisor' },
  { type: 'Div', inputs: ['newestSum', 'newestDivisor'], output: 'newestOffset' },
  { type: 'Add', inputs: ['newestOffset', 'learnedBaseline'], output: 'value' },
];

/** Sum of m over the healthy windows: one that is not, or is empty, counts as the baseline. */
const FAR: readonly OnnxNode[] = [
  { type: 'MatMul', inputs: ['mean', 'levelWhitening'], output: 'level' },
  { type: 'ReduceSumSquare', inputs: ['level', 'secondAxis'], output: 'levelSquare', attributes: DROP },
  { type: 'Less', inputs: ['levelSquare', 'healthySquare'], output: 'isHealthy' },
  { type: 'Where', inputs: ['isHealthy', 'one', 'zero'], output: 'teaches' },
  { type: 'MatMul', inputs: ['teaches', 'mean'], output: 'taughtSum' },
];

/** m of the window that a drifting channel is compared with; the newest itself where there is none. */
const NEAR: readonly OnnxNode[] = [
  { type: 'Gather', inputs: ['mean', 'nearAgo'], output: 'nearMean', attributes: { axis: 0 } },
  { type: 'Gather', inputs: ['count', 'nearAgo'], output: 'nearCount', attributes: { axis: 0 } },
  { type: 'GreaterOrEqual', inputs: ['nearCount', 'countMin'], output: 'isNear' },
  { type: 'Where', inputs: ['isNear', 'nearMean', 'newestMean'], output: 'near' },
];

/** W·d by one matrix, less sure of itself after a large excursion. */
const SCORE: readonly OnnxNode[] = [
  {
    type: 'Concat',
    inputs: ['newestMean', 'near', 'taughtSum'],
    output: 'compared',
    attributes: { axis: 0 },
  },
  { type: 'MatMul', inputs: ['contrastWhitening', 'compared'], output: 'whitened' },
  { type: 'ReduceL2', inputs: ['level'], output: 'excursion', attributes: DROP },
  { type: 'Max', inputs: ['excursion', 'excursionMin'], output: 'doubt' },
  { type: 'Div', inputs: ['whitened', 'doubt'], output: 'part' },
  { type: 'ReduceL2', inputs: ['part', 'firstAxis'], output: 'score', attributes: KEEP },
  { type: 'LpNormalization', inputs: ['part'], output: 'direction', attributes: { axis: 0, p: 2 } },
  { type: 'Mul', inputs: ['direction', 'direction'], output: 'share' },
];

const SPREAD: OnnxNode = { type: 'Identity', inputs: ['learnedSpread'], output: 'spread' };

function constantsOf(model: NormalModel, channels: number): OnnxConstant[] {
  const { baseline, deviation, spread, windowRows } = model;
  const vector = (name: string, values: Float64Array) => ({
    name,
    shape: [channels],
    values: Float32Array.from(values),
  });
  const { contrastWhitening, levelWhitening } = whiteningsOf(model);
  const offsetMax = DEVIATIONS_MAX * Math.max(...deviation);
  const windows = 1 + MEMORY_WINDOWS;
  return [
    vector('learnedBaseline', baseline),
    vector('learnedSpread', spread),
    { ...vector('contrastWhitening', contrastWhitening), shape: [channels, 3 * channels] },
    { ...vector('levelWhitening', levelWhitening), shape: [channels, channels] },
    wholes('firstAxis', [0]),
    wholes('secondAxis', [1]),
    wholes('windowsShape', [windows, windowRows, channels]),
    wholes('newest', MEMORY_WINDOWS),
    wholes('nearAgo', MEMORY_WINDOWS - NEAR_WINDOWS),
    scalar('zero', 0),
    scalar('one', 1),
    scalar('offsetMin', -offsetMax),
    scalar('offsetMax', offsetMax),
    scalar('countMin', COVERAGE_MIN * windowRows),
    scalar('healthySquare', HEALTHY_BELOW ** 2),
    scalar('excursionMin', Math.sqrt(windows) / HYSTERESIS),
  ];
}

/**
 * W·d with d = newest − ρ·near − (1 − ρ)/(n + windows)·taughtSum as one matrix of the three, and (W·(1 − ρ))ᵀ for means
 * that lie in rows; both take means in the unit of the channel. The first is made larger by what an excursion has
 * to come to before it makes the score less sure.
 */
function whiteningsOf({ whitening, deviation, drift, baselineWeight }: NormalModel) {
  const size = drift.length;
  const windows = 1 + MEMORY_WINDOWS;
  const sure = Math.sqrt(windows) / HYSTERESIS;
  const steady = (column: number) => 1 - at(drift, column);
  const weightOf = [
    () => 1,
    (column: number) => -at(drift, column),
    (column: number) => -steady(column) / (baselineWeight + windows),
  ];
  const perUnit = (row: number, column: number) => at(whitening, row * size + column) / at(deviation, column);
  const contrastWhitening = Float64Array.from({ length: 3 * size * size }, (_, k) => {
    const [row, column] = [Math.floor(k / (3 * size)), k % size];
    const weight = weightOf[Math.floor((k % (3 * size)) / size)]?.(column) ?? 0;
    return sure * weight * perUnit(row, column);
  });
  const levelWhitening = Float64Array.from({ length: size * size }, (_, k) => {
    const [column, row] = [Math.floor(k / size), k % size];
    return steady(column) * perUnit(row, column);
  });
  return { contrastWhitening, levelWhitening };
}

function stateConstants({ states, baseline, windowRows }: NormalModel, channels: number): OnnxConstant[] {
  const { count, centres, widths } = states;
  const rows = (1 + MEMORY_WINDOWS) * windowRows;
  const offsets = centres.map((centre, k) => centre - at(baseline, k % channels));
  const byState = (name: string, values: Float64Array) => ({
    name,
    shape: [count, channels],
    values: Float32Array.from(values),
  });
  /** [channels, states] of [states, channels]. */
  const byChannel = (name: string, scaled: (offset: number, width: number) => number) => ({
    name,
    shape: [channels, count],
    values: Float32Array.from(offsets, (_, k) => {
      const [channel, state] = [Math.floor(k / count), k % count];
      return scaled(at(offsets, state * channels + channel), at(widths, channel));
    }),
  });
  return [
    byState('centre', centres),
    byState('centreOffset', offsets),
    byChannel('centreProduct', (offset, width) => (2 * offset) / width ** 2),
    byChannel('centreSquare', (offset, width) => (offset / width) ** 2),
    wholes('rowBefore', [0, ...range(0, rows - 1)]),
    wholes('newestRow', rows - 1),
    wholes('rowsShape', [rows, channels]),
    wholes('seriesShape', [1, 1, rows]),
    wholes('columnShape', [rows, 1]),
  ];
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function scalar(name: string, value: number): OnnxConstant {
  return { name, shape: [], values: Float32Array.of(value) };
}

/** Whole numbers: a list, or one as a scalar. */
function wholes(name: string, values: readonly number[] | number): OnnxConstant {
  const shape = typeof values === 'number' ? [] : [values.length];
  return { name, shape, values: BigInt64Array.from([values].flat(), BigInt) };
}
