import { describe, expect, test } from 'vitest';
import type { Health } from '../../src/health.ts';
import type { ReportEvent } from '../../src/publish/envelope.ts';
import type { Broker } from '../support/broker.ts';
import { type Daemon, eventually } from '../support/daemon.ts';
import { countOf, healthAt, reportAt } from '../support/node-topics.ts';
import { type Plant, setUpPlant } from '../support/plant.ts';
import {
  contradictionsAt,
  NEVER_ENOUGH_MEMORY,
  templatesAt,
  writerConfig,
  writtenAt,
} from '../support/writer-plant.ts';

/** With two starts of a daemon, and the learning of many assets on a busy machine. */
const TIMEOUT_MS = 120_000;

/** Reports that the writer lets wait. */
const QUEUE_LENGTH_MAX = 32;
const WARNING_COUNT = 36;
const CRITICAL_COUNT = 4;

/** A paused daemon whose queue holds a report that was delivered long ago. */
async function startPaused(plant: Plant): Promise<Daemon> {
  const { broker, machine, start } = plant;
  const daemon = start(writerConfig(plant, { pause: NEVER_ENOUGH_MEMORY }));
  await daemon.logged(/^watching pump/);
  machine.isFaulty = true;
  await reportAt(broker, ({ data }) => data.event === 'opened');
  machine.isFaulty = false;
  await reportAt(broker, ({ data }) => data.event === 'closed');
  await healthAt(broker, isDelivered);
  return daemon;
}

/** Reports that the model was asked about; one in some hundred keeps its template. */
function textsTried(health: Health): number {
  return countOf(health, 'texts_written') + countOf(health, 'texts_kept');
}

function isDelivered({ store }: Health): boolean {
  return typeof store !== 'string' && store.pending === 0;
}

test.each(['stop', 'kill'] as const)(
  'a report whose template was delivered gets its words after the daemon was ended (%s) and started again',
  async (end) => {
    await using plant = await setUpPlant();
    const { broker, machine, start } = plant;
    const daemon = await startPaused(plant);
    const { writer } = await healthAt(broker, () => true);
    expect(writer).toMatchObject({ waiting: 1, pausedBy: expect.stringContaining('of memory are free') });
    await daemon[end]();
    expect(writtenAt(broker)).toEqual([]);

    machine.isMute = true;
    start(writerConfig(plant));
    await healthAt(broker, (health) => textsTried(health) === 1);
    const health = await healthAt(broker, isDelivered);
    expect(health.writer).toMatchObject({ waiting: 0 });
    expect(writtenAt(broker)).toHaveLength(countOf(health, 'texts_written'));
    for (const { data } of writtenAt(broker)) expect(data.event).toBe('closed');
    expect(contradictionsAt(broker)).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'a report whose words were being written when the power went gets them after the restart, once',
  async () => {
    await using plant = await setUpPlant();
    const { broker, machine, start } = plant;
    const daemon = start(writerConfig(plant));
    await daemon.logged(/^watching pump/);
    machine.isFaulty = true;
    await reportAt(broker, ({ data }) => data.provenance.textBy === 'llm');
    const writer = await daemon.writer();
    process.kill(writer, 'SIGSTOP');
    machine.isFaulty = false;
    const { data: closed } = await reportAt(broker, ({ data }) => data.event === 'closed');
    await daemon.kill();
    process.kill(writer, 'SIGKILL');

    machine.isMute = true;
    const second = start(writerConfig(plant));
    await healthAt(broker, (health) => textsTried(health) === 1);
    const tried = await healthAt(broker, isDelivered);
    const ids = writtenAt(broker).map(({ id }) => id);
    const wanted = `${closed.id}/text/${closed.revision}`;
    expect(ids.filter((id) => id === wanted)).toHaveLength(countOf(tried, 'texts_written'));
    await second.stop();
    const third = start(writerConfig(plant));
    await third.logged(/^connected to/);
    const health = await healthAt(broker, isDelivered);
    expect(textsTried(health)).toBe(0);
    expect(contradictionsAt(broker)).toEqual([]);
  },
  TIMEOUT_MS,
);

describe('a queue that is full', () => {
  /** Many assets on one machine; the last of them are critical at once. */
  function manyAssets(plant: Plant, llm?: Readonly<Record<string, unknown>>) {
    const config = writerConfig(plant, llm);
    const { pump } = config.assets;
    const window = { ...pump.window, step: '200ms' };
    const asset = (criticalScore: number) => ({
      ...pump,
      window,
      incident: { ...pump.incident, criticalScore },
    });
    const names = Array.from({ length: WARNING_COUNT + CRITICAL_COUNT }, (_, at) => `asset-${at}`);
    const isCritical = (at: number) => at >= WARNING_COUNT;
    const assets = names.map((name, at) => [name, asset(isCritical(at) ? 5 : 1e6)] as const);
    return { ...config, assets: Object.fromEntries(assets) };
  }

  const severitiesOf = (reports: readonly ReportEvent[]) => reports.map(({ data }) => data.severity);

  function latestRevisions(broker: Broker): Map<string, number> {
    return new Map(templatesAt(broker).map(({ data }) => [data.id, data.revision]));
  }

  test(
    'holds a bounded number, one of each incident, and lets the least severe keep their templates',
    async () => {
      await using plant = await setUpPlant();
      const { broker, machine, start } = plant;
      const daemon = start(manyAssets(plant, { pause: NEVER_ENOUGH_MEMORY }));
      const assetCount = WARNING_COUNT + CRITICAL_COUNT;
      await healthAt(broker, ({ assets }) => {
        const phases = Object.values(assets).map(({ phase }) => phase);
        return phases.length === assetCount && phases.every((phase) => phase === 'watching');
      });
      machine.isFaulty = true;
      await eventually(() => {
        const revisions = [...latestRevisions(broker).values()];
        expect(revisions.length).toBe(assetCount);
        expect(Math.min(...revisions)).toBeGreaterThan(1);
      });
      machine.isMute = true;
      const full = await healthAt(broker, isDelivered);
      expect(full.writer).toMatchObject({ waiting: QUEUE_LENGTH_MAX });
      expect(countOf(full, 'texts_shed')).toBe(templatesAt(broker).length - QUEUE_LENGTH_MAX);
      await daemon.kill();

      const latest = latestRevisions(broker);
      start(manyAssets(plant));
      const health = await healthAt(broker, (now) => textsTried(now) === QUEUE_LENGTH_MAX);
      await healthAt(broker, isDelivered);
      const written = writtenAt(broker);
      expect(written.length).toBe(countOf(health, 'texts_written'));
      expect(severitiesOf(written)).toEqual(severitiesOf(written).toSorted());
      expect(severitiesOf(written).filter((severity) => severity === 'critical').length).toBeGreaterThan(1);
      for (const { data } of written) expect(data.revision).toBe(latest.get(data.id));
      expect(contradictionsAt(broker)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
