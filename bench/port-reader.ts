import { setTimeout as sleep } from 'node:timers/promises';
import { SerialPort } from 'serialport';
import { configSchema } from '../src/config/schema.ts';
import { createDecoder } from '../src/decode/decoder.ts';
import { SourceReader } from '../src/source.ts';
import { systemClock } from '../src/system/clock.ts';
import { Counters } from '../src/system/counters.ts';
import { createLog } from '../src/system/log.ts';

/**
 * A process that reads and decodes several serial ports. It says `open`, and what the reading cost from a while after the
 * first sample on.
 */

export interface PortReaderTask {
  readonly way: 'fieldnote' | 'serialport';
  readonly paths: readonly string[];
  readonly baudRate: number;
  readonly settleS: number;
  readonly measureS: number;
}

export interface PortReaderCost {
  /** Of all threads of the process, in user and kernel. */
  readonly cpuMs: number;
  readonly sampleCount: number;
}

const OPEN_POLL_MS = 5;

async function readAsFieldnote({ paths, baudRate }: PortReaderTask, onSample: () => void): Promise<void> {
  const links = paths.map((path, at) => [`port${at}`, { link: { type: 'serial', path, baudRate } }]);
  const config = configSchema.parse({
    site: 'bench',
    node: 'ports',
    sources: Object.fromEntries(links),
    assets: {},
  });
  for (const [key, source] of Object.entries(config.sources)) {
    const reader = new SourceReader({
      key,
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
}

async function readAsStreams({ paths, baudRate }: PortReaderTask, onSample: () => void): Promise<void> {
  for (const path of paths) {
    const port = new SerialPort({ path, baudRate });
    const decoder = createDecoder({ source: 'port', protocol: 'auto', send: (bytes) => port.write(bytes) });
    port.on('data', (bytes: Buffer) => {
      for (const { kind } of decoder.decode(bytes, performance.now())) if (kind === 'sample') onSample();
    });
    await new Promise((resolve) => port.once('open', resolve));
  }
}

async function main(task: PortReaderTask): Promise<void> {
  let sampleCount = 0;
  const sampled = Promise.withResolvers<void>();
  const onSample = () => {
    sampleCount++;
    sampled.resolve();
  };
  await (task.way === 'fieldnote' ? readAsFieldnote(task, onSample) : readAsStreams(task, onSample));
  process.send?.('open');
  await sampled.promise;
  await sleep(1000 * task.settleS);
  const [startCpu, startCount] = [process.cpuUsage(), sampleCount];
  await sleep(1000 * task.measureS);
  const { user, system } = process.cpuUsage(startCpu);
  const cost: PortReaderCost = { cpuMs: (user + system) / 1000, sampleCount: sampleCount - startCount };
  process.send?.(cost);
}

process.once('disconnect', () => process.exit());
await main(JSON.parse(process.argv[2] ?? ''));
