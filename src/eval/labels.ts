import { FieldnoteError } from '../system/errors.ts';
import type { BenchmarkResult } from './benchmark.ts';
import { type Line, tableOf } from './board.ts';
import { type JudgedWindow, type Judging, judgeWindows, windowsOf } from './judged-rows.ts';
import { parseStretches, readLabelFile, type Stretch, timeText } from './label-file.ts';
import { type LabelledRow, type LabelScores, labelScores } from './label-scores.ts';

/** Times that are kept of one recording: 80 MiB. */
const ROWS_MAX = 10_000_000;

interface Scored extends LabelledRow {
  readonly row: number;
  readonly score: number;
}

/**
 * Judges a recording as `fieldnote replay` would, and compares the incidents with stretches that are known to be
 * abnormal. Rows that were learned are not scored.
 * @throws FieldnoteError BAD_ARGUMENT when the labels are none or all of the recording was learned,
 * RECORDING_UNREADABLE when it cannot be read or carries no times
 */
export async function evaluateLabels(judging: Judging, labelPath: string): Promise<BenchmarkResult> {
  const labels = await readLabelFile(labelPath);
  const rowTimesMs: number[] = [];
  const windows = await judgeWindows(judging, (timeMs) => {
    if (rowTimesMs.length === ROWS_MAX) throw unreadable(judging, `has more than ${ROWS_MAX} rows`);
    rowTimesMs.push(timeMs);
  });
  if (rowTimesMs.length === 0) throw unreadable(judging, 'holds no row');
  if (rowTimesMs.at(-1) === rowTimesMs[0])
    throw unreadable(judging, 'carries no times of its own: each line needs a field such as "time"');
  const stretches = parseStretches(labels, { path: labelPath, rowTimesMs });
  const rateHz = judging.config.assets[judging.asset]?.window.rateHz ?? 1;
  const scored = scoredRows(windowsOf(windows, rowTimesMs, rateHz), rowTimesMs);
  if (scored.length === 0) {
    const message = `all of ${judging.recording} was learned: lower learn.for, or take a longer recording`;
    throw new FieldnoteError('BAD_ARGUMENT', message, { recording: judging.recording });
  }
  return resultOf({ judging, stretches, scored, rowCount: rowTimesMs.length });
}

/** Rows that were judged, or would have been without a gap: those from when there was a model. */
function scoredRows(windows: readonly (JudgedWindow | undefined)[], rowTimesMs: readonly number[]): Scored[] {
  return rowTimesMs.flatMap((timeMs, row) => {
    const window = windows[row];
    if (window === undefined || window.isLearning) return [];
    return [{ row, timeMs, score: window.score, incident: window.incident }];
  });
}

interface Evaluated {
  readonly judging: Judging;
  readonly stretches: readonly Stretch[];
  readonly scored: readonly Scored[];
  readonly rowCount: number;
}

function resultOf({ judging, stretches, scored, rowCount }: Evaluated): BenchmarkResult {
  const saying = (incident: string | undefined) =>
    labelScores(
      scored.map((row) => ({ ...row, incident })),
      stretches,
    );
  const figures = {
    recording: judging.recording,
    asset: judging.asset,
    rows: rowCount,
    rowsScored: scored.length,
    ...labelScores(scored, stretches),
    alwaysAlarm: saying('always').perRow,
    neverAlarm: saying(undefined).perRow,
  };
  const rows = scored.map(({ row, timeMs, score, incident }) => ({
    file: judging.recording,
    row,
    time: timeMs >= 0 ? timeText(timeMs).replace(/ ms$/, '') : '',
    score,
    isAlarm: incident !== undefined,
  }));
  return { figures, table: linesOf(figures), rows };
}

type Figures = LabelScores & {
  readonly recording: string;
  readonly asset: string;
  readonly rows: number;
  readonly rowsScored: number;
  readonly alwaysAlarm: LabelScores['perRow'];
  readonly neverAlarm: LabelScores['perRow'];
};

function linesOf(figures: Figures): string[] {
  const { stretches, found, missed, learned, matchedIncidents, falseIncidents } = figures;
  const stretchLines = stretches.map(({ startMs, endMs, label, rows, delayS }) => {
    const outcome = delayS === undefined ? 'missed' : 'found';
    const name = [timeText(startMs), label, rows === 0 ? 'learned' : outcome].filter(Boolean).join('  ');
    return { name, figures: [(endMs - startMs) / 1000, delayS ?? Number.NaN] };
  });
  const perRow = (name: string, { f1, farPercent, marPercent }: LabelScores['perRow']): Line => {
    return { name, figures: [f1, farPercent, marPercent] };
  };
  const rowLines = [
    perRow('Fieldnote', figures.perRow),
    perRow('always alarm', figures.alwaysAlarm),
    perRow('never alarm', figures.neverAlarm),
  ];
  const perDay = figures.falseIncidentsPerDay.toFixed(1);
  return [
    `${figures.recording}, asset ${figures.asset}: ${figures.rowsScored} of ${figures.rows} rows scored, the others were learned`,
    ...['', ...tableOf([['length s', 0] as const, ['delay s', 1] as const], stretchLines)],
    '',
    `stretches: ${found} found, ${missed} missed, ${learned} learned`,
    `incidents: ${matchedIncidents} in a stretch, ${falseIncidents} false (${perDay} a day)`,
    ...['', ...tableOf([['F1', 3] as const, ['FAR %', 1] as const, ['MAR %', 1] as const], rowLines)],
  ];
}

function unreadable({ recording }: Judging, what: string): FieldnoteError {
  return new FieldnoteError('RECORDING_UNREADABLE', `${recording} ${what}`, { recording });
}
