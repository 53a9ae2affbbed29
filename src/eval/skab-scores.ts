/**
 * The scores of the SKAB benchmark, as its `core/metrics.py` computes them: outliers pooled over all files, and
 * changepoints by the Numenta scoring with a window of a minute after each true one. No point adjustment.
 */

/** The rows of one file that are scored; all arrays have the same length. */
export interface ScoredFile {
  /** Time of each row in seconds, rising. */
  readonly timeS: readonly number[];
  readonly anomaly: readonly boolean[];
  readonly changepoint: readonly boolean[];
  readonly predicted: readonly boolean[];
}

export interface OutlierScores {
  /** TP / (TP + (FP + FN) / 2), 0 to 1. */
  readonly f1: number;
  /** Share of the normal rows that were called abnormal. */
  readonly farPercent: number;
  /** Share of the abnormal rows that were called normal. */
  readonly marPercent: number;
}

export interface ChangepointScores {
  /** 100 for a perfect detector, 0 for one that never says anything. */
  readonly standard: number;
  readonly lowFp: number;
  readonly lowFn: number;
  readonly windows: number;
  readonly missed: number;
  readonly falsePositives: number;
  /** From the true changepoint to the first prediction, over the hits; NaN without any. */
  readonly meanDelayS: number;
}

export function outlierScores(files: readonly ScoredFile[]): OutlierScores {
  let [truePositives, falsePositives, trueNegatives, falseNegatives] = [0, 0, 0, 0];
  for (const { anomaly, predicted } of files) {
    anomaly.forEach((isAnomaly, row) => {
      if (predicted[row]) isAnomaly ? truePositives++ : falsePositives++;
      else isAnomaly ? falseNegatives++ : trueNegatives++;
    });
  }
  return {
    f1: truePositives / (truePositives + (falsePositives + falseNegatives) / 2),
    farPercent: (100 * falsePositives) / (falsePositives + trueNegatives),
    marPercent: (100 * falseNegatives) / (falseNegatives + truePositives),
  };
}

interface Profile {
  readonly hit: number;
  readonly falsePositive: number;
  readonly miss: number;
}

const STANDARD: Profile = { hit: 1, falsePositive: -0.11, miss: -1 };
const LOW_FP: Profile = { hit: 1, falsePositive: -0.22, miss: -1 };
const LOW_FN: Profile = { hit: 1, falsePositive: -0.11, miss: -2 };

const WINDOW_S = 60;

/** The gain falls from the hit's to the false positive's along this many points of tanh over −π/2 to π/2. */
const CURVE_POINTS = 1000;

export function changepointScores(files: readonly ScoredFile[]): ChangepointScores {
  const outcomes = files.map(matchChangepoints);
  const hits = outcomes.flatMap((outcome) => outcome.hits);
  const missed = sum(outcomes.map((outcome) => outcome.missed));
  const falsePositives = sum(outcomes.map((outcome) => outcome.falsePositives));
  const windows = hits.length + missed;
  const score = (profile: Profile) => {
    const gains = sum(hits.map(({ position }) => gain(position, profile)));
    const total = gains + profile.falsePositive * falsePositives + profile.miss * missed;
    return (100 * (total - windows * profile.miss)) / (windows * (profile.hit - profile.miss));
  };
  return {
    standard: score(STANDARD),
    lowFp: score(LOW_FP),
    lowFn: score(LOW_FN),
    windows,
    missed,
    falsePositives,
    meanDelayS: sum(hits.map(({ delayS }) => delayS)) / hits.length,
  };
}

interface Outcome {
  /** For each window that was hit, where in it (0 at its start, 1 at its end) and how long after the changepoint. */
  readonly hits: readonly { readonly position: number; readonly delayS: number }[];
  readonly missed: number;
  readonly falsePositives: number;
}

function matchChangepoints({ timeS, changepoint, predicted }: ScoredFile): Outcome {
  const predictions = timeS.filter((_, row) => (predicted[row] ?? false) !== (predicted[row - 1] ?? false));
  const windows = windowsAfter(timeS.filter((_, row) => changepoint[row]));
  const isIn = (time: number, { start, end }: ScoringWindow) => time >= start && time <= end;
  const hits = windows.flatMap((window) => {
    const first = predictions.find((time) => isIn(time, window));
    if (first === undefined) return [];
    const position = (first - window.start) / (window.end - window.start);
    return [{ position, delayS: first - window.changepoint }];
  });
  const outside = predictions.filter((time) => !windows.some((window) => isIn(time, window)));
  return { hits, missed: windows.length - hits.length, falsePositives: outside.length };
}

interface ScoringWindow {
  readonly changepoint: number;
  readonly start: number;
  readonly end: number;
}

/** A minute from each changepoint on; where two overlap, the later one loses its beginning. */
function windowsAfter(changepoints: readonly number[]): ScoringWindow[] {
  return changepoints.map((changepoint, k) => {
    const endBefore = (changepoints[k - 1] ?? Number.NEGATIVE_INFINITY) + WINDOW_S;
    return { changepoint, start: Math.max(changepoint, endBefore), end: changepoint + WINDOW_S };
  });
}

function gain(position: number, { hit, falsePositive }: Profile): number {
  const point = Math.min(Math.floor(CURVE_POINTS * position), CURVE_POINTS - 1);
  const x = -Math.PI / 2 + (Math.PI * point) / (CURVE_POINTS - 1);
  const fall = Math.tanh(x) / Math.tanh(Math.PI / 2);
  return (-(hit - falsePositive) / 2) * fall + (hit + falsePositive) / 2;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
