import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BearingWatch, type BearingWatchOptions } from '../../src/bearing-watch.ts';
import type { BearingConfig } from '../../src/config/bearing.ts';
import { configSchema } from '../../src/config/schema.ts';
import { AssetIncidents } from '../../src/incidents.ts';
import { Judge } from '../../src/judge/judge.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import type { Waveform } from '../../src/values/device.ts';
import type { IncidentEvent } from '../../src/values/incident.ts';
import { BURST_RATE_HZ, faultyBurst, healthyBurst, SHAFT_HZ, SKF_6205 } from '../support/bearing-burst.ts';
import { writeMadePackage } from '../support/made-models.ts';

const ROWS = 4096;
const BURST_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'fieldnote-bearing-'));
afterAll(() => rmSync(folder, { recursive: true }));

const judge = new Judge({
  clock: { monoMs: () => performance.now() },
  random: () => 1,
  deadlineMs: 10_000,
  queueLengthMax: 64,
  onRestart() {},
});
afterAll(() => judge.stop());

const BEARING: BearingConfig = {
  from: 'mcu.shaker.z',
  shaft: { rpm: SHAFT_HZ * 60 },
  geometry: SKF_6205,
  bursts: 3,
};

/** A watch of one bearing that hears a burst a minute. */
async function listening(
  changes: Partial<BearingConfig> = {},
  latest: BearingWatchOptions['latest'] = () => null,
) {
  const events: IncidentEvent[] = [];
  const counters = new Counters();
  const lines: string[] = [];
  const log = createLog('warn', { write: (line: string) => lines.push(JSON.parse(line).msg) });
  const asset = `pump-${Math.random()}`;
  const { incident } = configSchema.shape.assets.valueType.parse({ source: 'mcu' });
  const settings = { ...incident, updateEvery: 1e9, closeAfter: BURST_MS };
  const incidents = new AssetIncidents({
    asset,
    settings,
    clock: {
      monoMs: () => 0,
      wallMs: () => 0,
      stampAt: (monoMs) => ({ boot: 1, monoMs, wallMs: monoMs, clock: 'synced', errorMs: 1 }),
    },
    newId: () => '00000000-0000-4000-8000-000000000001',
    stored: new Map(),
    onIncident: (event) => events.push(event),
    onUnreadable: (message) => lines.push(message),
  });
  const config = { ...BEARING, ...changes };
  const watch = new BearingWatch({
    ...{ asset, key: 'drive-end', config, judge, counters, log, incidents, settings, latest },
  });
  await watch.start();
  let monoMs = 0;
  const hear = async (values: Float32Array, given: Partial<Waveform> = {}) => {
    monoMs += BURST_MS;
    const part = { kind: 'waveform', source: 'mcu', channel: 'shaker.z', unit: 'g', monoMs } as const;
    watch.hear({ ...part, rateHz: BURST_RATE_HZ, values, ...given });
    await watch.settled();
  };
  const said = () => events.map(({ event, incident: { labels } }) => [event, labels[0]?.name]);
  const counts = () =>
    Object.fromEntries(Object.entries(counters.snapshot()).map(([name, by]) => [name, Object.values(by)[0]]));
  return { hear, said, counts, lines, events };
}

const outer = (seed: number) => faultyBurst(ROWS, seed, 'outer race');
const inner = (seed: number) => faultyBurst(ROWS, seed, 'inner race');
const sound = (seed: number) => healthyBurst(ROWS, seed);

