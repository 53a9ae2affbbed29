import { join } from 'node:path';
import { type Broker, startBroker } from './broker.ts';
import type { BrokerFaults } from './broker-faults.ts';
import { Daemon, newFolder, writeConfig } from './daemon.ts';
import { Machine, machineConfig } from './machine.ts';

/** A machine, a broker and a configuration that joins them; what is missing is the daemon. */
export interface Plant extends AsyncDisposable {
  readonly folder: string;
  readonly dataDir: string;
  readonly machine: Machine;
  readonly broker: Broker;
  readonly config: ReturnType<typeof machineConfig>;
  /** Starts the daemon, with another configuration than the plant's own if one is given. */
  start(config?: unknown): Daemon;
  /** Starts the daemon and waits until it has learned the machine and watches it. */
  startWatching(): Promise<Daemon>;
}

/** Sets up a plant. What it started ends with it. */
export async function setUpPlant(faults: Partial<BrokerFaults> = {}): Promise<Plant> {
  const parts = new AsyncDisposableStack();
  const { path: folder } = parts.use(await newFolder());
  const broker = parts.adopt(await startBroker(faults), (started) => started.stop());
  const machine = parts.use(new Machine(join(folder, 'machine.sock')));
  const dataDir = join(folder, 'data');
  const config = machineConfig({ dataDir, socketPath: machine.path, brokerPort: broker.port });
  const start = (changed: unknown = config) => parts.use(new Daemon(writeConfig(folder, changed)));
  const startWatching = async () => {
    const daemon = start();
    await daemon.logged(/^watching pump/);
    return daemon;
  };
  const end = () => parts.disposeAsync();
  return { folder, dataDir, machine, broker, config, start, startWatching, [Symbol.asyncDispose]: end };
}
