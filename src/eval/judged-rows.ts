import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, configSchema } from '../config/schema.ts';
import { replay } from '../replay.ts';
import type { Logger } from '../system/log.ts';

/** What the agent said about one window. */
export interface JudgedWindow {
  readonly endMs: number;
  /** NaN when it was not judged. */
  readonly score: number;
  /** Nothing was learned yet. */
  readonly isLearning: boolean;
  /** Id of the incident that is open after it. */
  readonly incident: string | undefined;
}

/** What the agent said about one row of a recording. */
export interface JudgedRow {
  /** Of the window that ends with the row; NaN when none does or it was not judged. */
  readonly score: number;
  /** Whether an incident is open after it. */
  readonly isAlarm: boolean;
}

export interface Judging {
  readonly config: Config;
  /** Key of the source whose place the recording takes. */
  readonly source: string;
  readonly asset: string;
  readonly recording: string;
  readonly log: Logger;
}

/**
 * Sends a recording through the same link, decode, window, learn, judge and incident code as the daemon.
 * @param onRow gets the time of each row
 * @throws FieldnoteError RECORDING_UNREADABLE
 */
export async function judgeWindows(
  { asset, ...judging }: Judging,
  onRow: (timeMs: number) => void = () => {},
): Promise<JudgedWindow[]> {
  const windows: JudgedWindow[] = [];
  await replay({
    ...judging,
    speed: Number.POSITIVE_INFINITY,
    on: {
      sample: onRow,
      verdict(verdict, { life }) {
        if (verdict.asset !== asset) return;
        const score = verdict.kind === 'judged' ? verdict.score : Number.NaN;
        const isLearning = verdict.kind === 'not-judged' && verdict.reason === 'learning';
        const incident = life?.incident.closed === null ? life.incident.id : undefined;
        windows.push({ endMs: verdict.endMs, score, isLearning, incident });
      },
    },
  });
  return windows;
}

/** Times are milliseconds of today's date in a double; they are no truer than this. */
const ROUNDING_MS = 1e-3;

/**
 * What was known when the cell of each row was complete: the window that ends there. Where none does, the state is that
 * of the window before, and there is no score; undefined before the first. Nothing after a row's cell decides about it.
 * @param timesMs of the rows, rising
 * @param rateHz of the grid
 */
export function windowsOf(
  windows: readonly JudgedWindow[],
  timesMs: readonly number[],
  rateHz: number,
): (JudgedWindow | undefined)[] {
  let next = 0;
  return timesMs.map((timeMs) => {
    while (next < windows.length && (windows[next]?.endMs ?? 0) <= timeMs) next++;
    const [before, own] = [windows[next - 1], windows[next]];
    if (own !== undefined && own.endMs <= timeMs + 1000 / rateHz + ROUNDING_MS) return own;
    return before && { ...before, score: Number.NaN };
  });
}

export interface BenchmarkRecording {
  readonly path: string;
  /** Names of the measured columns; others are answers, which the agent never sees. */
  readonly channels: readonly string[];
  /** `window`, `learn` and `incident` of the asset, where they are not the defaults. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * Judges a recording as one asset. A row is an alarm when an incident is open as soon as the row was judged.
 * @param timesMs of the rows that are asked about, rising
 * @throws FieldnoteError RECORDING_UNREADABLE
 */
export async function judgeRows(
  recording: BenchmarkRecording,
  timesMs: readonly number[],
  log: Logger,
): Promise<JudgedRow[]> {
  const { judging, rateHz } = judgingOf(recording, log);
  const windows = await judgeWindows(judging);
  return windowsOf(windows, timesMs, rateHz).map((window) => ({
    score: window?.score ?? Number.NaN,
    isAlarm: window?.incident !== undefined,
  }));
}

export interface MadeRow {
  readonly timeMs: number;
  readonly values: readonly number[];
}

/** `judgeRows` for rows that lie in no recording as they are. */
export function judgeMadeRows(
  { rows, ...recording }: Omit<BenchmarkRecording, 'path'> & { readonly rows: readonly MadeRow[] },
  timesMs: readonly number[],
  log: Logger,
): Promise<JudgedRow[]> {
  return asRecording(recording.channels, rows, (path) => judgeRows({ ...recording, path }, timesMs, log));
}

/** Writes rows as a recording, lets it be used, and forgets it. */
export async function asRecording<Result>(
  channels: readonly string[],
  rows: Iterable<MadeRow>,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldnote-eval-'));
  try {
    const path = join(folder, 'rows.csv');
    const lines = Array.from(rows, ({ timeMs, values }) => `${[timeMs, ...values].join(',')}\n`);
    await writeFile(path, [`${['time', ...channels].join(',')}\n`, ...lines]);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How a recording is judged as one asset, and the rate of its grid. */
export function judgingOf(
  { path, channels, settings }: BenchmarkRecording,
  log: Logger,
): { readonly judging: Judging; readonly rateHz: number } {
  const entries = channels.map((name, index) => [
    `channel-${index}`,
    { from: `bench.${name}`, unit: '1', name: name.slice(0, 48) },
  ]);
  const config = configSchema.parse({
    site: 'bench',
    node: 'bench',
    sources: { bench: { link: { type: 'file', path }, time: 'device' } },
    assets: { machine: { channels: Object.fromEntries(entries), ...settings } },
  });
  const rateHz = config.assets['machine']?.window.rateHz ?? 1;
  return { judging: { config, source: 'bench', asset: 'machine', recording: path, log }, rateHz };
}
