import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { formatNumber } from '../report/format.ts';
import { type HistoryKind, historyPath } from '../sample-history.ts';
import { readRing, type SampleBlock } from '../store/sample-ring.ts';
import { FieldnoteError } from '../system/errors.ts';
import { chosenAsset } from './asset-choice.ts';
import { shownTime } from './shown-time.ts';

const PLOT_WIDTH = 64;
const BARS = [...'▁▂▃▄▅▆▇█'];

interface HistoryOptions {
  readonly config: string;
  readonly channel?: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** Some values of a channel: one of them, or those of half a minute. */
interface Point {
  /** Unix milliseconds of its end. */
  readonly wallMs: number;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** As Date.parse reads times; everything is printed in UTC. */
const TIME_ZONES =
  '2026-11-23T15:00Z in UTC, 2026-11-23T16:00+01:00 in another zone, 2026-11-23T16:00 in that of this computer, ' +
  '2026-11-23 from midnight UTC';

/** `fieldnote history`: what the daemon has kept of the samples of an asset. */
export function addHistory(fieldnote: Command, configDefault: string): void {
  fieldnote
    .command('history')
    .argument('[asset]', 'key of the asset')
    .option('--config <file>', 'configuration', configDefault)
    .option('--channel <key>', 'only this channel')
    .option('--from <time>', `not before this time: ${TIME_ZONES}`)
    .option('--to <time>', 'not after this time, written the same way')
    .option('--json', 'print all points as JSON')
    .option('--csv', 'print all points as CSV')
    .description('plot what an asset measured: its samples around incidents, half-minute levels before')
    .action(history);
}

async function history(name: string | undefined, options: HistoryOptions): Promise<void> {
  const { config } = loadConfig(options.config);
  const asset = chosenAsset(config, name);
  const kinds: readonly HistoryKind[] = ['levels', 'raw'];
  const rings = await Promise.all(kinds.map((kind) => readRing(historyPath(config.dataDir, asset, kind))));
  const channels = pointsOf(
    rings.flatMap(({ blocks }) => blocks),
    options,
  );
  const damaged = rings.reduce((sum, ring) => sum + ring.damaged, 0);
  const lines = options.json
    ? [JSON.stringify({ asset, damagedBlocks: damaged, channels: Object.fromEntries(channels) })]
    : options.csv
      ? csvOf(channels)
      : pageOf(config, asset, channels);
  process.stdout.write(`${lines.join('\n')}\n`);
  if (damaged > 0 && !options.json) process.stderr.write(`${damaged} damaged blocks were left out\n`);
}

/** The points of each channel in the order of time. */
function pointsOf(
  blocks: readonly SampleBlock[],
  { channel, from, to }: HistoryOptions,
): Map<string, Point[]> {
  const [fromMs, toMs] = [timeOf(from, Number.NEGATIVE_INFINITY), timeOf(to, Number.POSITIVE_INFINITY)];
  const points = new Map<string, Point[]>();
  for (const block of blocks)
    for (const [column, key] of block.channels.entries()) {
      if (channel !== undefined && key !== channel) continue;
      const added = columnOf(block, column).filter(
        ({ wallMs, mean }) => wallMs >= fromMs && wallMs <= toMs && Number.isFinite(mean),
      );
      if (added.length === 0) continue;
      const list = points.get(key) ?? [];
      for (const point of added) list.push(point);
      points.set(key, list);
    }
  for (const list of points.values()) list.sort((a, b) => a.wallMs - b.wallMs);
  return points;
}

function columnOf({ kind, rows, wallMs: beginMs, stepMs }: SampleBlock, column: number): Point[] {
  return rows.map((row, index) => {
    const wallMs = Math.round(beginMs + index * stepMs);
    const [min, mean, max] = kind === 'raw' ? Array(3).fill(row[column]) : row.subarray(column * 3);
    return { wallMs, min, mean, max };
  });
}

/** @throws FieldnoteError BAD_ARGUMENT */
function timeOf(text: string | undefined, otherwiseMs: number): number {
  if (text === undefined) return otherwiseMs;
  const wallMs = Date.parse(text);
  if (!Number.isNaN(wallMs)) return wallMs;
  throw new FieldnoteError('BAD_ARGUMENT', `${text} is no time: write it like 2026-11-23T15:00Z`, { text });
}

function csvOf(channels: ReadonlyMap<string, readonly Point[]>): string[] {
  const rows = [...channels].flatMap(([channel, points]) =>
    points.map(({ wallMs, min, mean, max }) =>
      [new Date(wallMs).toISOString(), channel, min, mean, max].join(','),
    ),
  );
  return ['time,channel,min,mean,max', ...rows];
}

function pageOf(config: Config, asset: string, channels: ReadonlyMap<string, readonly Point[]>): string[] {
  const all = [...channels.values()].flat().map(({ wallMs }) => wallMs);
  const [beginMs, endMs] = all.reduce(
    ([first, last], wallMs) => [Math.min(first, wallMs), Math.max(last, wallMs)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  if (beginMs > endMs) return [`nothing is kept of ${asset} for that time`];
  const plots = [...channels].flatMap(([channel, points]) => {
    const unit = config.assets[asset]?.channels?.[channel]?.unit ?? '';
    return plotOf({ channel, unit, points, beginMs, endMs });
  });
  return [`${asset}, ${shownTime(beginMs)} to ${shownTime(endMs)}`, ...plots];
}

interface Plot {
  readonly channel: string;
  readonly unit: string;
  readonly points: readonly Point[];
  readonly beginMs: number;
  readonly endMs: number;
}

/** One line of bars as high as the mean of their stretch of time. */
function plotOf({ channel, unit, points, beginMs, endMs }: Plot): string[] {
  const stretches = Array.from({ length: PLOT_WIDTH }, () => ({ sum: 0, count: 0 }));
  for (const { wallMs, mean } of points) {
    const at = Math.min(
      PLOT_WIDTH - 1,
      Math.floor(((wallMs - beginMs) / (endMs - beginMs || 1)) * PLOT_WIDTH),
    );
    const stretch = stretches[at];
    if (stretch === undefined) continue;
    stretch.sum += mean;
    stretch.count += 1;
  }
  const means = stretches.map(({ sum, count }) => sum / count).filter(Number.isFinite);
  const [low, high] = [Math.min(...means), Math.max(...means)];
  const bars = stretches.map(({ sum, count }) => {
    if (count === 0) return ' ';
    const height = Math.round(((sum / count - low) / (high - low || 1)) * (BARS.length - 1));
    return BARS[height] ?? ' ';
  });
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(low), Math.abs(high), 1e-6))));
  const range = `${formatNumber(low, decimals)} to ${formatNumber(high, decimals)} ${unit}`;
  return ['', `${channel}: ${range}`.trimEnd(), bars.join('').trimEnd()];
}
