import type { Stretch } from './label-file.ts';
import { type OutlierScores, outlierScores } from './skab-scores.ts';

/** A row that is scored, with what the agent said about it. */
export interface LabelledRow {
  readonly timeMs: number;
  /** Id of the incident that was open. */
  readonly incident: string | undefined;
}

export interface FoundStretch extends Stretch {
  /** Rows of it that are scored; none when all of it was learned. */
  readonly rows: number;
  /** From its first scored row to the first alarm in it; undefined without one. */
  readonly delayS: number | undefined;
}

export interface LabelScores {
  readonly stretches: readonly FoundStretch[];
  readonly found: number;
  readonly missed: number;
  /** Stretches that were learned as normal, so that nothing could be found. */
  readonly learned: number;
  /** Incidents that were open in a stretch, and those that were not. */
  readonly matchedIncidents: number;
  readonly falseIncidents: number;
  /** By the time from the first scored row to the last. */
  readonly falseIncidentsPerDay: number;
  readonly perRow: OutlierScores;
}

const DAY_MS = 86_400_000;

/** @param rows at least one, by rising time */
export function labelScores(rows: readonly LabelledRow[], stretches: readonly Stretch[]): LabelScores {
  const isIn = ({ timeMs }: LabelledRow, { startMs, endMs }: Stretch) => timeMs >= startMs && timeMs <= endMs;
  const found = stretches.map((stretch) => {
    const inside = rows.filter((row) => isIn(row, stretch));
    const alarm = inside.find(({ incident }) => incident !== undefined);
    const delayS = alarm && (alarm.timeMs - (inside[0]?.timeMs ?? 0)) / 1000;
    return { ...stretch, rows: inside.length, delayS };
  });
  const anomaly = rows.map((row) => stretches.some((stretch) => isIn(row, stretch)));
  const incidentsOf = (some: readonly LabelledRow[]) =>
    new Set(some.flatMap(({ incident }) => (incident === undefined ? [] : [incident])));
  const matched = incidentsOf(rows.filter((_, at) => anomaly[at])).size;
  const falseIncidents = incidentsOf(rows).size - matched;
  const days = ((rows.at(-1)?.timeMs ?? 0) - (rows[0]?.timeMs ?? 0)) / DAY_MS;
  return {
    stretches: found,
    found: found.filter(({ delayS }) => delayS !== undefined).length,
    missed: found.filter(({ rows, delayS }) => rows > 0 && delayS === undefined).length,
    learned: found.filter(({ rows }) => rows === 0).length,
    matchedIncidents: matched,
    falseIncidents,
    falseIncidentsPerDay: falseIncidents / days,
    perRow: outlierScores([
      {
        timeS: rows.map(({ timeMs }) => timeMs / 1000),
        anomaly,
        changepoint: [],
        predicted: rows.map(({ incident }) => incident !== undefined),
      },
    ]),
  };
}
