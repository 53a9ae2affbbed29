import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDecoder } from '../decode/decoder.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { Logger } from '../system/log.ts';
import { judgeMadeRows, type MadeRow } from './judged-rows.ts';

const ANSWER = 'ATT_FLAG';
const HOUR_MS = 3_600_000;

/**
 * One setting for the benchmark, by reasoning; the figures of dataset04 were known when it was written down. The rows
 * are hourly and two of them are the shortest window there is. Water is used in the rhythm of the day, so an incident is over when a whole day was
 * below the limit.
 */
const SETTINGS = {
  window: { rateHz: 1 / 3600, length: '2h', step: '1h', hold: '1h' },
  incident: { openAfter: '0s', closeBelow: 1, closeAfter: '24h', mergeWithin: '0s' },
} as const;

/** The scored dataset with what the agent said about each row. */
export interface BatadalRows {
  readonly timeS: readonly number[];
  readonly attack: readonly boolean[];
  readonly score: readonly number[];
  readonly predicted: readonly boolean[];
}

/**
 * Learns dataset03, which is clean, and judges dataset04.
 * @throws FieldnoteError RECORDING_UNREADABLE when the folder does not hold the two
 */
export async function evaluateBatadal(dir: string, log: Logger): Promise<BatadalRows> {
  const learned = await readDataset(join(dir, 'dataset03.csv'));
  const scored = await readDataset(join(dir, 'dataset04.csv'));
  const judged = await judgeMadeRows(
    {
      channels: learned.channels,
      // The last row of the learning period is complete when the next one comes.
      settings: { ...SETTINGS, learn: { for: `${learned.rows.length - 0.5}h` } },
      rows: [...learned.rows, ...scored.rows],
    },
    scored.rows.map(({ timeMs }) => timeMs),
    log,
  );
  return {
    timeS: scored.rows.map(({ timeMs }) => timeMs / 1000),
    attack: scored.attack,
    score: judged.map(({ score }) => score),
    predicted: judged.map(({ isAlarm }) => isAlarm),
  };
}

interface Dataset {
  readonly channels: readonly string[];
  readonly rows: readonly MadeRow[];
  readonly attack: readonly boolean[];
}

/** Rows get the middle of their hour as their time: no rounding can put one into the hour before. */
async function readDataset(path: string): Promise<Dataset> {
  const bytes = await readFile(path).catch((error) => {
    throw new FieldnoteError(
      'RECORDING_UNREADABLE',
      `cannot read ${path}: ${messageOf(error)}`,
      { path },
      error,
    );
  });
  const decoder = createDecoder({ source: 'bench', protocol: 'text' });
  const decoded = [...decoder.decode(bytes, 0), ...decoder.finish(0)];
  const samples = decoded.filter((item) => item.kind === 'sample');
  const names = samples[0]?.names ?? [];
  const answerAt = names.indexOf(ANSWER);
  if (answerAt < 0) {
    const message = `${path} is no file of the benchmark: it has no column ${ANSWER}`;
    throw new FieldnoteError('RECORDING_UNREADABLE', message, { path });
  }
  const isChannel = (at: number) => at !== answerAt;
  return {
    channels: names.filter((_, at) => isChannel(at)),
    rows: samples.map(({ deviceMs, values }) => ({
      timeMs: (deviceMs ?? Number.NaN) + HOUR_MS / 2,
      values: values.filter((_, at) => isChannel(at)),
    })),
    attack: samples.map(({ values }) => values[answerAt] === 1),
  };
}
