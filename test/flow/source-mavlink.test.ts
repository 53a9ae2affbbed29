import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { source } from '../../src/config/source.ts';
import { SourceReader } from '../../src/source.ts';
import { systemClock } from '../../src/system/clock.ts';
import { Counters } from '../../src/system/counters.ts';
import { createLog } from '../../src/system/log.ts';
import type { Sample } from '../../src/values/sample.ts';
import { MavlinkVehicle } from '../support/mavlink-vehicle.ts';

const HOST = '127.0.0.1';
const KEY = new Uint8Array(32).fill(5);
/** Magic, length, two flags, sequence: behind them who sends. */
const [SYSTEM_AT, COMPONENT_AT] = [5, 6];

/** A source over UDP as the configuration makes it, and a vehicle that sends to it. */
async function rig(mavlink: object, signingKey?: Uint8Array) {
  const router = createSocket('udp4').bind(0, HOST);
  await once(router, 'listening');
  const spare = createSocket('udp4').bind(0, HOST);
  await once(spare, 'listening');
  const { port } = spare.address();
  spare.close();
  const answers: Buffer[] = [];
  router.on('message', (bytes) => answers.push(bytes));
  const samples: Sample[] = [];
  const counters = new Counters();
  const ignore = () => undefined;
  const reader = new SourceReader({
    ...{ key: 'autopilot', clock: systemClock(() => 0), random: () => 0.01, counters, signingKey },
    config: source.parse({ link: { type: 'udp', port }, protocol: 'mavlink', mavlink }),
    log: createLog('silent'),
    descriptorCache: { get: ignore, put: ignore },
    onSample: (sample) => samples.push(sample),
    ...{ onWaveform: ignore, onDevice: ignore, onTime: ignore, onGap: ignore },
  });
  reader.start();
  onTestFinished(async () => {
    await reader.stop();
    router.close();
  });
  await expect.poll(() => reader.state).toBe('open');
  return { samples, counters, answers, send: (bytes: Uint8Array) => router.send(bytes, port, HOST) };
}

describe('a vehicle on a network', () => {
  test('is read, and hears a heartbeat and questions where it may be asked', async () => {
    const { samples, answers, send } = await rig({ request: true });
    const vehicle = new MavlinkVehicle({ system: 3 });
    send(vehicle.heartbeat());
    send(vehicle.attitude(1000));
    await expect.poll(() => samples.length).toBe(2);
    await expect.poll(() => answers.length).toBeGreaterThan(1);
    expect([answers[0]?.[SYSTEM_AT], answers[0]?.[COMPONENT_AT]]).toEqual([3, 191]);
  });

  test('hears nothing where nobody allowed it', async () => {
    const { samples, answers, send } = await rig({});
    const vehicle = new MavlinkVehicle();
    send(vehicle.heartbeat());
    send(vehicle.attitude(1000));
    await expect.poll(() => samples.length).toBe(2);
    // Longer than the first heartbeat would take.
    await sleep(600);
    expect(answers).toEqual([]);
  });

  test('is refused, and counted, without the key that is configured', async () => {
    const { samples, counters, send } = await rig({ signingKeyFile: 'mavlink-key' }, KEY);
    const forger = new MavlinkVehicle();
    send(forger.heartbeat());
    send(forger.attitude(1));
    await expect.poll(() => counters.get('noise_bad-signature')).toBe(2);
    const vehicle = new MavlinkVehicle({ key: KEY, wallMs: () => Date.now() });
    send(vehicle.heartbeat());
    send(vehicle.attitude(1000));
    await expect.poll(() => samples.length).toBe(2);
  });
});
