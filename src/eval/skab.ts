import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Config, configSchema } from '../config/schema.ts';
import { createDecoder } from '../decode/decoder.ts';
import { replay } from '../replay.ts';
import { FieldnoteError } from '../system/errors.ts';
import type { Logger } from '../system/log.ts';
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
 * Sends one recording through the same link, decode, window, learn, judge and incident code as the daemon, with the
 * default settings for every file. A row is an alarm when an incident is open after the first window that holds
 * the row, so nothing after the row decides about it.
 * @throws FieldnoteError RECORDING_UNREADABLE when it is no file of the benchmark
 */
export async function evaluateSkabFile(path: string, log: Logger): Promise<SkabFile> {
  const { rows, channels } = await readLabels(path);
  const verdicts: { readonly endMs: number; readonly score: number; readonly isOpen: boolean }[] = [];
  await replay({
    config: configOf(path, channels),
    source: 'bench',
    recording: path,
    speed: Number.POSITIVE_INFINITY,
    log,
    on: {
      verdict(verdict, { life }) {
        const score = verdict.kind === 'judged' ? verdict.score : Number.NaN;
        verdicts.push({
          endMs: verdict.endMs,
          score,
          isOpen: life !== null && life.incident.closed === null,
        });
      },
    },
  });
  const scored = rows.slice(LEARNING_ROWS);
  let next = 0;
  const decided = scored.map(({ timeMs }) => {
    while (next < verdicts.length && (verdicts[next]?.endMs ?? 0) <= timeMs) next++;
    return verdicts[next];
  });
  return {
    file: basename(path),
    row: scored.map((_, index) => LEARNING_ROWS + index),
    timeS: scored.map(({ timeMs }) => timeMs / 1000),
    anomaly: scored.map(({ anomaly }) => anomaly),
    changepoint: scored.map(({ changepoint }) => changepoint),
    score: decided.map((verdict) => verdict?.score ?? Number.NaN),
    predicted: decided.map((verdict) => verdict?.isOpen ?? false),
  };
}

/** Settings of the benchmark: the defaults, and as long a learning as the protocol says. */
function configOf(path: string, channels: readonly string[]): Config {
  const entries = channels.map((name, index) => [
    `channel-${index}`,
    { from: `bench.${name}`, unit: '1', name },
  ]);
  return configSchema.parse({
    site: 'bench',
    node: 'skab',
    sources: { bench: { link: { type: 'file', path }, time: 'device' } },
    assets: { pump: { channels: Object.fromEntries(entries), learn: { for: `${LEARNING_ROWS}s` } } },
  });
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
