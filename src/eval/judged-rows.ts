import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, configSchema } from '../config/schema.ts';
import { replay } from '../replay.ts';
import type { Logger } from '../system/log.ts';

/** What the agent said about one row of a benchmark. */
export interface JudgedRow {
  /** Score of the first window that holds the row; NaN when it was not judged. */
  readonly score: number;
  /** Whether an incident is open after that window. */
  readonly isAlarm: boolean;
}

export interface BenchmarkRecording {
  readonly path: string;
  /** Names of the measured columns; others are answers, which the agent never sees. */
  readonly channels: readonly string[];
  /** `window`, `learn` and `incident` of the asset, where they are not the defaults. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * Sends a recording through the same link, decode, window, learn, judge and incident code as the daemon. A row is an
 * alarm when an incident is open after the first window that holds the row, so nothing after the row decides about it.
 * @param timesMs of the rows that are asked about, rising
 * @throws FieldnoteError RECORDING_UNREADABLE
 */
export async function judgeRows(
  recording: BenchmarkRecording,
  timesMs: readonly number[],
  log: Logger,
): Promise<JudgedRow[]> {
  const verdicts: (JudgedRow & { readonly endMs: number })[] = [];
  await replay({
    config: configOf(recording),
    source: 'bench',
    recording: recording.path,
    speed: Number.POSITIVE_INFINITY,
    log,
    on: {
      verdict(verdict, { life }) {
        const score = verdict.kind === 'judged' ? verdict.score : Number.NaN;
        const isAlarm = life !== null && life.incident.closed === null;
        verdicts.push({ endMs: verdict.endMs, score, isAlarm });
      },
    },
  });
  let next = 0;
  return timesMs.map((timeMs) => {
    while (next < verdicts.length && (verdicts[next]?.endMs ?? 0) <= timeMs) next++;
    const { score, isAlarm } = verdicts[next] ?? { score: Number.NaN, isAlarm: false };
    return { score, isAlarm };
  });
}

export interface MadeRow {
  readonly timeMs: number;
  readonly values: readonly number[];
}

/** `judgeRows` for rows that lie in no recording as they are: they are written as one and forgotten afterwards. */
export async function judgeMadeRows(
  { rows, ...recording }: Omit<BenchmarkRecording, 'path'> & { readonly rows: readonly MadeRow[] },
  timesMs: readonly number[],
  log: Logger,
): Promise<JudgedRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldnote-eval-'));
  try {
    const path = join(folder, 'rows.csv');
    const lines = rows.map(({ timeMs, values }) => `${[timeMs, ...values].join(',')}\n`);
    await writeFile(path, [`${['time', ...recording.channels].join(',')}\n`, ...lines].join(''));
    return await judgeRows({ ...recording, path }, timesMs, log);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function configOf({ path, channels, settings }: BenchmarkRecording): Config {
  const entries = channels.map((name, index) => [
    `channel-${index}`,
    { from: `bench.${name}`, unit: '1', name },
  ]);
  return configSchema.parse({
    site: 'bench',
    node: 'bench',
    sources: { bench: { link: { type: 'file', path }, time: 'device' } },
    assets: { machine: { channels: Object.fromEntries(entries), ...settings } },
  });
}
