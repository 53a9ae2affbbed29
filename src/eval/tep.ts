import type { BenchmarkTools } from './benchmark.ts';
import { checkFolder, notOfBenchmark, readBenchmarkFile } from './benchmark-files.ts';
import { type JudgedRow, judgeMadeRows, type MadeRow } from './judged-rows.ts';

const LEARNED = 'd00.dat';
const NORMAL = 'd00_te.dat';
/** Test runs, by the number of their fault; 00 is the normal one. */
const TEST_FILE = /^d(\d\d)_te\.dat$/;

const CHANNELS = Array.from({ length: 52 }, (_, at) => (at < 41 ? `xmeas${at + 1}` : `xmv${at - 40}`));

export const ROW_MS = 180_000;
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
  readonly file: string;
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
    /** Share of the rows before the fault that have one. */
    readonly falsePercent: number;
  }[];
}

/**
 * Learns the normal training run and judges every test run that is there.
 * @throws FieldnoteError BAD_ARGUMENT when a file is missing, RECORDING_UNREADABLE when one is not what it should be
 */
export async function evaluateTep(dir: string, { log, progress }: BenchmarkTools): Promise<TepRun[]> {
  const names = await checkFolder(dir, { benchmark: 'tep', needed: [LEARNED, NORMAL] });
  const learned = transposed(await readRun(dir, LEARNED));
  const runs: TepRun[] = [];
  for (const file of names) {
    const fault = TEST_FILE.exec(file)?.[1];
    if (fault === undefined) continue;
    progress(`${LEARNED} learned, ${file} judged`);
    runs.push({ file, fault: Number(fault), rows: await judgeRun(learned, await readRun(dir, file), log) });
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
        const falsePercent = alarmPercent(rows.slice(0, FAULT_ROW));
        return { fault, delayRows, detectionPercent: alarmPercent(faulty), falsePercent };
      }),
  };
}

function alarmPercent(rows: readonly JudgedRow[]): number {
  return (100 * rows.filter(({ isAlarm }) => isAlarm).length) / rows.length;
}

function judgeRun(
  learned: readonly (readonly number[])[],
  judged: readonly (readonly number[])[],
  log: BenchmarkTools['log'],
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
async function readRun(dir: string, name: string): Promise<number[][]> {
  const text = (await readBenchmarkFile(dir, name)).toString('latin1');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const rows = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const isWhole = rows.every((row) => row.length === rows[0]?.length && row.every(Number.isFinite));
  const isRun = isWhole && (rows.length === CHANNELS.length || rows[0]?.length === CHANNELS.length);
  if (isRun) return rows;
  throw notOfBenchmark(dir, name, `${CHANNELS.length} numbers in every line`);
}

/** d00.dat is the only file with one line for each channel. */
function transposed(lines: readonly (readonly number[])[]): readonly (readonly number[])[] {
  if (lines.length !== CHANNELS.length) return lines;
  return Array.from(lines[0] ?? [], (_, row) => lines.map((line) => line[row] ?? Number.NaN));
}
