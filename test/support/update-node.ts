import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { updateSend } from '../../src/cli/update-send.ts';
import { configSchema, type MqttConfig } from '../../src/config/schema.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import type { State } from '../../src/update/releases.ts';
import { startUpdates } from '../../src/updates.ts';
import { startBroker } from './broker.ts';
import { makerKeys } from './made-update.ts';

const MAKER = makerKeys.publicKey.export({ type: 'spki', format: 'pem' }) as string;

interface Settings {
  /** Where it may make its own. */
  readonly folder: string;
  readonly dataDir?: string;
  readonly state?: State;
  /** PEM of the keys that it trusts. */
  readonly keys?: readonly string[];
}

/** The part of a node that takes updates, a small broker, and a way to send it one as a person does. */
export async function startUpdateNode({ folder, state = { highestSequence: 0 }, ...settings }: Settings) {
  const { dataDir = join(folder, 'data'), keys = [MAKER] } = settings;
  const keyFolder = join(folder, 'keys');
  for (const path of [dataDir, keyFolder]) mkdirSync(path, { recursive: true });
  for (const [at, key] of keys.entries()) writeFileSync(join(keyFolder, `${at}.pub`), key);
  const broker = await startBroker();
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const config = configSchema.parse({
    ...{ site: 'plant', node: 'pump7', dataDir, sources: {}, assets: {} },
    mqtt: { url, updates: { keys: keyFolder } },
  });
  const counters = new Counters();
  const updates = startUpdates({
    ...{ config, mqtt: config.mqtt as MqttConfig, secrets: async () => ({}), isQuiet: () => false },
    releases: { state: async () => state },
    ...{ clock: systemClock(() => 1), counters, log: createLog('silent') },
  });
  while (broker.filters.length === 0) await sleep(5);
  return {
    ...{ broker, counters, incoming: join(dataDir, 'incoming') },
    /** @returns whether it was installed, or the message of the failure, and what a person has seen meanwhile */
    async send(bytes: Buffer) {
      const path = join(folder, 'a.update');
      writeFileSync(path, bytes);
      const seen: string[] = [];
      const output = { write: (text: string) => seen.push(text) };
      const address = { broker: url, site: 'plant', node: 'pump7', patience: '20s' };
      const outcome = await updateSend(path, address, output).catch((error: Error) => error.message);
      return { outcome, seen: seen.join('') };
    },
    async stop() {
      await updates?.stop();
      await broker.stop();
    },
  };
}
