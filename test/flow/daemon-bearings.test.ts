import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SKF_6205 } from '../support/bearing-burst.ts';
import { BearingDevice } from '../support/bearing-device.ts';
import { startBroker } from '../support/broker.ts';
import { Daemon, newFolder, writeConfig } from '../support/daemon.ts';
import { healthAt, reportAt, reportsAt } from '../support/node-topics.ts';

const LABEL = 'pump/bearing/drive-end';

/** A device that hears a bearing, a broker, and a daemon that listens to both. */
async function setUp(change: (device: BearingDevice) => void = () => undefined) {
  const parts = new AsyncDisposableStack();
  const { path: folder } = parts.use(await newFolder());
  const broker = parts.adopt(await startBroker(), (started) => started.stop());
  const device = parts.use(new BearingDevice(join(folder, 'device.sock')));
  change(device);
  const config = {
    site: 'plant',
    node: 'pump7',
    dataDir: join(folder, 'data'),
    sources: { mcu: { link: { type: 'unix', path: join(folder, 'device.sock') }, protocol: 'bridge' } },
    assets: {
      pump: {
        name: 'Feed pump 7',
        channels: { speed: { from: 'mcu.shaft.speed', unit: '1/min' } },
        bearings: {
          'drive-end': {
            name: 'drive end 6205',
            from: 'mcu.shaker.z',
            shaft: { channel: 'speed' },
            geometry: SKF_6205,
            bursts: 3,
          },
        },
        window: { rateHz: 10, length: '1s', step: '1s' },
        incident: { closeAfter: '500ms' },
      },
    },
    mqtt: { url: `mqtt://127.0.0.1:${broker.port}`, healthInterval: '100ms' },
  };
  const daemon = parts.use(new Daemon(writeConfig(folder, config)));
  return { broker, daemon, device, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

describe.concurrent('the daemon and its bearings', { timeout: 60_000 }, () => {
  test('opens an incident that names the bearing and its damaged part, and closes it after the repair', async () => {
    await using plant = await setUp((device) => {
      device.isFaulty = true;
    });
    const { data: report } = await reportAt(plant.broker, ({ data }) => data.event === 'opened');
    expect(report).toMatchObject({
      kind: 'bearing',
      subject: 'drive-end',
      asset: { key: 'pump', name: 'Feed pump 7' },
      bearing: { key: 'drive-end', name: 'drive end 6205' },
      channels: [],
    });
    expect(report.labels[0]?.name).toBe('outer race');
    expect(report.score).toBeGreaterThanOrEqual(1);
    expect(report.text).toMatch(
      /^Feed pump 7: notice.*\. Bearing drive end 6205 sounds like outer race damage \(\d+ %\)\. Score 1\.\d, alarm limit 1\.$/,
    );

    plant.device.isFaulty = false;
    const { data: closing } = await reportAt(plant.broker, ({ data }) => data.event === 'closed');
    expect(closing.id).toBe(report.id);
    expect(closing.text).toContain('had sounded like outer race damage');
  });

  test('opens nothing while the bearing is sound', async () => {
    await using plant = await setUp();
    const health = await healthAt(plant.broker, ({ counters }) => (counters['verdicts']?.[LABEL] ?? 0) >= 8);
    expect(health.assets['pump']?.bearings?.['drive-end']?.labels?.[0]?.name).toBe('healthy');
    expect(reportsAt(plant.broker)).toEqual([]);
  });

  test('does not judge a burst at a speed that nobody told, and says so once', async () => {
    await using plant = await setUp((device) => {
      device.isFaulty = true;
      device.isSpeedMute = true;
    });
    const counted = 'not_judged_out-of-range';
    const health = await healthAt(plant.broker, ({ counters }) => (counters[counted]?.[LABEL] ?? 0) >= 4);
    expect(health.counters['verdicts']?.[LABEL]).toBeUndefined();
    expect(health.assets['pump']?.bearings?.['drive-end']).toEqual({ notJudged: 'out-of-range' });
    const warnings = plant.daemon.messagesFrom(40).filter((message) => message.includes('drive-end'));
    expect(warnings).toEqual([
      'bearing drive-end of pump: a burst was not judged: its rate, its speed or its geometry is not one that its model knows',
    ]);
    expect(reportsAt(plant.broker)).toEqual([]);
  });
});
