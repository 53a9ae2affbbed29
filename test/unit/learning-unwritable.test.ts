import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Asset } from '../../src/asset.ts';
import { configSchema } from '../../src/config/schema.ts';
import { Judge } from '../../src/judge/judge.ts';
import { proposedModel } from '../../src/models/active.ts';
import { recordedTime } from '../../src/sample-time.ts';
import { recordingClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import { MADE_ASSET } from '../support/cli-plant.ts';
import { noise } from '../support/made-learning.ts';

const NEEDED_ROWS = 40;
const MINUTE_MS = 60_000;

const root = mkdtempSync(join(tmpdir(), 'fieldnote-unwritable-'));
afterAll(() => rmSync(root, { recursive: true }));

const judge = new Judge({
  clock: { monoMs: () => performance.now() },
  random: () => 1,
  deadlineMs: 10_000,
  queueLengthMax: 64,
  onRestart() {},
});
afterAll(() => judge.stop());

/** A pump whose model waits for a yes, in a data folder that cannot hold one yet. Its rows survive a restart. */
async function unwritablePump() {
  const dataDir = mkdtempSync(join(root, 'data-'));
  const clock = recordingClock();
  const counters = new Counters();
  const lines: { msg: string }[] = [];
  const kept: Float32Array[] = [];
  const { assets } = configSchema.parse({
    ...{ site: 's', node: 'n', sources: { mcu: { link: { type: 'file', path: 'x' } } } },
    assets: { pump: { ...MADE_ASSET, learn: { for: `${NEEDED_ROWS}s`, approve: true } } },
  });
  const { channels = {}, ...config } = assets['pump'] ?? expect.unreachable();
  const start = async () => {
    const asset = new Asset({
      ...{ key: 'pump', config: { ...config, channels }, dataDir, timeOf: { mcu: recordedTime } },
      ...{ judge, clock, counters },
      log: createLog('info', { write: (line: string) => lines.push(JSON.parse(line)) }),
      keeper: {
        restore: async () => [...kept],
        append: (rows) => kept.push(...rows),
        clear: () => kept.splice(0),
        settled: async () => undefined,
      },
      sensors: { profiles: undefined, keep: async () => undefined },
      onIncident: () => expect.unreachable(),
    });
    await asset.start();
    return asset;
  };
  const names = ['flow', 'bar'];
  let row = 0;
  /** The pump runs as it should for so long. */
  const run = async (asset: Asset, rows: number) => {
    for (const end = row + rows; row < end; row++) {
      clock.advanceTo(row * 1000);
      const values = [30 + noise(row, 0), 4 + noise(row, 1) / 10];
      asset.push({
        ...{ kind: 'sample', source: 'mcu', monoMs: row * 1000, deviceMs: undefined, names, values },
      });
    }
    await asset.settled();
  };
  const wait = async (asset: Asset, ms: number) => {
    clock.advanceTo(clock.monoMs() + ms);
    asset.advanceTo(clock.monoMs());
    await asset.settled();
  };
  const models = join(dataDir, 'models');
  writeFileSync(models, 'no folder');
  const errors = () => lines.filter(({ msg }) => msg.includes('what was learned')).map(({ msg }) => msg);
  const proposed = () => proposedModel(dataDir, 'pump').catch(() => undefined);
  return { start, run, wait, kept, errors, proposed, counters, repair: () => rmSync(models) };
}

describe('what was learned and cannot be written', () => {
  test('is kept, told once, and proposed as soon as it can be', async () => {
    const { start, run, wait, kept, errors, proposed, counters, repair } = await unwritablePump();
    const asset = await start();
    await run(asset, NEEDED_ROWS + 2);
    for (let minute = 0; minute < 3; minute++) await wait(asset, MINUTE_MS);
    expect(errors()).toEqual([
      expect.stringMatching(
        /^cannot use what was learned of pump yet: .*ENOTDIR.*; keeping it, trying again every 60 s$/,
      ),
    ]);
    expect(asset.health).toMatchObject({ phase: 'learning', learned: 1 });
    expect(kept).toHaveLength(NEEDED_ROWS);
    repair();
    await wait(asset, MINUTE_MS - 1);
    expect(await proposed()).toBeUndefined();
    await wait(asset, 1);
    expect(asset.health).toMatchObject({ phase: 'proposed', proposed: await proposed() });
    expect(await proposed()).toMatch(/^[0-9a-f]{64}$/);
    expect(kept).toEqual([]);
    expect(counters.snapshot()['learn_rejected']).toBeUndefined();
  });

  test('is proposed by the next daemon when this one ends before', async () => {
    const { start, run, wait, kept, proposed, repair } = await unwritablePump();
    const first = await start();
    await run(first, NEEDED_ROWS + 2);
    first.stop();
    await first.settled();
    expect(kept).toHaveLength(NEEDED_ROWS);
    repair();
    const second = await start();
    await wait(second, 0);
    expect(second.health).toMatchObject({ phase: 'proposed', proposed: await proposed() });
  });
});
