import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { unixSocket } from './byte-link.ts';
import { end, startNode } from './children.ts';
import { configurationOf } from './configuration.ts';
import { startDaemon } from './daemon.ts';
import type { Bench, Part } from './part.ts';
import { alternate } from './repeat.ts';
import type { Row } from './row.ts';
import { median, rangesText } from './statistics.ts';

/** From the start of the daemon to its first sample, against the start of a bare Node. */
export const starting: Part = { name: 'starting', measure };

const RUNS = 5;
const TIMEOUT_MS = 30_000;

/** A sample with one value that is no number: the daemon logs that at once, after it has taken the sample. */
const FIRST_LINE = Buffer.from('{"flow":125.9,"current":"err"}\n');

async function measure(bench: Bench): Promise<Row[]> {
  bench.say(`the daemon from its start to its first sample, ${RUNS} runs`);
  const times = await alternate({ daemon: () => daemonStartMs(bench), node: nodeStartMs }, RUNS);
  return [
    {
      name: 'start to first sample',
      value: median(times.daemon),
      unit: 'ms',
      baseline: median(times.node),
      note: `bare: node -e 0, to its end; ${rangesText(times.daemon, times.node)}`,
    },
  ];
}

async function daemonStartMs({ diskFolder, temporaryFolder }: Bench): Promise<number> {
  const device = await unixSocket(join(temporaryFolder, 'start.sock'), () => device.send(FIRST_LINE));
  const dataDir = join(diskFolder, 'starting');
  const window = { rateHz: 1, length: '15s', step: '1s' };
  const configuration = configurationOf({ link: device.config, window, dataDir });
  const startMs = performance.now();
  const daemon = startDaemon(join(temporaryFolder, 'start.yaml'), configuration);
  try {
    if (daemon.stdout === null) throw new Error('the daemon has no log');
    await lineWith('not-a-number', daemon.stdout);
    return performance.now() - startMs;
  } finally {
    await end(daemon);
    await device.close();
  }
}

async function nodeStartMs(): Promise<number> {
  const startMs = performance.now();
  await once(startNode(['-e', '0']), 'exit');
  return performance.now() - startMs;
}

/** Waits for a line of the log. */
async function lineWith(text: string, log: Readable): Promise<void> {
  const lines = createInterface({ input: log, signal: AbortSignal.timeout(TIMEOUT_MS) });
  for await (const line of lines) if (line.includes(text)) return;
  throw new Error(`the daemon never logged ${text}`);
}
