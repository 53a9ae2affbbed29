import { DAMAGE_FEATURES, propellerFeatures } from './features.ts';
import { fitSoftmax, type Softmax, softmaxOf } from './softmax.ts';

/** A window of a flight, and how much of the propeller was missing. */
export interface LabelledWindow {
  readonly data: Float32Array;
  readonly damageMm: number;
}

/**
 * Two models: one says whether a large piece is missing, by the two features that physics names, the other one how much,
 * by all of them. Of good flights alone the first one says whether the propellers turn faster than they used to, and
 * there is no other one.
 */
export interface PropellerModel {
  /** Damage of each class, rising; empty of good flights alone. */
  readonly gradesMm: readonly number[];
  /** The damage from which on it is an alarm. */
  readonly alarmFromMm: number;
  /** Classes: less than that, and that or more. */
  readonly damage: Softmax;
  readonly grade: Softmax | undefined;
  /** Windows that it was trained on. */
  readonly windows: number;
}

export interface PropellerVerdict {
  /** Probability of damage that is an alarm, over 1/2: from 0 to 2, 1 is the alarm limit. */
  readonly score: number;
  /** Probability of each grade; all the same on the ground. */
  readonly labels: Float64Array;
}

/** Probability at which the score is 1. */
export const ALARM_PROBABILITY = 0.5;

/**
 * Of good flights alone: how much faster the propellers may turn, as a share of what they used to, and how much more makes
 * the odds e times as high. Thrust goes with the square of the speed, so 4 % are what 8 % more weight would need.
 */
const EXCESS_MAX = 0.04;
const EXCESS_SPREAD = 0.01;

/**
 * Windows on the ground, and with an empty channel, are left out.
 * @returns undefined when nothing is left, or nothing below the alarm
 */
export function fitPropellerModel(
  windows: readonly LabelledWindow[],
  alarmFromMm: number,
): PropellerModel | undefined {
  const rows = windows.flatMap(({ data, damageMm }) => {
    const features = propellerFeatures(data);
    return features === undefined ? [] : [{ features, damageMm }];
  });
  const gradesMm = [...new Set(rows.map(({ damageMm }) => damageMm))].sort((a, b) => a - b);
  if (!gradesMm.some((grade) => grade < alarmFromMm)) return undefined;
  if (!gradesMm.some((grade) => grade >= alarmFromMm)) {
    const damage = fasterThan(rows.map(({ features }) => features));
    return { gradesMm: [], alarmFromMm, damage, grade: undefined, windows: rows.length };
  }
  const damaged = rows.map(({ features, damageMm }) => {
    return { features: damageFeatures(features), label: Number(damageMm >= alarmFromMm) };
  });
  const graded = rows.map(({ features, damageMm }) => ({ features, label: gradesMm.indexOf(damageMm) }));
  const damage = fitSoftmax(damaged, 2);
  const grade = fitSoftmax(graded, gradesMm.length);
  return { gradesMm, alarmFromMm, damage, grade, windows: rows.length };
}

/** What the graph of the model says, in double precision. */
export function judgePropellers(model: PropellerModel, window: Float32Array): PropellerVerdict {
  const features = propellerFeatures(window);
  const classes = model.gradesMm.length;
  if (features === undefined) return { score: 0, labels: new Float64Array(classes).fill(1 / classes) };
  const [, probability = 0] = softmaxOf(model.damage, damageFeatures(features));
  const labels = model.grade === undefined ? new Float64Array(0) : softmaxOf(model.grade, features);
  return { score: probability / ALARM_PROBABILITY, labels };
}

/** Says how far the speed is beyond the mean of these flights and what it may exceed it by; the balance does not count. */
function fasterThan(rows: readonly Float64Array[]): Softmax {
  const [balanceAt, speedAt] = DAMAGE_FEATURES;
  const meanOf = (place: number) =>
    rows.reduce((sum, features) => sum + (features[place] ?? 0), 0) / rows.length;
  const speed = meanOf(speedAt);
  return {
    centre: Float64Array.of(meanOf(balanceAt), speed * (1 + EXCESS_MAX)),
    spread: Float64Array.of(1, speed * EXCESS_SPREAD),
    weights: Float64Array.of(...[0, 0], ...[0, 1], ...[0, 0]),
    classes: 2,
  };
}

function damageFeatures(features: Float64Array): Float64Array {
  return Float64Array.from(DAMAGE_FEATURES, (at) => features[at] ?? 0);
}
