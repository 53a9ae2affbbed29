import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BridgeDevice, PUMP_STREAMS, SHAKER_STREAM, u16, u32 } from '../support/bridge-device.ts';
import { createRig } from '../support/bridge-rig.ts';

const SAMPLES = 512;
const rows = Array.from({ length: SAMPLES }, (_, k) => [Math.round(1000 * Math.sin(k / 10))]);
const values = Float32Array.from(rows, ([raw]) => (raw ?? 0) * 0.001);

function readyRig() {
  const device = new BridgeDevice({ streams: [...PUMP_STREAMS, SHAKER_STREAM] });
  const rig = createRig({ device, isDeaf: true });
  rig.introduce(0);
  rig.take();
  return { device, rig };
}

describe('a waveform', () => {
  test('is put together from its chunks, with channel, unit, rate and the time of its first sample', () => {
    const { device, rig } = readyRig();
    rig.hear([device.hello(2_000_000)], 2000);
    rig.hear(device.burst(3, 1_900_000, rows), 2100);
    expect(rig.take()).toEqual([
      {
        kind: 'waveform',
        source: 'mcu',
        monoMs: 1900,
        channel: 'shaker.z',
        unit: 'g',
        rateHz: 12_800,
        values,
      },
    ]);
  });

  test('of several fields is several waveforms', () => {
    const fields = ['x', 'y'].map((name) => ({ name, type: 'i8' as const, unit: 'g' }));
    const device = new BridgeDevice({ streams: [{ id: 1, name: 'w', rate: 1000, burst: 3, fields }] });
    const rig = createRig({ device, isDeaf: true });
    rig.introduce(0);
    rig.hear(
      device.burst(1, 0, [
        [1, -1],
        [2, -2],
        [3, -3],
      ]),
      0,
    );
    expect(rig.of('waveform').map(({ channel, values }) => [channel, ...values])).toEqual([
      ['w.x', 1, 2, 3],
      ['w.y', -1, -2, -3],
    ]);
  });

  test('may have any chunk twice', () => {
    fc.assert(
      fc.property(fc.nat(4), (at) => {
        const { device, rig } = readyRig();
        const chunks = device.burst(3, 1000, rows);
        const again = chunks[at % chunks.length] as Uint8Array;
        rig.hear(
          [...chunks.slice(0, (at % chunks.length) + 1), again, ...chunks.slice((at % chunks.length) + 1)],
          10,
        );
        expect(rig.of('waveform')).toHaveLength(1);
        expect(rig.of('waveform')[0]?.values).toEqual(values);
        expect(rig.noise()).toEqual(['duplicate-frame']);
        expect(rig.of('loss')).toEqual([]);
      }),
    );
  });

  test('with samples among its chunks disturbs neither', () => {
    const { device, rig } = readyRig();
    const [first, ...others] = device.burst(3, 1000, rows);
    rig.hear([first as Uint8Array, device.data(1, 2000, [[1, 2]]), ...others], 10);
    expect(rig.of('waveform')).toHaveLength(1);
    expect(rig.of('sample')).toHaveLength(1);
  });
});

describe('a waveform is lost, and counted once,', () => {
  const lost = { kind: 'loss', where: 'wire', stream: 'shaker' };

  test('when a chunk of it is missing and the next one begins', () => {
    const { device, rig } = readyRig();
    const [, ...rest] = device.burst(3, 1000, rows);
    rig.hear([...rest, ...device.burst(3, 100_000, rows)], 110);
    expect(rig.of('loss')).toMatchObject([{ ...lost, frames: 0, samples: SAMPLES }]);
    expect(rig.of('waveform')).toHaveLength(1);
  });

  test('when its chunks stop coming', () => {
    const { device, rig } = readyRig();
    rig.hear(device.burst(3, 1000, rows).slice(0, 2), 10);
    expect(rig.decoder.tick?.(5000)).toEqual([]);
    expect(rig.decoder.tick?.(5100)).toMatchObject([{ ...lost, samples: SAMPLES }]);
    expect(rig.decoder.tick?.(60_000)).toEqual([]);
  });

  test('when all its chunks are lost', () => {
    const { device, rig } = readyRig();
    rig.hear(device.burst(3, 0, rows), 10);
    const frames = device.burst(3, 100_000, rows).length;
    rig.hear(device.burst(3, 200_000, rows), 210);
    expect(rig.of('loss')).toMatchObject([
      { ...lost, frames, samples: 0 },
      { ...lost, frames: 0, samples: SAMPLES },
    ]);
  });

  test('when its checksum is wrong', () => {
    const { device, rig } = readyRig();
    const size = SAMPLES * 2;
    for (let offset = 0; offset < size; offset += 128)
      rig.hear(
        [device.frame('burst', 3, u16(1), u16(offset), u16(size), u32(0), u32(99), new Uint8Array(128))],
        0,
      );
    expect(rig.of('waveform')).toEqual([]);
    expect(rig.of('loss')).toMatchObject([{ ...lost, samples: SAMPLES }]);
  });
});

describe('a chunk is refused', () => {
  test.each<[string, number, number, number]>([
    ['of another size than described', 0, 2048, 100],
    ['past the end', 1000, 1024, 100],
    ['without bytes', 0, 1024, 0],
  ])('%s', (_, offset, total, size) => {
    const { device, rig } = readyRig();
    const parts = [u16(1), u16(offset), u16(total), u32(0), u32(0), new Uint8Array(size)];
    rig.hear([device.frame('burst', 3, ...parts)], 0);
    expect(rig.noise()).toEqual(['bad-body']);
  });

  test('that contradicts its burst', () => {
    const { device, rig } = readyRig();
    const head = [u16(1), u16(0), u16(1024), u32(0)];
    rig.hear([device.frame('burst', 3, ...head, u32(5), new Uint8Array(9))], 0);
    rig.hear([device.frame('burst', 3, ...head, u32(6), new Uint8Array(9))], 0);
    expect(rig.noise()).toEqual(['bad-body']);
  });
});
