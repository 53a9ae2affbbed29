import { join } from 'node:path';
import { createDecoder } from '../decode/decoder.ts';
import type { Logger } from '../system/log.ts';
import { notOfBenchmark, readBenchmarkFile } from './benchmark-files.ts';
import { type JudgedRow, judgeMadeRows, judgeRows } from './judged-rows.ts';
import type { ScoredFile } from './skab-scores.ts';

/** The benchmark's protocol: the first 400 rows of a file are learned, the rest is scored. */
const LEARNING_ROWS = 400;

/** Columns of the benchmark that are answers or times, not measurements. */
const NOT_CHANNELS = ['datetime', 'anomaly', 'changepoint'];

/** One recording with its answers, which the agent never sees. */
export interface SkabRecording {
  readonly file: string;
  readonly channels: readonly string[];
  readonly rows: readonly SkabRow[];
  /** So many of the first rows are learned. */
  readonly learningRows: number;
}

export interface SkabRow {
  readonly timeMs: number;
  /** In the order of the channels. */
  readonly values: readonly number[];
  readonly anomaly: boolean;
  readonly changepoint: boolean;
}

/** One file of the benchmark with what the agent said about each scored row. */
export interface SkabFile extends ScoredFile {
  readonly file: string;
  /** Number of each scored row in its file, from 0. */
  readonly row: readonly number[];
  /** Of the window that ends with the row; NaN when none does or it was not judged. */
  readonly score: readonly number[];
}

/** @throws FieldnoteError RECORDING_UNREADABLE when it is no file of the benchmark */
export async function readSkabRecording(dir: string, file: string): Promise<SkabRecording> {
  const decoder = createDecoder({ source: 'bench', protocol: 'text' });
  const decoded = [...decoder.decode(await readBenchmarkFile(dir, file), 0), ...decoder.finish(0)];
  const samples = decoded.filter((item) => item.kind === 'sample');
  const names = samples[0]?.names ?? [];
  const [anomalyAt, changepointAt] = [names.indexOf('anomaly'), names.indexOf('changepoint')];
  const hasTimes = samples.every(({ deviceMs }) => deviceMs !== undefined);
  if (anomalyAt < 0 || changepointAt < 0 || !hasTimes || samples.length <= LEARNING_ROWS)
    throw notOfBenchmark(
      dir,
      file,
      `columns datetime, anomaly and changepoint and over ${LEARNING_ROWS} rows`,
    );
  const channels = names.filter((name) => !NOT_CHANNELS.includes(name));
  const columns = channels.map((name) => names.indexOf(name));
  const rows = samples.map(({ deviceMs, values }) => ({
    timeMs: deviceMs ?? Number.NaN,
    values: columns.map((column) => values[column] ?? Number.NaN),
    anomaly: values[anomalyAt] === 1,
    changepoint: values[changepointAt] === 1,
  }));
  return { file, channels, rows, learningRows: LEARNING_ROWS };
}

/** Judges a file as it lies there with the default settings, and as long a learning as the protocol says. */
export async function judgeSkabFile(dir: string, recording: SkabRecording, log: Logger): Promise<SkabFile> {
  const { channels, file } = recording;
  const path = join(dir, file);
  return scoredFile(
    recording,
    await judgeRows({ path, channels, settings: settingsOf(recording) }, timesOf(recording), log),
  );
}

/** The same for a recording that was changed in memory. */
export async function judgeSkabRecording(recording: SkabRecording, log: Logger): Promise<SkabFile> {
  const { channels, rows } = recording;
  return scoredFile(
    recording,
    await judgeMadeRows({ channels, rows, settings: settingsOf(recording) }, timesOf(recording), log),
  );
}

function settingsOf({ learningRows }: SkabRecording) {
  return { learn: { for: `${learningRows}s` } };
}

function timesOf(recording: SkabRecording): number[] {
  return scoredRows(recording).map(({ timeMs }) => timeMs);
}

export function scoredRows({ rows, learningRows }: SkabRecording): readonly SkabRow[] {
  return rows.slice(learningRows);
}

/** @param judged one for each scored row */
export function scoredFile(recording: SkabRecording, judged: readonly JudgedRow[]): SkabFile {
  const scored = scoredRows(recording);
  return {
    file: recording.file,
    row: scored.map((_, index) => recording.learningRows + index),
    timeS: scored.map(({ timeMs }) => timeMs / 1000),
    anomaly: scored.map(({ anomaly }) => anomaly),
    changepoint: scored.map(({ changepoint }) => changepoint),
    score: judged.map(({ score }) => score),
    predicted: judged.map(({ isAlarm }) => isAlarm),
  };
}
