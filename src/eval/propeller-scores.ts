/** One window of a flight with propellers of known damage, and what it was called. */
export interface CalledFlightWindow {
  readonly file: string;
  /** From 0 in each flight. */
  readonly row: number;
  /** End of the window since the first one began. */
  readonly seconds: number;
  readonly damageMm: number;
  /** 1 is the alarm limit; NaN when it was not judged. */
  readonly score: number;
  /** The most probable grade; undefined when it was not judged. */
  readonly gradeMm: number | undefined;
}

export interface PropellerScores {
  readonly windows: number;
  /** Of "damage that is an alarm", over windows. */
  readonly f1: number;
  /** F1 of calling every window damaged. */
  readonly alwaysF1: number;
  /** Share of windows whose grade is right. */
  readonly accuracy: number;
  /** Share of the grade that is most frequent. */
  readonly mostFrequentShare: number;
  readonly flights: readonly FlightCall[];
}

export interface FlightCall {
  readonly file: string;
  readonly damageMm: number;
  readonly windows: number;
  /** Windows that are an alarm. */
  readonly alarms: number;
  /** The grade of most windows; undefined when most were not judged. */
  readonly gradeMm: number | undefined;
}

/** @param alarmFromMm the damage from which on an alarm is right */
export function propellerScores(
  windows: readonly CalledFlightWindow[],
  alarmFromMm: number,
): PropellerScores {
  const isDamaged = ({ damageMm }: CalledFlightWindow) => damageMm >= alarmFromMm;
  const right = windows.filter(({ damageMm, gradeMm }) => gradeMm === damageMm);
  return {
    windows: windows.length,
    f1: f1Of(windows, { isTrue: isDamaged, isCalled: isAlarm }),
    alwaysF1: f1Of(windows, { isTrue: isDamaged, isCalled: () => true }),
    accuracy: right.length / windows.length,
    mostFrequentShare: mostFrequent(windows.map(({ damageMm }) => damageMm)).count / windows.length,
    flights: [...Map.groupBy(windows, ({ file }) => file)].map(([file, own]) => ({
      file,
      damageMm: own[0]?.damageMm ?? Number.NaN,
      windows: own.length,
      alarms: own.filter(isAlarm).length,
      gradeMm: mostFrequent(own.map(({ gradeMm }) => gradeMm)).value,
    })),
  };
}

function isAlarm({ score }: CalledFlightWindow): boolean {
  return score >= 1;
}

interface Calls {
  readonly isTrue: (window: CalledFlightWindow) => boolean;
  readonly isCalled: (window: CalledFlightWindow) => boolean;
}

/** 2·hits / (2·hits + false + missed); NaN when there is nothing to find and nothing was called. */
function f1Of(windows: readonly CalledFlightWindow[], { isTrue, isCalled }: Calls): number {
  const hits = windows.filter((window) => isTrue(window) && isCalled(window)).length;
  const wrong = windows.filter((window) => isTrue(window) !== isCalled(window)).length;
  return (2 * hits) / (2 * hits + wrong);
}

function mostFrequent<Value>(values: readonly Value[]): { value: Value | undefined; count: number } {
  const counts = [...Map.groupBy(values, (value) => value)].map(([value, { length }]) => {
    return { value, count: length };
  });
  return counts.sort((a, b) => b.count - a.count)[0] ?? { value: undefined, count: 0 };
}