describe('a bearing that is listened to', () => {
  test('opens an incident when as many bursts as are configured say the same fault, and closes it', async () => {
    const { hear, said, events } = await listening();
    await hear(outer(1));
    await hear(outer(2));
    expect(said()).toEqual([]);
    await hear(outer(3));
    expect(said()).toEqual([['opened', 'outer race']]);
    expect(events[0]?.incident).toMatchObject({ kind: 'bearing', subject: 'drive-end', severity: 'notice' });
    for (const seed of [4, 5, 6]) await hear(sound(seed));
    expect(said()).toEqual([
      ['opened', 'outer race'],
      ['closed', 'outer race'],
    ]);
  });

  test('opens nothing for single bursts among sound ones', async () => {
    const { hear, said, counts } = await listening();
    for (const seed of [1, 2, 3]) {
      await hear(outer(seed));
      await hear(sound(seed));
      await hear(sound(seed + 10));
    }
    expect(counts()).toMatchObject({ verdicts: 9 });
    expect(said()).toEqual([]);
  });

  test('opens at the first burst when a person wants that', async () => {
    const { hear, said } = await listening({ bursts: 1 });
    await hear(inner(1));
    expect(said()).toEqual([['opened', 'inner race']]);
  });

  test('hears only its own waveform', async () => {
    const { hear, counts } = await listening();
    await hear(outer(1), { channel: 'shaker.x' });
    await hear(outer(1), { source: 'plc' });
    expect(counts()).toEqual({});
  });

  test.each([
    ['1/min', SHAFT_HZ * 60],
    ['Hz', SHAFT_HZ],
  ])('takes the speed of the shaft from a channel in %s', async (unit, value) => {
    const { hear, said } = await listening({ shaft: { channel: 'speed' } }, () => ({ value, unit }));
    for (const seed of [1, 2, 3]) await hear(outer(seed));
    expect(said()).toEqual([['opened', 'outer race']]);
  });

  test.each([
    ['is unknown', { value: null, unit: 'Hz' }, /its speed .* not one that its model knows/],
    ['is too low', { value: 2, unit: 'Hz' }, /its speed .* not one that its model knows/],
    ['is no speed', { value: 30, unit: '°C' }, /channel speed gives no speed in 1\/min or Hz, but °C/],
    ['comes from no channel', null, /channel speed gives no speed in 1\/min or Hz/],
  ])('judges nothing at a speed that %s, and says so once', async (_, speed, message) => {
    const { hear, said, counts, lines } = await listening({ shaft: { channel: 'speed' } }, () => speed);
    for (const seed of [1, 2, 3, 4]) await hear(outer(seed));
    expect(counts()).toEqual({ windows_cut: 4, 'not_judged_out-of-range': 4 });
    expect(said()).toEqual([]);
    expect(lines.filter((line) => message.test(line))).toHaveLength(1);
  });

  test('judges no burst that is too short, lacks values, is too slow or in another unit', async () => {
    const { hear, counts, lines } = await listening();
    await hear(outer(1).slice(1));
    await hear(outer(1).fill(Number.NaN, 9, 10));
    await hear(outer(1), { rateHz: 8000 });
    await hear(outer(1), { unit: 'mm/s' });
    expect(counts()).toEqual({ windows_cut: 4, not_judged_gap: 2, 'not_judged_out-of-range': 2 });
    expect(lines).toEqual([
      expect.stringContaining('it is shorter than its model needs, or lacks values'),
      expect.stringContaining('its rate, its speed or its geometry is not one that its model knows'),
      expect.stringContaining('a waveform in mm/s cannot become the m/s² that its model takes'),
    ]);
  });

  test('is judged by another package when one is named', async () => {
    const one = { channels: [{ name: 'a', unit: 'm/s²' }] };
    const { onnxPath } = writeMadePackage(folder, 'loudness', one);
    const { hear, events } = await listening({ bursts: 2, model: join(onnxPath, '..') });
    for (let heard = 0; heard < 2; heard++) await hear(new Float32Array(8).fill(0.25), { rateHz: 1 });
    expect(events).toMatchObject([
      { event: 'opened', incident: { score: expect.closeTo(0.25 * 9.80665, 4) } },
    ]);
  });

  test('is not watched by a package that hears more than one channel', async () => {
    const { onnxPath } = writeMadePackage(folder, 'mean');
    const { hear, counts, lines } = await listening({ model: join(onnxPath, '..') });
    await hear(outer(1));
    expect(counts()).toEqual({ windows_cut: 1, not_judged_learning: 1 });
    expect(lines).toEqual([
      expect.stringContaining(
        'model "mean" takes 2 channels; a bearing is heard by one; it is not listened to',
      ),
    ]);
  });
});
