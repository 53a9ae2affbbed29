import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { withChannels } from '../src/assets.ts';
import { type Config, configSchema, windowRows } from '../src/config/schema.ts';
import { openTerminal } from '../src/link/terminal.ts';
import { recordedTime } from '../src/sample-time.ts';
import { SourceReader } from '../src/source.ts';
import { systemClock } from '../src/system/clock.ts';
import { Counters } from '../src/system/counters.ts';
import { createLog } from '../src/system/log.ts';
import type { Sample } from '../src/values/sample.ts';
import { WindowCutter } from '../src/window/cutter.ts';
import { Grid } from '../src/window/grid.ts';
import { ASSET, type configurationOf, SOURCE } from './configuration.ts';

/**
 * A process that reads one link: in the way of Fieldnote up to the windows, or only up to the decoder, or bare, where it
 * just counts the bytes. It says `open`, and what the part between two counts cost: of samples, or of bytes in the bare way.
 */

export interface ReaderTask {
  readonly way: 'fieldnote' | 'decoder' | 'bare';
  readonly configuration: ReturnType<typeof configurationOf>;
  /** Counts between which is measured; what comes before warms up. */
  readonly from: number;
  readonly to: number;
}

export interface Cost {
  readonly elapsedMs: number;
  /** Of all threads of the process, in user and kernel. */
  readonly cpuMs: number;
}

const OPEN_POLL_MS = 5;

/** Takes the counts and says the cost when the last one is reached. */
function meter({ from, to }: ReaderTask): (count: number) => void {
  let start: Cost | undefined;
  let isDone = false;
  return (count) => {
    if (start === undefined && count >= from) start = now();
    if (start === undefined || isDone || count < to) return;
    isDone = true;
    const end = now();
    process.send?.({ elapsedMs: end.elapsedMs - start.elapsedMs, cpuMs: end.cpuMs - start.cpuMs });
  };
}

function now(): Cost {
  const { user, system } = process.cpuUsage();
  return { elapsedMs: performance.now(), cpuMs: (user + system) / 1000 };
}

async function readBare(task: ReaderTask, config: Config): Promise<void> {
  const takeCount = meter(task);
  const stream = await openBare(config);
  let sizeBytes = 0;
  stream.on('data', (bytes: Buffer) => {
    sizeBytes += bytes.length;
    takeCount(sizeBytes);
  });
}

async function openBare(config: Config): Promise<Readable> {
  const link = config.sources[SOURCE]?.link;
  if (link?.type === 'serial') return openTerminal(link.path).setRawMode(true);
  if (link?.type !== 'unix') throw new Error(`no bare reader for a link of type ${link?.type}`);
  const { promise, resolve, reject } = Promise.withResolvers<Readable>();
  const socket = connect(link.path, () => resolve(socket)).once('error', reject);
  return promise;
}

async function readAsFieldnote(task: ReaderTask, config: Config): Promise<void> {
  const configured = config.assets[ASSET];
  const asset = configured && withChannels(configured);
  if (asset === undefined) throw new Error('the configuration lacks the device');
  const { channels, window } = asset;
  const { rateHz, hold: holdMs } = window;
  const rows = windowRows(window);
  const grid = new Grid({ channels, rateHz, holdMs, windowRows: rows });
  const stepRows = (window.step / 1000) * rateHz;
  const cutter = new WindowCutter({ asset: ASSET, channels: Object.keys(channels), rateHz, rows, stepRows });
  const takeCount = meter(task);
  let lineCount = 0;
  await readSource(config, (sample) => {
    for (const row of grid.push(sample, recordedTime(sample)).rows) cutter.push(row);
    takeCount(++lineCount);
  });
}

async function readAsDecoder(task: ReaderTask, config: Config): Promise<void> {
  const takeCount = meter(task);
  let sampleCount = 0;
  await readSource(config, () => takeCount(++sampleCount));
}

async function readSource(config: Config, onSample: (sample: Sample) => void): Promise<void> {
  const source = config.sources[SOURCE];
  if (source === undefined) throw new Error('the configuration lacks the source');
  const reader = new SourceReader({
    key: SOURCE,
    config: source,
    clock: systemClock(() => 0),
    random: Math.random,
    counters: new Counters(),
    log: createLog('silent'),
    descriptorCache: { get: () => undefined, put() {} },
    onWaveform() {},
    onDevice() {},
    onTime() {},
    onGap() {},
    onSample,
  });
  reader.start();
  while (reader.state !== 'open') await sleep(OPEN_POLL_MS);
}

const WAYS = { fieldnote: readAsFieldnote, decoder: readAsDecoder, bare: readBare };

const task: ReaderTask = JSON.parse(process.argv[2] ?? '');
const config = configSchema.parse(task.configuration);
process.once('disconnect', () => process.exit());
await WAYS[task.way](task, config);
process.send?.('open');
