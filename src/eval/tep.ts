import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { Logger } from '../system/log.ts';
import { type JudgedRow, judgeMadeRows, type MadeRow } from './judged-rows.ts';

/** Faults of the shared recordings; the benchmark has 21. */
const FAULTS = [1, 2, 3, 4, 5, 6, 7] as const;

const CHANNELS = Array.from({ length: 52 }, (_, at) => (at < 41 ? `xmeas${at + 1}` : `xmv${at - 40}`));

const ROW_MS = 180_000;
/** A pause between what is learned and what is judged: they are two runs of the plant. */
const PAUSE_MS = 86_400_000;

/** From this row of a test file on the fault is there. */
const FAULT_ROW = 160;

/** One setting for the benchmark, by reasoning: windows of three rows, and alarms that last as long as the score. */
const SETTINGS = {
  window: { rateHz: 1000 / ROW_MS, length: '9min', step: '3min', hold: '3min' },
  incident: { openAfter: '0s', closeBelow: 1, closeAfter: '0s', mergeWithin: '0s' },
} as const;

export interface TepRun {
  /** 0 for the normal run. */
  readonly fault: number;
  readonly rows: readonly JudgedRow[];
}

export interface TepScores {
  /** Share of the second half of the normal run with an alarm. */
  readonly farPercent: number;
  readonly faults: readonly {
    readonly fault: number;
    /** Rows from the fault to the first alarm; undefined without one. */
    readonly delayRows: number | undefined;
    /** Share of the rows with the fault that have an alarm. */
    readonly detectionPercent: number;
  }[];
}

/**
 * Learns the normal training run d00 and judges the test runs of all faults.
 * @throws FieldnoteError RECORDING_UNREADABLE when one of them is not there or not what it should be
 */
export async function evaluateTep(dir: string, log: Logger): Promise<TepRun[]> {
  const learned = transposed(await readRun(join(dir, 'd00.dat')));
  const runs: TepRun[] = [];
  for (const fault of [0, ...FAULTS]) {
    const judged = await readRun(join(dir, `d0${fault}_te.dat`));
    runs.push({ fault, rows: await judgeRun(learned, judged, log) });
  }
  return runs;
}

export function tepScores(runs: readonly TepRun[]): TepScores {
  const normal = runs.find(({ fault }) => fault === 0)?.rows ?? [];
  return {
    farPercent: alarmPercent(normal.slice(normal.length / 2)),
    faults: runs
      .filter(({ fault }) => fault > 0)
      .map(({ fault, rows }) => {
        const faulty = rows.slice(FAULT_ROW);
        const first = faulty.findIndex(({ isAlarm }) => isAlarm);
        const delayRows = first < 0 ? undefined : first;
        return { fault, delayRows, detectionPercent: alarmPercent(faulty) };
      }),
  };
}

function alarmPercent(rows: readonly JudgedRow[]): number {
  return (100 * rows.filter(({ isAlarm }) => isAlarm).length) / rows.length;
}

function judgeRun(
  learned: readonly (readonly number[])[],
  judged: readonly (readonly number[])[],
  log: Logger,
): Promise<JudgedRow[]> {
  const startMs = Date.UTC(2000, 0, 1) + ROW_MS / 2;
  const judgedMs = startMs + learned.length * ROW_MS + PAUSE_MS;
  const rowsFrom = (fromMs: number, run: readonly (readonly number[])[]): MadeRow[] =>
    run.map((values, at) => ({ timeMs: fromMs + at * ROW_MS, values }));
  const rows = rowsFrom(judgedMs, judged);
  return judgeMadeRows(
    {
      channels: CHANNELS,
      settings: { ...SETTINGS, learn: { for: `${((learned.length - 0.5) * ROW_MS) / 60_000}min` } },
      rows: [...rowsFrom(startMs, learned), ...rows],
    },
    rows.map(({ timeMs }) => timeMs),
    log,
  );
}

/** The numbers of a file, line by line. */
async function readRun(path: string): Promise<number[][]> {
  const text = await readFile(path, 'latin1').catch((error) => {
    throw new FieldnoteError(
      'RECORDING_UNREADABLE',
      `cannot read ${path}: ${messageOf(error)}`,
      { path },
      error,
    );
  });
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const rows = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const isWhole = rows.every((row) => row.length === rows[0]?.length && row.every(Number.isFinite));
  const isRun = isWhole && (rows.length === CHANNELS.length || rows[0]?.length === CHANNELS.length);
  if (isRun) return rows;
  const message = `${path} is no file of the benchmark: it needs ${CHANNELS.length} numbers in every line`;
  throw new FieldnoteError('RECORDING_UNREADABLE', message, { path });
}

/** d00.dat is the only file with one line for each channel. */
function transposed(lines: readonly (readonly number[])[]): readonly (readonly number[])[] {
  if (lines.length !== CHANNELS.length) return lines;
  return Array.from(lines[0] ?? [], (_, row) => lines.map((line) => line[row] ?? Number.NaN));
}
