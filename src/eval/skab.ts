import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { createDecoder } from '../decode/decoder.ts';
import { FieldnoteError } from '../system/errors.ts';
import type { Logger } from '../system/log.ts';
import { judgeRows } from './judged-rows.ts';
import type { ScoredFile } from './skab-scores.ts';

/** The benchmark's protocol: the first 400 rows of a file are learned, the rest is scored. */
export const LEARNING_ROWS = 400;

/** Columns of the benchmark that are answers or times, not measurements. */
const NOT_CHANNELS = ['datetime', 'anomaly', 'changepoint'];

/** One file of the benchmark with what the agent said about each scored row. */
export interface SkabFile extends ScoredFile {
  readonly file: string;
  /** Number of each scored row in its file, from 0. */
  readonly row: readonly number[];
  /** Score of the first window that holds the row; NaN when it was not judged. */
  readonly score: readonly number[];
}

interface Row {
  readonly timeMs: number;
  readonly anomaly: boolean;
  readonly changepoint: boolean;
}

/**
 * Judges one recording of the benchmark with the default settings, and as long a learning as the protocol says.
 * @throws FieldnoteError RECORDING_UNREADABLE when it is no file of the benchmark
 */
export async function evaluateSkabFile(path: string, log: Logger): Promise<SkabFile> {
  const { rows, channels } = await readLabels(path);
  const scored = rows.slice(LEARNING_ROWS);
  const settings = { learn: { for: `${LEARNING_ROWS}s` } };
  const timesMs = scored.map(({ timeMs }) => timeMs);
  const judged = await judgeRows({ path, channels, settings }, timesMs, log);
  return {
    file: basename(path),
    row: scored.map((_, index) => LEARNING_ROWS + index),
    timeS: timesMs.map((timeMs) => timeMs / 1000),
    anomaly: scored.map(({ anomaly }) => anomaly),
    changepoint: scored.map(({ changepoint }) => changepoint),
    score: judged.map(({ score }) => score),
    predicted: judged.map(({ isAlarm }) => isAlarm),
  };
}

/** The answers, which the agent never sees, and the names of the channels. */
async function readLabels(path: string): Promise<{ rows: readonly Row[]; channels: readonly string[] }> {
  const decoder = createDecoder({ source: 'bench', protocol: 'text' });
  const samples = decoder.decode(await readFile(path), 0).filter((item) => item.kind === 'sample');
  const names = samples[0]?.names ?? [];
  const [anomalyAt, changepointAt] = [names.indexOf('anomaly'), names.indexOf('changepoint')];
  if (anomalyAt < 0 || changepointAt < 0 || samples.length <= LEARNING_ROWS) {
    const message = `${path} is no file of the benchmark: it needs columns anomaly and changepoint and over ${LEARNING_ROWS} rows`;
    throw new FieldnoteError('RECORDING_UNREADABLE', message, { path });
  }
  const rows = samples.map(({ deviceMs, values }) => ({
    timeMs: deviceMs ?? Number.NaN,
    anomaly: values[anomalyAt] === 1,
    changepoint: values[changepointAt] === 1,
  }));
  return { rows, channels: names.filter((name) => !NOT_CHANNELS.includes(name)) };
}
