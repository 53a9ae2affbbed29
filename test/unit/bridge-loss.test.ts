import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BridgeDevice, PUMP_STREAMS } from '../support/bridge-device.ts';
import { createRig } from '../support/bridge-rig.ts';

const BATCH = 4;
const BATCH_TICKS = BATCH * 10_000;
const rows = (count = BATCH) => Array.from({ length: count }, (_, k) => [k, k]);

function readyRig() {
  const device = new BridgeDevice({ streams: PUMP_STREAMS });
  const rig = createRig({ device, isDeaf: true });
  rig.introduce(0);
  rig.take();
  /** Batch number n of the stream vib; its time is that of its number. */
  const batch = (n: number) => device.data(1, n * BATCH_TICKS, rows());
  const hear = (n: number, frame: Uint8Array) => rig.hear([frame], (n + 1) * 40);
  return { device, rig, batch, hear };
}

const summed = (losses: readonly { readonly frames: number; readonly samples: number }[]) =>
  losses.reduce((sum, loss) => ({ frames: sum.frames + loss.frames, samples: sum.samples + loss.samples }), {
    frames: 0,
    samples: 0,
  });

describe('loss on the wire', () => {
  test('is counted in frames and samples, exactly, whatever is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }), (isLost) => {
        const { rig, batch, hear } = readyRig();
        hear(0, batch(0));
        for (const [at, lost] of isLost.entries()) {
          const frame = batch(at + 1);
          if (!lost) hear(at + 1, frame);
        }
        const end = isLost.length + 1;
        hear(end, batch(end));
        const frames = isLost.filter(Boolean).length;
        expect(summed(rig.of('loss'))).toEqual({ frames, samples: frames * BATCH });
        expect(rig.of('sample')).toHaveLength((end + 1 - frames) * BATCH);
      }),
    );
  });

  test.each([255, 256, 257, 512])('is seen when %i frames are lost', (lost) => {
    const { device, rig, batch, hear } = readyRig();
    hear(0, batch(0));
    device.skip(1, lost);
    hear(lost + 1, batch(lost + 1));
    expect(rig.of('loss')).toMatchObject([
      { where: 'wire', stream: 'vib', frames: lost, samples: lost * BATCH, source: 'mcu' },
    ]);
  });

  test('has one sample in each frame of a stream without a rate', () => {
    const { device, rig } = readyRig();
    rig.hear([device.data(2, 0, [[1]])], 0);
    device.skip(2, 3);
    rig.hear([device.data(2, 9000, [[1]])], 10);
    expect(rig.of('loss')).toMatchObject([{ stream: 'temp', frames: 3, samples: 3 }]);
  });

  test('of frames about the device itself has no samples', () => {
    const { device, rig } = readyRig();
    device.skip(0, 2);
    rig.hear([device.hello(1000)], 1);
    expect(rig.of('loss')).toMatchObject([{ where: 'wire', stream: undefined, frames: 2, samples: 0 }]);
  });

  test('is not what the device itself dropped before it numbered its frames', () => {
    const { rig, batch, hear } = readyRig();
    hear(0, batch(0));
    hear(9, batch(9));
    expect(rig.of('loss')).toEqual([]);
  });

  test('of a damaged frame is counted beside the noise', () => {
    const { rig, batch, hear } = readyRig();
    hear(0, batch(0));
    hear(
      1,
      batch(1).map((byte, at) => (at === 12 ? byte ^ 0x40 : byte)),
    );
    hear(2, batch(2));
    expect(rig.noise()).toEqual(['bad-crc']);
    expect(summed(rig.of('loss'))).toEqual({ frames: 1, samples: BATCH });
  });
});

describe('loss in the device', () => {
  test('is told by its own count, from the first count on', () => {
    const { device, rig } = readyRig();
    rig.hear([device.stats(0, [5, 20]), device.stats(0, [7, 28]), device.stats(0, [7, 28])], 0);
    expect(rig.of('loss')).toMatchObject([{ where: 'device', stream: undefined, frames: 2, samples: 8 }]);
  });

  test('is told whole when the device was restarted before our eyes', () => {
    const { rig } = readyRig();
    const reborn = new BridgeDevice({ streams: PUMP_STREAMS, bootId: 8 });
    rig.hear([reborn.hello(0), reborn.stats(0, [3, 12])], 0);
    expect(rig.of('loss')).toMatchObject([{ where: 'device', frames: 3, samples: 12 }]);
  });

  test('goes on when the count wraps', () => {
    const { device, rig } = readyRig();
    rig.hear([device.stats(0, [-1, -4]), device.stats(0, [1, 4])], 0);
    expect(rig.of('loss')).toMatchObject([{ frames: 2, samples: 8 }]);
  });
});

describe('a frame that comes twice', () => {
  test('is accepted once', () => {
    const { rig, batch, hear } = readyRig();
    const frames = [batch(0), batch(1), batch(2)];
    for (const [n, frame] of frames.entries()) hear(n, frame);
    for (const frame of frames) hear(3, frame);
    expect(rig.of('sample')).toHaveLength(3 * BATCH);
    expect(rig.noise()).toEqual(['duplicate-frame', 'duplicate-frame', 'duplicate-frame']);
    hear(3, batch(3));
    expect(rig.of('loss')).toEqual([]);
  });

  test('of the device itself is accepted once', () => {
    const { device, rig } = readyRig();
    const log = device.log(2, 'once');
    rig.hear([log, log], 0);
    expect(rig.of('log')).toHaveLength(1);
    expect(rig.noise()).toEqual(['duplicate-frame']);
  });
});
