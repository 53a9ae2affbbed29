import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { configSchema, type MqttConfig } from '../../src/config/schema.ts';
import { readSecrets } from '../../src/publish/secrets.ts';
import { createPublisher } from '../../src/publishing.ts';
import { StoreKeeper } from '../../src/store-keeper.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { limitHeapGrowth } from '../../src/system/heap.ts';
import { createLog } from '../../src/system/log.ts';
import { backlogEntry, NODE, STORE_SIZE_MAX_MIB } from './store-backlog.ts';

/**
 * Store and publisher as the daemon wires them, in a process of their own: what it has in memory is theirs alone. A message
 * to it asks for a fresh critical report; it answers when that is durable.
 */
export interface PublishingProcess extends AsyncDisposable {
  /** Bytes that it has in memory now. */
  readonly residentBytes: number;
  /** The most that it ever had. */
  readonly peakBytes: number;
  /** Accepts a critical report; resolves when it is durable, with its id. */
  acceptCritical(): Promise<string>;
}

/** @param mqtt as in the configuration */
export async function startPublishing(dataDir: string, mqtt: object): Promise<PublishingProcess> {
  const child: ChildProcess = fork(import.meta.filename, [dataDir, JSON.stringify(mqtt)]);
  await once(child, 'message');
  const memory = (name: string) => {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  };
  return {
    get residentBytes() {
      return memory('VmRSS');
    },
    get peakBytes() {
      return memory('VmHWM');
    },
    async acceptCritical() {
      const accepted = once(child, 'message');
      child.send('accept');
      const [id] = (await accepted) as [string];
      return id;
    },
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.send('stop');
      await exited;
    },
  };
}

if (process.argv[1] === import.meta.filename) await serve(process.argv[2] ?? '', process.argv[3] ?? '');

async function serve(dataDir: string, mqttText: string): Promise<void> {
  limitHeapGrowth();
  const plant = { ...NODE, sources: {}, assets: {}, mqtt: JSON.parse(mqttText) };
  const { mqtt } = configSchema.parse(plant) as { mqtt: MqttConfig };
  const clock = systemClock(() => 1);
  const parts = { clock, counters: new Counters(), log: createLog('error') };
  const settings = { dataDir, sizeMaxMiB: STORE_SIZE_MAX_MIB, bootId: 'boot of the test' };
  let accepted: string | undefined;
  const keeper = await StoreKeeper.start({
    ...parts,
    settings,
    onAccepted: (lane) => {
      publisher.nudge(lane);
      if (accepted !== undefined) process.send?.(accepted);
    },
  });
  const publisher = createPublisher({
    ...parts,
    ...NODE,
    config: mqtt,
    keeper,
    secrets: () => readSecrets(mqtt, undefined),
  });
  publisher.start();
  process.send?.('ready');
  let count = 0;
  process.on('message', async (request) => {
    if (request === 'stop') {
      await publisher.stop();
      await keeper.close();
      process.exit();
    }
    const acceptance = backlogEntry(++count, 'critical', clock.monoMs());
    accepted = acceptance.entry.id;
    keeper.accept(acceptance);
  });
}
