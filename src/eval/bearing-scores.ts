/** Scores of a classifier that may also say "unsure". Pure: no file, no model. */

export const BEARING_LABELS = ['healthy', 'inner race', 'outer race', 'ball'] as const;
export type BearingLabel = (typeof BEARING_LABELS)[number];

/** What was said about one window of a recording, beside what is true. */
export interface CalledWindow {
  readonly file: string;
  /** Number of the window in its file, from 0. */
  readonly row: number;
  /** From the beginning of the file to the end of the window. */
  readonly seconds: number;
  readonly truth: BearingLabel;
  readonly faultInches: number | null;
  readonly call: Call;
  /** Probability of any fault over its limit; an alarm from 1 on. NaN when the model was unsure. */
  readonly score: number;
}

/** The most probable label, if that is probable enough to be said. */
export type Call = BearingLabel | 'unsure';

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
      count(windows, ({ call }) => call === 'unsure'),
      windows.length,
    ),
    healthyWindows: healthy.length,
    healthyCalledFaulty: count(healthy, ({ call }) => call !== 'healthy' && call !== 'unsure'),
    healthyAlarms: count(healthy, ({ score }) => score >= 1),
    faultyWindows: faulty.length,
    faultyAlarms: count(faulty, ({ score }) => score >= 1),
    confusion,
  };
}

/** What the same windows score when all of them are called one label: the line that a model has to beat. */
export function alwaysCalled(label: BearingLabel, windows: readonly CalledWindow[]): BearingScores {
  const score = label === 'healthy' ? 0 : 1;
  return bearingScores(windows.map((window) => ({ ...window, call: label, score })));
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
  for (const window of windows) confusion[window.truth][window.call]++;
  return confusion;
}

function f1Of(label: BearingLabel, windows: readonly CalledWindow[]): number {
  const called = count(windows, ({ call }) => call === label);
  const hits = count(windows, ({ truth, call }) => truth === label && call === label);
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
