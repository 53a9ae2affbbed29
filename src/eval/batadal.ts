import { createDecoder } from '../decode/decoder.ts';
import type { BenchmarkTools } from './benchmark.ts';
import { checkFolder, notOfBenchmark, readBenchmarkFile } from './benchmark-files.ts';
import { judgeMadeRows, type MadeRow } from './judged-rows.ts';

const LEARNED = 'dataset03.csv';
const SCORED = 'dataset04.csv';
const ANSWER = 'ATT_FLAG';
const HOUR_MS = 3_600_000;

/**
 * One setting for the benchmark, by reasoning and by the clean dataset03 alone; the figures of dataset04 were known when
 * it was written down. The rows are hourly and two of them are the shortest window there is. Water is used in the rhythm
 * of the day, so an incident is over when a whole day was below the limit. The score weighs a missed attack far more
 * than false hours: the sensitivity is the largest, in steps of a tenth, at which less than 10 % of the hours of
 * dataset03 that were not learned are in alarm, when its first half and its first three quarters are learned (1.4:
 * 4 %, 1.5: 14 %).
 */
const SETTINGS = {
  window: { rateHz: 1 / 3600, length: '2h', step: '1h', hold: '1h' },
  incident: { openAfter: '0s', closeBelow: 1, closeAfter: '24h', mergeWithin: '0s' },
} as const;
const SENSITIVITY = 1.4;

/** The scored dataset with what the agent said about each row. */
export interface BatadalRows {
  /** Beginning of the hour. */
  readonly timeMs: readonly number[];
  readonly attack: readonly boolean[];
  readonly score: readonly number[];
  readonly predicted: readonly boolean[];
}

/**
 * Learns dataset03, which is clean, and judges dataset04.
 * @throws FieldnoteError BAD_ARGUMENT when the folder does not hold the two, RECORDING_UNREADABLE when they are others
 */
export async function evaluateBatadal(dir: string, { log, progress }: BenchmarkTools): Promise<BatadalRows> {
  await checkFolder(dir, { benchmark: 'batadal', needed: [LEARNED, SCORED] });
  progress(`${LEARNED} learned, ${SCORED} judged`);
  const learned = await readDataset(dir, LEARNED);
  const scored = await readDataset(dir, SCORED);
  const judged = await judgeMadeRows(
    {
      channels: learned.channels,
      // The last row of the learning period is complete when the next one comes.
      settings: { ...SETTINGS, learn: { for: `${learned.rows.length - 0.5}h`, sensitivity: SENSITIVITY } },
      rows: [...learned.rows, ...scored.rows],
    },
    scored.rows.map(({ timeMs }) => timeMs),
    log,
  );
  return {
    timeMs: scored.rows.map(({ timeMs }) => timeMs - HOUR_MS / 2),
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
async function readDataset(dir: string, name: string): Promise<Dataset> {
  const decoder = createDecoder({ source: 'bench', protocol: 'text' });
  const decoded = [...decoder.decode(await readBenchmarkFile(dir, name), 0), ...decoder.finish(0)];
  const samples = decoded.filter((item) => item.kind === 'sample');
  const names = samples[0]?.names ?? [];
  const answerAt = names.indexOf(ANSWER);
  const hasTimes = samples.every(({ deviceMs }) => deviceMs !== undefined);
  if (answerAt < 0 || !hasTimes) throw notOfBenchmark(dir, name, `columns DATETIME and ${ANSWER}`);
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
