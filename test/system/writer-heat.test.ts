import { mkdirSync, writeFileSync } from 'node:fs';
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

/** The agent on a device whose kernel tells what lies below `root`; it runs in the process of the test. */
async function startOn(root: string, plant: Plant): Promise<RunningAgent> {
  const pause = { heatMaxC: 80, memoryMinMiB: 0, batteryMinPercent: 0 };
  const { config, sha256 } = loadConfig(writeConfig(plant.folder, writerConfig(plant, { pause })));
  return startAgent({
    releases: { state: async () => ({ highestSequence: 0 }) },
    config,
    configSha256: sha256,
    secrets: async () => ({}),
    bootId: 'boot of the test',
    strain: (limits) => strainOf(limits, root),
    log: createLog('silent'),
  });
}

function setHeat(root: string, heatC: number): void {
  const zone = join(root, 'sys/class/thermal/thermal_zone0');
  mkdirSync(zone, { recursive: true });
  writeFileSync(join(zone, 'temp'), `${heatC * 1000}\n`);
}

test('nothing is written on a hot device, which says so; alerts go out, and their words follow when it has cooled', async () => {
  await using plant = await setUpPlant();
  const { broker, folder, machine } = plant;
  setHeat(folder, 91);
  const agent = await startOn(folder, plant);
  try {
    await healthAt(broker, ({ assets }) => assets['pump']?.phase === 'watching');
    machine.isFaulty = true;
    await reportAt(broker, ({ data }) => data.event === 'opened');
    machine.isFaulty = false;
    await reportAt(broker, ({ data }) => data.event === 'closed');
    const hot = await healthAt(broker, () => true);
    expect(hot.writer).toEqual({ waiting: 1, pausedBy: 'the device has 91 °C, over 80 °C' });
    expect(writtenAt(broker)).toEqual([]);

    setHeat(folder, 60);
    const isTried = (health: Health) =>
      countOf(health, 'texts_written') + countOf(health, 'texts_kept') === 1;
    const cool = await healthAt(broker, isTried);
    expect(cool.writer).toEqual({ waiting: 0 });
    // One text in some hundred is refused twice.
    if (countOf(cool, 'texts_written') === 1)
      await reportAt(broker, ({ data }) => data.provenance.textBy === 'llm' && data.event === 'closed');
    expect(contradictionsAt(broker)).toEqual([]);
  } finally {
    await agent.stop();
  }
  // The writer looks at the heat every ten seconds.
}, 120_000);
