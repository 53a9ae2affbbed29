import { seededRandom } from '../demo/noise.ts';
import { type ByteLink, disposableLink } from './byte-link.ts';
import { end, nextMessage, startScript } from './children.ts';
import { configurationOf } from './configuration.ts';
import { recording, SAMPLE_RATE_HZ, type TextFormat } from './device.ts';
import type { Bench, Part } from './part.ts';
import type { Cost, ReaderTask } from './reader.ts';
import { alternate } from './repeat.ts';
import type { Row } from './row.ts';
import { formatNumber, median, rangesText } from './statistics.ts';

/** Flat out through link, decode and window, against a reader that only counts the bytes of the same link. */
export const reading: Part = { name: 'reading', measure };

const LINES = { warmUp: 20_000, total: 120_000 } as const;
const RUNS = 5;
const TIMEOUT_MS = 30_000;

/** Each sample makes a row, and each hundredth a window. */
const WINDOW = { rateHz: SAMPLE_RATE_HZ, length: '1s', step: '1s' } as const;

interface Flood {
  readonly bytes: Buffer;
  readonly warmUpSizeBytes: number;
}

async function measure(bench: Bench): Promise<Row[]> {
  const ndjson = await measureFormat(bench, 'NDJSON');
  return [...ndjson, ...(await measureFormat(bench, 'CSV'))];
}

async function measureFormat(bench: Bench, format: TextFormat): Promise<Row[]> {
  bench.say(`${format} flat out, ${RUNS} runs each`);
  const bytes = recording(LINES.total, format, seededRandom(1));
  const flood = { bytes, warmUpSizeBytes: sizeOfLines(bytes, LINES.warmUp) };
  let kind: ByteLink['kind'] = 'pseudo-terminal';
  const run = (way: ReaderTask['way']) => async () => {
    await using link = await disposableLink(bench.temporaryFolder, 'reading');
    kind = link.kind;
    return await readOnce(link, flood, way);
  };
  const costs = await alternate({ fieldnote: run('fieldnote'), bare: run('bare') }, RUNS);
  return rowsOf(format, costs, { kind, sizeMB: (bytes.length - flood.warmUpSizeBytes) / 1e6 });
}

/** One run: the cost of everything after the warm-up. */
async function readOnce(
  link: ByteLink,
  { bytes, warmUpSizeBytes }: Flood,
  way: ReaderTask['way'],
): Promise<Cost> {
  const configuration = configurationOf({ link: link.config, window: WINDOW });
  const counts =
    way === 'bare' ? { from: warmUpSizeBytes, to: bytes.length } : { from: LINES.warmUp, to: LINES.total };
  const reader = startScript('reader.ts', { way, configuration, ...counts } satisfies ReaderTask);
  try {
    await nextMessage(reader, TIMEOUT_MS);
    link.send(bytes);
    return (await nextMessage(reader, TIMEOUT_MS)) as Cost;
  } finally {
    await end(reader);
  }
}

function rowsOf(
  format: TextFormat,
  { fieldnote, bare }: Record<'fieldnote' | 'bare', readonly Cost[]>,
  { kind, sizeMB }: { kind: ByteLink['kind']; sizeMB: number },
): Row[] {
  const rates = (costs: readonly Cost[]) => costs.map(({ elapsedMs }) => (sizeMB / elapsedMs) * 1000);
  const cpu = (costs: readonly Cost[]) => costs.map(({ cpuMs }) => cpuMs / sizeMB);
  const linesPerMB = (LINES.total - LINES.warmUp) / sizeMB;
  const samplesPerS = formatNumber(median(rates(fieldnote)) * linesPerMB);
  const row = (name: string, unit: string, values: readonly number[], baselines: readonly number[]): Row => ({
    name: `${format} to windows, ${name}`,
    value: median(values),
    unit,
    baseline: median(baselines),
    note: `bare: counts the bytes of the same ${kind}; ${rangesText(values, baselines)}`,
  });
  const rate = row('rate', 'MB/s', rates(fieldnote), rates(bare));
  return [
    { ...rate, note: `${samplesPerS} samples/s; ${rate.note}` },
    row('CPU', 'ms/MB', cpu(fieldnote), cpu(bare)),
  ];
}

function sizeOfLines(bytes: Buffer, count: number): number {
  let at = 0;
  for (let line = 0; line < count; line++) at = bytes.indexOf('\n', at) + 1;
  return at;
}
