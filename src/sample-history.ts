import { join } from 'node:path';
import { type BlockHead, readRing, rowsPerBlock, SampleRing } from './store/sample-ring.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import type { Row } from './window/grid.ts';

/**
 * What an asset measured, kept for the plot of an incident: the rows around the opening of each incident as they were,
 * and for the days before it minimum, mean and maximum of every half minute. Two rings of 2 MiB for each asset.
 */

/** One row of levels, unless the asset itself has fewer. */
const LEVEL_MS = 30_000;
/** What a kill may take of the levels. Each time costs 4 KiB of flash: 0.6 MB a day. */
const KEEP_INTERVAL_MS = 600_000;
/** Rows before the opening of an incident that are kept, and as many after it. */
const RAW_ROWS = 128;
const SLOTS = 512;

export type HistoryKind = BlockHead['kind'];

export function historyPath(dataDir: string, asset: string, kind: HistoryKind): string {
  return join(dataDir, 'history', `${asset}.${kind}`);
}

export interface SampleHistoryOptions {
  readonly dataDir: string;
  readonly asset: string;
  readonly channels: readonly string[];
  /** Time from row to row. */
  readonly stepMs: number;
  readonly clock: Clock;
  readonly counters: Counters;
}

/** Opens the history of an asset, behind what an earlier run has kept. */
export async function openSampleHistory(options: SampleHistoryOptions): Promise<SampleHistory> {
  const { dataDir, asset } = options;
  const next = async (kind: HistoryKind) => {
    const { blocks, damaged } = await readRing(historyPath(dataDir, asset, kind)).catch(() => NOTHING);
    if (damaged > 0) options.counters.add('history_blocks_damaged', asset, damaged);
    return (blocks.at(-1)?.number ?? -1) + 1;
  };
  return new SampleHistory(options, { raw: await next('raw'), levels: await next('levels') });
}

const NOTHING = { blocks: [], damaged: 0 };

/** Takes rows, decimates them and hands blocks to the rings; waits for nothing. */
export class SampleHistory {
  readonly #levels: BlockWriter;
  readonly #raw: BlockWriter;
  readonly #recent: Row[] = [];
  readonly #level: Level;
  readonly #levelMs: number;
  #levelEndMs = Number.NEGATIVE_INFINITY;
  #keptMs = Number.NEGATIVE_INFINITY;
  #rawLeft = 0;

  constructor(options: SampleHistoryOptions, next: Readonly<Record<HistoryKind, number>>) {
    this.#levelMs = Math.max(LEVEL_MS, options.stepMs);
    this.#levels = new BlockWriter(options, { kind: 'levels', next: next.levels, stepMs: this.#levelMs });
    this.#raw = new BlockWriter(options, { kind: 'raw', next: next.raw, stepMs: options.stepMs });
    this.#level = new Level(options.channels.length);
  }

