import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { readHello } from '../../src/decode/bridge/bodies.ts';
import { DATA_LAYOUT, FRAME_TYPES } from '../../src/decode/bridge/protocol.ts';
import { seeded } from '../support/bridge-device.ts';
import { eventually } from '../support/daemon.ts';
import { DeviceRig } from '../support/device-rig.ts';
import { buildCortexM3 } from '../support/firmware.ts';
import { needsCommand } from '../support/needs.ts';
import { QemuBoard } from '../support/qemu-board.ts';
import { type CopiedFrame, framesIn } from '../support/wire-reader.ts';

const hasPrograms = [
  needsCommand('mosquitto'),
  needsCommand('qemu-system-arm'),
  needsCommand('arm-none-eabi-gcc', 'gcc-arm-none-eabi libnewlib-arm-none-eabi'),
].every(Boolean);

const NORMAL_DEGREES_C = 21.5;
const SAMPLE_PERIOD_MS = 100;
/** The temperature comes ten times a second. */
const BEARING = {
  name: 'Bearing',
  window: { rateHz: 10, length: '500ms', step: '100ms', hold: '300ms' },
  learn: { for: '10s' },
  incident: { openAfter: '500ms' },
};

describe.runIf(hasPrograms)('firmware on a Cortex-M3 with a temperature sensor', () => {
  test('that gets hot is reported, by its own description', async () => {
    await using rig = await DeviceRig.setUp(BEARING);
    const board = rig.use(await plugIn(rig, buildCortexM3(rig.folder)));
    const stopDrifting = drift(board);
    const daemon = rig.start();
    await daemon.logged(/^watching bearing/);
    await sleep(2000);
    expect(rig.subscriber.reports).toEqual([]);

    await stopDrifting();
    const heatedMs = performance.now();
    await board.heatTo(85);
    await rig.subscriber.distinct(1);
    console.log(`temperature_to_report ${(performance.now() - heatedMs).toFixed(0)} ms`);

    const [report] = rig.subscriber.reports;
    expect(report?.type).toBe('fieldnote.incident.opened');
    expect(report?.data.asset).toEqual({ key: 'bearing', name: 'Bearing' });
    const [fact, ...others] = report?.data.channels ?? [];
    expect(others).toEqual([]);
    expect(fact).toMatchObject({ channel: 'temperature', unit: '°C', direction: 'above' });
    expect(fact?.value).toBeCloseTo(85, 0);
    expect(fact?.baseline).toBeCloseTo(NORMAL_DEGREES_C, 0);
    expect(rig.faults).toEqual({});
  }, 60_000);

  test('that is unplugged while it sends and plugged in again begins anew, and leaves a gap', async () => {
    await using rig = await DeviceRig.setUp(BEARING);
    const elf = buildCortexM3(rig.folder);
    const daemon = rig.start();
    const first = rig.use(await plugIn(rig, elf));
    const firstBootId = await rig.bootId();
    await rig.samples(20);
    await first.unplug();
    const firstSent = first.sent;
    await daemon.logged(/^Lost .*port/);

    const second = rig.use(await plugIn(rig, elf));
    const secondBootId = await rig.bootId(firstBootId);
    await rig.samples(rig.count('samples_read') + 20);
    await eventually(() =>
      expect(rig.subscriber.gaps).toMatchObject([
        { reason: 'samples', count: null, detail: expect.stringMatching(/^source board was away for/) },
      ]),
    );
    await second.unplug();
    expect(await daemon.stop()).toBe(0);

    const copies = [firstSent, second.sent].map(framesIn);
    expect(copies.map(bootIdIn)).toEqual([firstBootId, secondBootId]);
    const temperatures = copies.map((frames) => frames.filter(isTemperature));
    for (const frames of temperatures) {
      expect(frames[0]?.sequence).toBe(0);
      const ticks = frames.map(({ body }) => body.getUint32(DATA_LAYOUT.t0, true));
      expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b));
    }
    expect(rig.count('samples_read')).toBeLessThanOrEqual(temperatures.flat().length);
    expect(rig.count('noise_duplicate-frame')).toBe(0);
  }, 60_000);
});

function plugIn({ portPath }: DeviceRig, elf: string): Promise<QemuBoard> {
  return QemuBoard.plugIn({ elf, portPath, degreesC: NORMAL_DEGREES_C });
}

/** Nothing real stands still: half a degree up and down. @returns how to end it */
function drift(board: QemuBoard): () => Promise<void> {
  const random = seeded(1);
  let isDrifting = true;
  const drifting = (async () => {
    while (isDrifting) {
      await board.heatTo(NORMAL_DEGREES_C + random() - 0.5);
      await sleep(SAMPLE_PERIOD_MS);
    }
  })();
  return () => {
    isDrifting = false;
    return drifting;
  };
}

function bootIdIn(frames: readonly CopiedFrame[]): number | undefined {
  const hello = frames.find(({ type }) => type === FRAME_TYPES.hello);
  return hello && readHello(hello.body)?.bootId;
}

function isTemperature({ type }: CopiedFrame): boolean {
  return type === FRAME_TYPES.data;
}
