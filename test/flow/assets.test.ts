import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Assets } from '../../src/assets.ts';
import { configSchema } from '../../src/config/schema.ts';
import { stateKeyOf } from '../../src/incidents.ts';
import { Judge } from '../../src/judge/judge.ts';
import { StoreKeeper } from '../../src/store-keeper.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import type { IncidentEvent } from '../../src/values/incident.ts';
import { BURST_RATE_HZ, faultyBurst, healthyBurst, SHAFT_HZ, SKF_6205 } from '../support/bearing-burst.ts';

const ROWS = 4096;
const BURST_MS = 60_000;

const config = (dataDir: string, bearings: readonly string[]) =>
  configSchema.parse({
    ...{ site: 'plant', node: 'pump7', dataDir },
    sources: { mcu: { link: { type: 'unix', path: '/run/mcu' }, protocol: 'bridge' } },
    assets: {
      pump: {
        source: 'mcu',
        bearings: Object.fromEntries(
          bearings.map((key) => [
            key,
            { from: 'mcu.shaker.z', shaft: { rpm: SHAFT_HZ * 60 }, geometry: SKF_6205, bursts: 2 },
          ]),
        ),
        incident: { closeAfter: '1s', mergeWithin: '0s' },
      },
    },
  });

/** A pump whose device says what it measures, and what became of its incidents. */
async function describedPump() {
  const parts = new AsyncDisposableStack();
  const dataDir = parts.adopt(mkdtempSync(join(tmpdir(), 'fieldnote-assets-')), (path) => {
    rmSync(path, { recursive: true });
  });
  const [clock, counters] = [systemClock(() => 1), new Counters()];
  const lines: string[] = [];
  const log = createLog('info', { write: (line: string) => lines.push(JSON.parse(line).msg) });
  const settings = { dataDir, sizeMaxMiB: 16, bootId: 'boot' };
  const started = await StoreKeeper.start({ settings, clock, counters, log, onAccepted() {} });
  const keeper = parts.adopt(started, (running) => running.close());
  const newJudge = new Judge({
    ...{ clock, random: () => 1, deadlineMs: 10_000, queueLengthMax: 64, onRestart() {} },
  });
  const judge = parts.adopt(newJudge, (running) => running.stop());
  const events: IncidentEvent[] = [];
  const states = new Map<string, unknown>();
  const start = async (...bearings: string[]) => {
    const assets = await Assets.start({
      ...{ config: config(dataDir, bearings), judge, clock, counters, log, keeper, states },
      onIncident(_, event, state) {
        events.push(event);
        states.set(stateKeyOf('pump', event.incident), state);
      },
    });
    return parts.adopt(assets, (running) => running.stop());
  };
  /** Resolves when the pump is watched by these channels. */
  const measure = async (assets: Assets, ...names: string[]) => {
    const before = lines.length;
    const channel = { unit: '°C', rateHz: 1, isWaveform: false, min: undefined, max: undefined };
    assets.describe({
      ...{ kind: 'device', source: 'mcu', monoMs: clock.monoMs(), uid: '', bootId: 1, resetCause: '' },
      ...{ firmware: '', board: '' },
      channels: names.map((name) => ({ ...channel, name: `temp.${name}`, quantity: 'value' })),
    });
    const isListening = (line: string) => line.startsWith('listening to the bearing');
    await expect.poll(() => lines.slice(before).some(isListening)).toBe(true);
  };
  let monoMs = clock.monoMs();
  const hear = async (assets: Assets, burst: (seed: number) => Float32Array, count: number) => {
    for (let seed = 1; seed <= count; seed++) {
      monoMs += BURST_MS;
      const part = { kind: 'waveform', source: 'mcu', channel: 'shaker.z', unit: 'g' } as const;
      const before = counters.snapshot()['verdicts']?.['pump/bearing/drive-end'] ?? 0;
      assets.hear({ ...part, monoMs, rateHz: BURST_RATE_HZ, values: burst(seed) });
      await expect
        .poll(() => counters.snapshot()['verdicts']?.['pump/bearing/drive-end'] ?? 0)
        .toBeGreaterThan(before);
    }
  };
  const said = () => events.map(({ event, incident }) => [event, incident.subject, incident.id]);
  return { start, measure, hear, said, events, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

const faulty = (seed: number) => faultyBurst(ROWS, seed, 'outer race');
const sound = (seed: number) => healthyBurst(ROWS, seed);

describe('an asset whose device measures something else now', () => {
  test('goes on with the incident that was opened since the start', async () => {
    await using pump = await describedPump();
    const assets = await pump.start('drive-end');
    await pump.measure(assets, 'motor');
    await pump.hear(assets, faulty, 2);
    const id = pump.events[0]?.incident.id;
    expect(pump.said()).toEqual([['opened', 'drive-end', id]]);
    await pump.measure(assets, 'motor', 'oil');
    await pump.hear(assets, sound, 4);
    expect(pump.said().slice(1)).toEqual([['closed', 'drive-end', id]]);
  });

  test('leaves the incident closed that was closed since the start', async () => {
    await using pump = await describedPump();
    const before = await pump.start('drive-end');
    await pump.measure(before, 'motor');
    await pump.hear(before, faulty, 2);
    await before.stop();
    const assets = await pump.start('drive-end');
    await pump.measure(assets, 'motor');
    await pump.hear(assets, sound, 4);
    const told = pump.said();
    expect(told.map(([event]) => event)).toEqual(['opened', 'closed']);
    await pump.measure(assets, 'motor', 'oil');
    await pump.hear(assets, sound, 4);
    expect(pump.said()).toEqual(told);
  });
});
