import { spawnSync } from 'node:child_process';
import { type BridgeRecording, SAMPLES_PER_FRAME } from './bridge-recording.ts';
import { type ByteLink, openByteLink } from './byte-link.ts';
import { end, nextMessage, startScript } from './children.ts';
import type { Bench } from './part.ts';
import type { PortReaderCost, PortReaderTask } from './port-reader.ts';
import { alternate } from './repeat.ts';
import type { Row } from './row.ts';
import { formatNumber, median, rangesText } from './statistics.ts';

/** Several serial ports that are never silent, read in Fieldnote's way and through the streams of `serialport`. */

const PORTS = 4;
const BAUD_RATE = 921_600;
const BYTES_PER_S = BAUD_RATE / 10;
/** As often as a USB adapter at full speed hands over what came in. */
const BURST_MS = 1;
const SETTLE_S = 2.5;
const MEASURE_S = 3;
const RUNS = 3;
const TIMEOUT_MS = 30_000;

export async function measurePorts(bench: Bench, recording: BridgeRecording): Promise<Row[]> {
  if (spawnSync('socat', ['-V']).status !== 0) {
    bench.say('four ports need pseudo-terminals: install socat');
    return [];
  }
  bench.say(`${PORTS} ports at ${BAUD_RATE} baud, ${RUNS} runs of ${MEASURE_S} s each`);
  const run = (way: PortReaderTask['way']) => () => readOnce(bench, recording, way);
  const costs = await alternate({ fieldnote: run('fieldnote'), serialport: run('serialport') }, RUNS);
  const share = (way: keyof typeof costs) => costs[way].map(({ cpuMs }) => cpuMs / MEASURE_S / 10);
  const samples = median(costs.fieldnote.map(({ sampleCount }) => sampleCount)) / MEASURE_S;
  return [
    {
      name: `${PORTS} ports at ${BAUD_RATE} baud, CPU`,
      value: median(share('fieldnote')),
      unit: '% core',
      baseline: median(share('serialport')),
      note:
        `${formatNumber(samples)} samples/s, read each ${BURST_MS} ms; bare: streams of serialport into the same decoder; ` +
        rangesText(share('fieldnote'), share('serialport')),
    },
  ];
}

async function readOnce(
  bench: Bench,
  recording: BridgeRecording,
  way: PortReaderTask['way'],
): Promise<PortReaderCost> {
  const links: ByteLink[] = [];
  for (let port = 0; port < PORTS; port++)
    links.push(await openByteLink(bench.temporaryFolder, `port${port}`));
  const paths = links.map(({ config }) => config.path);
  const task = { way, paths, baudRate: BAUD_RATE, settleS: SETTLE_S, measureS: MEASURE_S };
  const reader = startScript('port-reader.ts', task satisfies PortReaderTask);
  let stop = () => {};
  try {
    await nextMessage(reader, TIMEOUT_MS);
    stop = pace(links, recording);
    return (await nextMessage(reader, TIMEOUT_MS)) as PortReaderCost;
  } finally {
    stop();
    await end(reader);
    await Promise.all(links.map((link) => link.close()));
  }
}

/** Sends at the rate of the ports until the function that it returns is called. */
function pace(links: readonly ByteLink[], { introduction, frames }: BridgeRecording): () => void {
  const frameCount = Math.ceil(((SETTLE_S + MEASURE_S + 5) * BYTES_PER_S) / (SAMPLES_PER_FRAME * 12));
  const bytes = Buffer.concat([introduction, ...frames.slice(0, frameCount)]);
  const startMs = performance.now();
  let sentSize = 0;
  const timer = setInterval(() => {
    const dueSize = Math.floor(((performance.now() - startMs) / 1000) * BYTES_PER_S);
    const chunk = bytes.subarray(sentSize, dueSize);
    sentSize = dueSize;
    for (const link of links) link.send(chunk);
  }, BURST_MS);
  return () => clearInterval(timer);
}
