import { DAMAGE_FEATURES, propellerFeatures } from './features.ts';
import { fitSoftmax, type Softmax, softmaxOf } from './softmax.ts';

/** A window of a flight, and how much of the propeller was missing. */
export interface LabelledWindow {
  readonly data: Float32Array;
  readonly damageMm: number;
}

/**
 * Two models: one says whether a large piece is missing, by the two features that physics names, the other one how much,
 * by all of them.
 */
export interface PropellerModel {
  /** Damage of each class, rising. */
  readonly gradesMm: readonly number[];
  /** The damage from which on it is an alarm. */
  readonly alarmFromMm: number;
  /** Classes: less than that, and that or more. */
  readonly damage: Softmax;
  readonly grade: Softmax;
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
 * Windows on the ground, and with an empty channel, are left out.
 * @returns undefined when nothing is left, or all of it on one side of the alarm
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
  if (new Set(gradesMm.map((grade) => grade >= alarmFromMm)).size < 2) return undefined;
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
  return { score: probability / ALARM_PROBABILITY, labels: softmaxOf(model.grade, features) };
}

function damageFeatures(features: Float64Array): Float64Array {
  return Float64Array.from(DAMAGE_FEATURES, (at) => features[at] ?? 0);
}
