import { seededRandom } from '../demo/noise.ts';
import { type BridgeRecording, bridgeRecording, FIELD_COUNT, SAMPLES_PER_FRAME } from './bridge-recording.ts';
import { type ByteLink, disposableLink } from './byte-link.ts';
import { measureLibrary } from './c-library.ts';
import { end, nextMessage, startScript } from './children.ts';
import { configurationOf } from './configuration.ts';
import type { Bench, Part } from './part.ts';
import { measurePorts } from './ports.ts';
import type { Cost, ReaderTask } from './reader.ts';
import { alternate } from './repeat.ts';
import type { Row } from './row.ts';
import { formatNumber, median, rangesText } from './statistics.ts';

/** firmware-bridge: its decoder flat out, four busy ports at once, its frames, and its C library. */
export const decoding: Part = { name: 'decoding', measure };

const FRAMES = { warmUp: 8_000, total: 60_000 } as const;
const RUNS = 5;
const TIMEOUT_MS = 30_000;
const RAW_VALUE_SIZE_BYTES = 2;

async function measure(bench: Bench): Promise<Row[]> {
  const recording = bridgeRecording(FRAMES.total, seededRandom(1));
  const wire = wireRow(recording);
  return [
    ...(await measureRate(bench, recording)),
    ...(await measurePorts(bench, recording)),
    wire,
    ...(await measureLibrary(bench, wire.value)),
  ];
}

async function measureRate(bench: Bench, recording: BridgeRecording): Promise<Row[]> {
  bench.say(`frames flat out, ${RUNS} runs each`);
  let kind: ByteLink['kind'] = 'pseudo-terminal';
  const run = (way: ReaderTask['way']) => async () => {
    await using link = await disposableLink(bench.temporaryFolder, 'decoding');
    kind = link.kind;
    return await readOnce(link, recording, way);
  };
  const costs = await alternate({ decoder: run('decoder'), bare: run('bare') }, RUNS);
  const frameCount = FRAMES.total - FRAMES.warmUp;
  const sizeMB = sizeOf(recording.frames.slice(FRAMES.warmUp)) / 1e6;
  const rates = (costs: readonly Cost[]) => costs.map(({ elapsedMs }) => (sizeMB / elapsedMs) * 1000);
  const cpu = (costs: readonly Cost[]) => costs.map(({ cpuMs }) => cpuMs / sizeMB);
  const row = (name: string, unit: string, figureOf: typeof rates): Row => {
    const [values, baselines] = [figureOf(costs.decoder), figureOf(costs.bare)];
    const note = `bare: counts the bytes of the same ${kind}; ${rangesText(values, baselines)}`;
    return {
      name: `firmware-bridge to samples, ${name}`,
      value: median(values),
      unit,
      baseline: median(baselines),
      note,
    };
  };
  const rate = row('rate', 'MB/s', rates);
  const framesPerS = formatNumber((rate.value / sizeMB) * frameCount);
  return [{ ...rate, note: `${framesPerS} frames/s; ${rate.note}` }, row('CPU', 'ms/MB', cpu)];
}

/** One run over a link, in a process of its own: the cost of everything after the warm-up. */
async function readOnce(
  link: ByteLink,
  { introduction, frames }: BridgeRecording,
  way: ReaderTask['way'],
): Promise<Cost> {
  const window = { rateHz: 1, length: '15s', step: '1s' };
  const bytes = Buffer.concat([introduction, ...frames]);
  const warmUpSize = introduction.length + sizeOf(frames.slice(0, FRAMES.warmUp));
  const samples = { from: FRAMES.warmUp * SAMPLES_PER_FRAME, to: FRAMES.total * SAMPLES_PER_FRAME };
  const counts = way === 'bare' ? { from: warmUpSize, to: bytes.length } : samples;
  const configuration = configurationOf({ link: link.config, window });
  const reader = startScript('reader.ts', { way, configuration, ...counts } satisfies ReaderTask);
  try {
    await nextMessage(reader, TIMEOUT_MS);
    link.send(bytes);
    return (await nextMessage(reader, TIMEOUT_MS)) as Cost;
  } finally {
    await end(reader);
  }
}

/** Bytes on the wire for one sample, all of framing, time and checksum included. */
function wireRow({ frames }: BridgeRecording): Row {
  return {
    name: `sample of ${FIELD_COUNT} × int16 on the wire`,
    value: sizeOf(frames) / (frames.length * SAMPLES_PER_FRAME),
    unit: 'B',
    baseline: FIELD_COUNT * RAW_VALUE_SIZE_BYTES,
    note: `in batches of ${SAMPLES_PER_FRAME}; bare: its values alone`,
  };
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}
