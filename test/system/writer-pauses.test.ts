import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type RunningAgent, startAgent } from '../../src/agent.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Health } from '../../src/health.ts';
import { createLog } from '../../src/system/log.ts';
import { strainOf } from '../../src/system/strain.ts';
import { writeConfig } from '../support/daemon.ts';
import { countOf, healthAt, reportAt } from '../support/node-topics.ts';
import { type Plant, setUpPlant } from '../support/plant.ts';
import { contradictionsAt, writerConfig, writtenAt } from '../support/writer-plant.ts';

/** Two starts of the agent, and twice the ten seconds after which a pause is looked at again. */
const TIMEOUT_MS = 120_000;

/** A flight controller that says ten times a second whether it is armed. */
class FlightController implements Disposable {
  readonly path: string;
  armed: 0 | 1 | undefined;
  readonly #server = createServer((socket) => {
    const timer = setInterval(() => this.armed !== undefined && socket.write(`armed:${this.armed}\n`), 100);
    socket.on('close', () => clearInterval(timer)).on('error', () => socket.destroy());
    this.#hangUps.push(() => socket.destroy());
  });
  readonly #hangUps: (() => void)[] = [];

  constructor(path: string) {
    this.path = path;
    this.#server.listen(path);
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const hangUp of this.#hangUps) hangUp();
  }
}

/** The agent on a device whose kernel tells what lies below `root`; it runs in the process of the test. */
async function startOn(root: string, config: unknown, bootId = 'boot of the test'): Promise<RunningAgent> {
  const { config: read, sha256 } = loadConfig(writeConfig(root, config));
  return startAgent({
    releases: { state: async () => ({ highestSequence: 0 }) },
    ...{ config: read, configSha256: sha256, secrets: async () => ({}), bootId, log: createLog('silent') },
    strain: (limits) => strainOf(limits, root),
  });
}

/** One incident, from its beginning to its end; its templates go out whatever the writer waits for. */
async function haveIncident({ broker, machine }: Plant): Promise<void> {
  await healthAt(broker, ({ assets }) => assets['pump']?.phase === 'watching');
  machine.isFaulty = true;
  await reportAt(broker, ({ data }) => data.event === 'opened');
  machine.isFaulty = false;
  await reportAt(broker, ({ data }) => data.event === 'closed');
}

const tried = (health: Health) => countOf(health, 'texts_written') + countOf(health, 'texts_kept');

function setBattery(root: string, lines: string): void {
  const battery = join(root, 'sys/class/power_supply/BAT0');
  mkdirSync(battery, { recursive: true });
  writeFileSync(join(battery, 'uevent'), lines);
}

test(
  'nothing is written on a battery that is nearly empty; the words follow when it is charged',
  async () => {
    await using plant = await setUpPlant();
    const { broker, folder } = plant;
    setBattery(folder, 'POWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_CAPACITY=12\n');
    const pause = { heatMaxC: 150, memoryMinMiB: 0 };
    const agent = await startOn(folder, writerConfig(plant, { pause }));
    try {
      await haveIncident(plant);
      const low = await healthAt(broker, ({ writer }) => writer?.pausedBy !== undefined);
      expect(low.writer).toEqual({ waiting: 1, pausedBy: 'the battery has 12 %, under 30 %' });
      expect(writtenAt(broker)).toEqual([]);

      setBattery(folder, 'POWER_SUPPLY_STATUS=Charging\nPOWER_SUPPLY_CAPACITY=12\n');
      const charged = await healthAt(broker, (health) => tried(health) === 1);
      expect(charged.writer).toEqual({ waiting: 0 });
      expect(contradictionsAt(broker)).toEqual([]);
    } finally {
      await agent.stop();
    }
  },
  TIMEOUT_MS,
);

test(
  'nothing is written while the drone is armed, nor after a restart in flight; the words follow on the ground',
  async () => {
    await using plant = await setUpPlant();
    const { broker, folder, machine } = plant;
    using controller = new FlightController(join(folder, 'fc.sock'));
    const pause = { heatMaxC: 150, memoryMinMiB: 0, batteryMinPercent: 0 };
    const usual = writerConfig(plant, { pause: { ...pause, whileChannel: { from: 'fc.armed' } } });
    const fc = { link: { type: 'unix', path: controller.path }, protocol: 'text' };
    const config = { ...usual, sources: { ...usual.sources, fc } };
    controller.armed = 1;
    const before = await startOn(folder, config);
    try {
      await haveIncident(plant);
      const armed = await healthAt(broker, ({ writer }) => writer?.pausedBy?.includes('is 1') ?? false);
      expect(armed.writer).toEqual({ waiting: 1, pausedBy: 'fc.armed is 1, over 0.5' });
      expect(armed.counters['samples_unmatched']).toBeUndefined();
    } finally {
      await before.stop();
    }

    controller.armed = undefined;
    machine.isMute = true;
    const after = await startOn(folder, config, 'boot in flight');
    try {
      const unknown = await healthAt(broker, ({ writer }) => writer?.pausedBy?.includes('nothing') ?? false);
      // The machine that has gone silent has become an incident too.
      expect(unknown.writer?.waiting).toBeGreaterThanOrEqual(1);
      expect(unknown.writer?.pausedBy).toBe('fc.armed has said nothing yet');
      controller.armed = 1;
      await healthAt(broker, ({ writer }) => writer?.pausedBy === 'fc.armed is 1, over 0.5');
      expect(writtenAt(broker)).toEqual([]);

      controller.armed = 0;
      const landed = await healthAt(
        broker,
        (health) =>
          tried(health) >= 1 && health.writer?.pausedBy === undefined && health.writer?.waiting === 0,
      );
      expect(landed.writer).toEqual({ waiting: 0 });
      expect(contradictionsAt(broker)).toEqual([]);
    } finally {
      await after.stop();
    }
  },
  TIMEOUT_MS,
);
