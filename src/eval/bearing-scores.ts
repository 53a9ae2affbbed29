/** Scores of a classifier that may also say "unsure". Pure: no file, no model. */

export const BEARING_LABELS = ['healthy', 'inner race', 'outer race', 'ball'] as const;
export type BearingLabel = (typeof BEARING_LABELS)[number];

/** What was said about one window of a recording, beside what is true. */
export interface CalledWindow {
  readonly file: string;
  /** Number of its first sample, from 0, at the rate of the model. */
  readonly row: number;
  readonly truth: BearingLabel;
  readonly faultInches: number | null;
  /** The label with the highest probability. */
  readonly best: BearingLabel;
  /** False when that probability is too low to be said. */
  readonly isSure: boolean;
  /** Probability of any fault over its limit; an alarm from 1 on. */
  readonly score: number;
}

type Call = BearingLabel | 'unsure';

export interface BearingScores {
  readonly windows: number;
  /** Mean F1 of the labels that occur; "unsure" is a miss, never a hit. */
  readonly macroF1: number;
  /** Only the labels that occur. */
  readonly f1: Readonly<Partial<Record<BearingLabel, number>>>;
  /** Share of windows that were called right; "unsure" is not right. */
  readonly accuracy: number;
  readonly unsureShare: number;
  readonly healthyWindows: number;
  /** Healthy windows that were called one of the faults. */
  readonly healthyCalledFaulty: number;
  readonly healthyAlarms: number;
  readonly faultyWindows: number;
  readonly faultyAlarms: number;
  /** Windows by truth, then by what they were called. */
  readonly confusion: Readonly<Record<BearingLabel, Readonly<Record<Call, number>>>>;
}

/** Every share of nothing is 0. */
export function bearingScores(windows: readonly CalledWindow[]): BearingScores {
  const confusion = confusionOf(windows);
  const occurring = BEARING_LABELS.filter((label) => windows.some(({ truth }) => truth === label));
  const f1 = Object.fromEntries(occurring.map((label) => [label, f1Of(label, windows)]));
  const healthy = windows.filter(({ truth }) => truth === 'healthy');
  const faulty = windows.filter(({ truth }) => truth !== 'healthy');
  return {
    windows: windows.length,
    macroF1: share(sum(Object.values(f1)), occurring.length),
    f1,
    accuracy: share(sum(BEARING_LABELS.map((label) => confusion[label][label])), windows.length),
    unsureShare: share(
      count(windows, ({ isSure }) => !isSure),
      windows.length,
    ),
    healthyWindows: healthy.length,
    healthyCalledFaulty: count(healthy, ({ best, isSure }) => isSure && best !== 'healthy'),
    healthyAlarms: count(healthy, ({ score }) => score >= 1),
    faultyWindows: faulty.length,
    faultyAlarms: count(faulty, ({ score }) => score >= 1),
    confusion,
  };
}

/** What the same windows score when all of them are called one label: the line that a model has to beat. */
export function alwaysCalled(label: BearingLabel, windows: readonly CalledWindow[]): BearingScores {
  const score = label === 'healthy' ? 0 : 1;
  return bearingScores(windows.map((window) => ({ ...window, best: label, isSure: true, score })));
}

function confusionOf(windows: readonly CalledWindow[]): Record<BearingLabel, Record<Call, number>> {
  const row = (): Record<Call, number> => ({
    healthy: 0,
    'inner race': 0,
    'outer race': 0,
    ball: 0,
    unsure: 0,
  });
  const confusion = { healthy: row(), 'inner race': row(), 'outer race': row(), ball: row() };
  for (const window of windows) confusion[window.truth][callOf(window)]++;
  return confusion;
}

function callOf({ best, isSure }: CalledWindow): Call {
  return isSure ? best : 'unsure';
}

function f1Of(label: BearingLabel, windows: readonly CalledWindow[]): number {
  const called = count(windows, (window) => callOf(window) === label);
  const hits = count(windows, (window) => window.truth === label && callOf(window) === label);
  return share(2 * hits, called + count(windows, ({ truth }) => truth === label));
}

function count(windows: readonly CalledWindow[], isCounted: (window: CalledWindow) => boolean): number {
  return windows.filter(isCounted).length;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