  push(row: Row): void {
    if (row.endMs > this.#levelEndMs) this.#endLevel(row.endMs);
    this.#level.add(row.values);
    this.#recent.push(row);
    if (this.#recent.length > RAW_ROWS) this.#recent.shift();
    if (this.#rawLeft === 0) return;
    this.#raw.add(row.endMs, row.values);
    this.#rawLeft -= 1;
    if (this.#rawLeft === 0) this.#raw.keep();
  }

  /** An incident has begun: what was just measured and what comes is kept as it is. */
  opened(): void {
    if (this.#rawLeft === 0) for (const { endMs, values } of this.#recent) this.#raw.add(endMs, values);
    this.#rawLeft = RAW_ROWS;
    this.#raw.keep();
    this.#levels.keep();
  }

  /** Keeps what is not kept yet. */
  async stop(): Promise<void> {
    this.#levels.keep();
    this.#raw.keep();
    await Promise.all([this.#levels.settled(), this.#raw.settled()]);
  }

  #endLevel(endMs: number): void {
    const row = this.#level.take();
    if (row !== undefined) this.#levels.add(this.#levelEndMs, row);
    this.#levelEndMs = Math.ceil(endMs / this.#levelMs) * this.#levelMs;
    if (endMs - this.#keptMs < KEEP_INTERVAL_MS) return;
    this.#levels.keep();
    this.#keptMs = endMs;
  }
}

/** Fills blocks of one ring; one that is not full yet is written again when there is more of it. */
class BlockWriter {
  readonly #options: SampleHistoryOptions;
  readonly #ring: SampleRing;
  readonly #head: Omit<BlockHead, 'wallMs'>;
  readonly #rowsMax: number;
  #number: number;
  #rows: Float32Array[] = [];
  #wallMs = 0;
  #lastMs = Number.NaN;

  constructor(options: SampleHistoryOptions, ring: { kind: HistoryKind; next: number; stepMs: number }) {
    const { dataDir, asset, channels, counters } = options;
    const { kind, next, stepMs } = ring;
    this.#options = options;
    this.#head = { kind, channels, stepMs };
    this.#rowsMax = rowsPerBlock({ ...this.#head, wallMs: 0 });
    this.#number = next;
    const path = historyPath(dataDir, asset, kind);
    this.#ring = new SampleRing({
      path,
      slots: SLOTS,
      onLost: () => counters.add('history_blocks_lost', asset),
    });
  }

  add(endMs: number, row: Float32Array): void {
    if (this.#rowsMax < 1) return;
    // A block has one beginning and one step: what is missing is a gap in it, or a new block begins.
    const missing = Math.round((endMs - this.#lastMs) / this.#head.stepMs) - 1;
    const isNext = missing >= 0 && this.#rows.length + missing < this.#rowsMax;
    if (this.#rows.length > 0 && !isNext) this.#end();
    if (this.#rows.length === 0) this.#wallMs = this.#options.clock.stampAt(endMs).wallMs;
    else for (let gap = 0; gap < missing; gap++) this.#rows.push(row.map(() => Number.NaN));
    this.#rows.push(row);
    this.#lastMs = endMs;
  }

  keep(): void {
    if (this.#rows.length === 0) return;
    const { channels, kind, stepMs } = this.#head;
    this.#ring.write({
      number: this.#number,
      kind,
      channels,
      stepMs,
      wallMs: this.#wallMs,
      rows: this.#rows,
    });
  }

  settled(): Promise<void> {
    return this.#ring.settled();
  }

  #end(): void {
    this.keep();
    this.#number += 1;
    this.#rows = [];
  }
}

/** Minimum, mean and maximum of each channel over the rows of a step. */
class Level {
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;
  /** Minimum, mean and maximum of each channel; NaN where it had no value. */
  #level: Float32Array;
  #isEmpty = true;

  constructor(width: number) {
    this.#counts = new Float64Array(width);
    this.#sums = new Float64Array(width);
    this.#level = new Float32Array(width * 3).fill(Number.NaN);
  }

  add(values: Float32Array): void {
    this.#isEmpty = false;
    for (const [column, value] of values.entries()) {
      if (!Number.isFinite(value)) continue;
      const count = (this.#counts[column] ?? 0) + 1;
      const sum = (this.#sums[column] ?? 0) + value;
      const [min = Number.NaN, , max = Number.NaN] = this.#level.subarray(column * 3, column * 3 + 3);
      this.#counts[column] = count;
      this.#sums[column] = sum;
      this.#level.set([min <= value ? min : value, sum / count, max >= value ? max : value], column * 3);
    }
  }

  /** Undefined when there was no row. */
  take(): Float32Array | undefined {
    if (this.#isEmpty) return undefined;
    const level = this.#level;
    this.#level = new Float32Array(level.length).fill(Number.NaN);
    this.#counts.fill(0);
    this.#sums.fill(0);
    this.#isEmpty = true;
    return level;
  }
}
