/**
 * Multinomial logistic regression with a penalty on large weights: the simplest model that says how probable each class
 * is (Hastie, Tibshirani & Friedman, "The Elements of Statistical Learning", 4.4).
 */

export interface Softmax {
  /** Mean and standard deviation of each feature where it was trained. */
  readonly centre: Float64Array;
  readonly spread: Float64Array;
  /** [features + 1, classes], row by row; the last row is the bias. */
  readonly weights: Float64Array;
  readonly classes: number;
}

export interface LabelledFeatures {
  readonly features: Float64Array;
  /** From 0. */
  readonly label: number;
}

/** Of the sum of squared weights against the sum of log losses, half: 1 for features that are scaled to spread 1. */
const PENALTY = 1;
const ITERATIONS_MAX = 20_000;
const GRADIENT_MAX = 1e-6;
/** A feature that never changes tells nothing. */
const SPREAD_MIN = 1e-9;

/**
 * Minimises the sum of log losses and of PENALTY/2 · weights² (biases are free) by Nesterov's accelerated gradient,
 * with a step that its curvature allows.
 * @param rows at least one; all of the same length
 */
export function fitSoftmax(rows: readonly LabelledFeatures[], classes: number): Softmax {
  const { centre, spread } = scaleOf(rows);
  const inputs = rows.map(({ features }) => scaled(features, { centre, spread }));
  const size = (centre.length + 1) * classes;
  /** Largest curvature: half of the trace bounds the largest eigenvalue of the loss. */
  const curvature = inputs.reduce((sum, input) => sum + input.reduce((all, x) => all + x * x, 0), 0) / 2;
  const step = 1 / (curvature + PENALTY);
  let weights = new Float64Array(size);
  let ahead = weights;
  for (let iteration = 0; iteration < ITERATIONS_MAX; iteration++) {
    const gradient = gradientAt(ahead, inputs, rows, classes);
    if (Math.hypot(...gradient) < GRADIENT_MAX) break;
    const next = ahead.map((weight, at) => weight - step * (gradient[at] ?? 0));
    const momentum = iteration / (iteration + 3);
    const previous = weights;
    ahead = next.map((weight, at) => weight + momentum * (weight - (previous[at] ?? 0)));
    weights = next;
  }
  return { centre, spread, weights, classes };
}

/** Probability of each class. */
export function softmaxOf(model: Softmax, features: Float64Array): Float64Array {
  return probabilities(scaled(features, model), model.weights, model.classes);
}

function scaleOf(rows: readonly LabelledFeatures[]): Pick<Softmax, 'centre' | 'spread'> {
  const size = rows[0]?.features.length ?? 0;
  const meanOf = (value: (features: Float64Array) => number) =>
    rows.reduce((sum, { features }) => sum + value(features), 0) / rows.length;
  const centre = Float64Array.from({ length: size }, (_, at) => meanOf((features) => features[at] ?? 0));
  const spread = centre.map((middle, at) =>
    Math.max(SPREAD_MIN, Math.sqrt(meanOf((features) => ((features[at] ?? 0) - middle) ** 2))),
  );
  return { centre, spread };
}

/** With the 1 that the bias is multiplied by. */
function scaled(
  features: Float64Array,
  { centre, spread }: Pick<Softmax, 'centre' | 'spread'>,
): Float64Array {
  const values = [...features].map((value, at) => (value - (centre[at] ?? 0)) / (spread[at] ?? 1));
  return Float64Array.of(...values, 1);
}

function gradientAt(
  weights: Float64Array,
  inputs: readonly Float64Array[],
  rows: readonly LabelledFeatures[],
  classes: number,
): Float64Array {
  const biasAt = weights.length - classes;
  const gradient = weights.map((weight, at) => (at < biasAt ? PENALTY * weight : 0));
  for (const [row, input] of inputs.entries()) {
    const found = probabilities(input, weights, classes);
    const label = rows[row]?.label ?? 0;
    found[label] = (found[label] ?? 0) - 1;
    for (const [at, x] of input.entries()) {
      for (let k = 0; k < classes; k++)
        gradient[at * classes + k] = (gradient[at * classes + k] ?? 0) + x * (found[k] ?? 0);
    }
  }
  return gradient;
}

function probabilities(input: Float64Array, weights: Float64Array, classes: number): Float64Array {
  const sums = new Float64Array(classes);
  for (const [at, x] of input.entries()) {
    for (let k = 0; k < classes; k++) sums[k] = (sums[k] ?? 0) + x * (weights[at * classes + k] ?? 0);
  }
  const largest = Math.max(...sums);
  const powers = sums.map((sum) => Math.exp(sum - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
