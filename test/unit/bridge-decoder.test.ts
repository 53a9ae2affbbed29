import { encode } from 'cborg';
import { describe, expect, test } from 'vitest';
import { BridgeDevice, PUMP_STREAMS, u16, u32, wireFrame } from '../support/bridge-device.ts';
import { createRig, mapCache } from '../support/bridge-rig.ts';

const pump = (options: object = {}) => new BridgeDevice({ streams: PUMP_STREAMS, ...options });

function readyRig(device = pump()) {
  const rig = createRig({ device, isDeaf: true });
  rig.introduce(0);
  rig.take();
  return rig;
}

describe('before a device is known', () => {
  test('nothing is published', () => {
    const device = pump();
    const rig = createRig({ device, isDeaf: true });
    rig.hear([device.data(1, 0, [[1, 2]]), device.log(0, 'boot'), device.desc(0)], 0);
    expect(rig.noise()).toEqual(['undescribed', 'undescribed', 'undescribed']);
    rig.take();
    rig.hear([device.hello(0), device.data(1, 0, [[1, 2]]), device.stats(0, [1, 1]), device.desc(0)], 0);
    expect(rig.take()).toMatchObject([{ reason: 'undescribed' }, { reason: 'undescribed' }]);
  });

  test('the host asks, and pulls the descriptor piece by piece', () => {
    const rig = createRig({ device: pump() });
    rig.converse(5);
    expect(rig.of('device')).toMatchObject([
      {
        source: 'mcu',
        uid: 'c0de',
        bootId: 7,
        resetCause: 'powerOn',
        firmware: '1.2.3',
        board: 'simulated',
        channels: [
          { name: 'vib.x', unit: 'mm/s', rateHz: 100, min: undefined, isWaveform: false },
          { name: 'vib.y', unit: 'mm/s', rateHz: 100, min: -300, max: 300 },
          { name: 'temp.motor', unit: '°C', rateHz: undefined, quantity: 'value' },
        ],
      },
    ]);
    expect(rig.noise()).toEqual([]);
  });

  test('the descriptor of a device that only transmits is collected from its turns, begun anywhere', () => {
    const device = pump({ receiveWindow: 0, chunkSize: 60 });
    const rig = createRig({ device });
    const turns = device.descriptorInTurn();
    rig.hear([device.hello(0), ...turns.slice(2), ...turns], 0);
    expect(rig.of('device')).toHaveLength(1);
    const questions = rig.sent.length;
    for (let ms = 0; ms < 100_000; ms += 500) rig.decoder.tick?.(ms);
    expect(rig.sent).toHaveLength(questions);
  });

  test('a descriptor is known from the cache, and kept there', () => {
    const cache = mapCache();
    createRig({ device: pump(), cache }).converse(0);
    expect(cache.size).toBe(1);
    const device = pump();
    const later = createRig({ device, cache, isDeaf: true });
    later.hear([device.hello(0)], 0);
    expect(later.of('device')).toHaveLength(1);
  });

  test('a damaged cache is not believed', () => {
    const device = pump();
    const cache = mapCache(device.descriptor.slice());
    for (const bytes of cache.values()) bytes[20] = 0;
    const rig = createRig({ device, cache });
    rig.converse(0);
    expect(rig.of('device')).toHaveLength(1);
  });

  test('a descriptor whose checksum is wrong is collected anew', () => {
    const device = pump();
    const rig = createRig({ device, isDeaf: true });
    const damaged = new BridgeDevice({ streams: [], descriptor: device.descriptor.map((byte) => byte ^ 1) });
    rig.hear([device.hello(0), ...damaged.descriptorInTurn()], 0);
    expect(rig.of('device')).toEqual([]);
    expect(rig.noise()).toContain('bad-descriptor');
    rig.hear(device.descriptorInTurn(), 0);
    expect(rig.of('device')).toHaveLength(1);
  });

  test('a descriptor that breaks the rules is told in words, once, and not kept', () => {
    const descriptor = encode({ schema: 1, board: 'b', streams: [{ id: 1, name: 'UP', fields: [] }] });
    const cache = mapCache();
    const rig = createRig({ device: new BridgeDevice({ streams: [], descriptor }), cache });
    for (let ms = 0; ms < 20_000; ms += 500) rig.converse(ms);
    expect(rig.of('noise')).toMatchObject([
      { reason: 'bad-descriptor', excerpt: expect.stringMatching(/^streams.0.name must be/) },
    ]);
    expect(cache.size).toBe(0);
  });
});

describe('samples', () => {
  test('have names, scaled values and their own times', () => {
    const device = pump();
    const rig = readyRig(device);
    rig.hear(
      [
        device.data(1, 1_000_000, [
          [100, -200],
          [300, 5],
        ]),
      ],
      1010,
    );
    expect(rig.take()).toEqual([
      {
        kind: 'sample',
        source: 'mcu',
        monoMs: 1000,
        deviceMs: 1000,
        names: ['vib.x', 'vib.y'],
        values: [1, -2],
      },
      {
        kind: 'sample',
        source: 'mcu',
        monoMs: 1010,
        deviceMs: 1010,
        names: ['vib.x', 'vib.y'],
        values: [3, 0.05],
      },
    ]);
  });

  test('of one stream share one array of names, across restarts of the device', () => {
    const device = pump();
    const rig = readyRig(device);
    rig.hear(
      [
        device.data(1, 0, [
          [1, 2],
          [3, 4],
        ]),
      ],
      10,
    );
    const reborn = pump({ bootId: 8 });
    rig.hear([reborn.hello(0), reborn.data(1, 0, [[1, 2]])], 20);
    const [first, ...others] = rig.of('sample').map(({ names }) => names);
    expect(others).toHaveLength(2);
    for (const names of others) expect(names).toBe(first);
  });

  test.each<[string, number, number]>([
    ['u8', 200, 200],
    ['i8', -100, -100],
    ['u16', 60_000, 60_000],
    ['i16', -30_000, -30_000],
    ['u32', 4e9, 4e9],
    ['i32', -2e9, -2e9],
    ['f32', 0.5, 0.5],
  ])('may be of type %s', (type, raw, value) => {
    const device = new BridgeDevice({
      streams: [{ id: 9, name: 's', fields: [{ name: 'f', type: type as 'u8', unit: '1' }] }],
    });
    const rig = readyRig(device);
    rig.hear([device.data(9, 0, [[raw]])], 0);
    expect(rig.of('sample')).toMatchObject([{ names: ['s.f'], values: [value] }]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('that hold %d hold NaN, which is counted', (raw) => {
    const device = pump();
    const rig = readyRig(device);
    rig.hear([device.data(2, 0, [[raw]])], 0);
    expect(rig.take()).toMatchObject([
      { kind: 'sample', values: [Number.NaN] },
      { kind: 'noise', reason: 'not-a-number', excerpt: 'temp.motor=NaN' },
    ]);
  });

  test('go on when the ticks wrap', () => {
    const device = pump();
    const rig = createRig({ device, isDeaf: true });
    rig.hear([device.hello(2 ** 32 - 5000), ...device.descriptorInTurn()], 0);
    rig.hear(
      [
        device.data(1, 2 ** 32 - 1000, [
          [1, 1],
          [2, 2],
        ]),
        device.data(1, 19_000, [[3, 3]]),
      ],
      25,
    );
    const times = rig.of('sample').map(({ deviceMs }) => deviceMs);
    expect(times).toEqual([4294966.296, 4294976.296, 4294986.296]);
    expect(rig.of('loss')).toEqual([]);
  });

  test('never fall back in time, even when the link turns out to be faster than thought', () => {
    const device = pump();
    const rig = readyRig(device);
    rig.hear([device.data(1, 2_000_000, [[1, 1]])], 5000);
    rig.hear([device.data(1, 2_010_000, [[2, 2]])], 5001);
    rig.hear([device.data(1, 2_020_000, [[3, 3]])], 2021);
    rig.hear([device.data(1, 6_000_000, [[4, 4]])], 6001);
    const times = rig.of('sample').map(({ monoMs }) => monoMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.at(-1)).toBeLessThanOrEqual(6001);
  });
});

describe('a frame is refused', () => {
  test.each<[string, (device: BridgeDevice) => Uint8Array, string]>([
    ['with half a sample', (device) => device.frame('data', 1, u32(0), new Uint8Array(5)), 'bad-body'],
    ['without a sample', (device) => device.frame('data', 1, u32(0)), 'bad-body'],
    ['with two samples of a stream without a rate', (device) => device.data(2, 0, [[1], [2]]), 'bad-body'],
    ['from another time', (device) => device.data(1, 2 ** 31, [[1, 2]]), 'bad-body'],
    ['of a stream that is not described', (device) => device.frame('data', 77, u32(0)), 'unknown-frame'],
    [
      'of another kind than its stream',
      (device) => device.frame('burst', 1, new Uint8Array(20)),
      'unknown-frame',
    ],
    ['of a type that nobody knows', () => wireFrame([0x40 | 63, 0, 9]), 'unknown-frame'],
    ['that only a host sends', (device) => device.frame('cmd', 0, Uint8Array.of(1, 0)), 'unknown-frame'],
    [
      'that is no news on a stream of samples',
      (device) => device.frame('log', 1, Uint8Array.of(0)),
      'unknown-frame',
    ],
    ['with a short HELLO', (device) => device.frame('hello', 0, new Uint8Array(20)), 'bad-body'],
    ['with half a figure', (device) => device.frame('stats', 0, new Uint8Array(6)), 'bad-body'],
    ['with a log level that nobody knows', (device) => device.log(9, 'x'), 'bad-body'],
    ['with broken text', (device) => device.frame('log', 0, Uint8Array.of(0, 0xff)), 'bad-body'],
    [
      'with broken arguments',
      (device) => device.frame('event', 0, u32(0), u16(1), Uint8Array.of(0x82)),
      'bad-body',
    ],
    ['with half an answer', (device) => device.frame('ack', 0, Uint8Array.of(1)), 'bad-body'],
    ['with a chunk past the end', (device) => device.frame('desc', 0, u16(9), u16(9), u16(1)), 'bad-body'],
    [
      'with a descriptor over 8 KiB',
      (device) => device.frame('desc', 0, u16(0), u16(8193), u16(1)),
      'bad-body',
    ],
  ])('%s', (_, make, reason) => {
    const device = pump();
    const rig = readyRig(device);
    rig.hear([make(device)], 0);
    expect(rig.noise()).toEqual([reason]);
    rig.hear([device.data(1, 0, [[1, 2]])], 0);
    expect(rig.of('sample')).toHaveLength(1);
  });
});

describe('beside samples', () => {
  test('a device sends events, texts and figures', () => {
    const device = pump();
    const rig = readyRig(device);
    const frames = [
      device.event(2_000_000, 42, { pin: 3 }),
      device.event(2_000_000, 43),
      device.log(1, 'hot\n'),
    ];
    rig.hear([...frames, device.stats(4, [120, 4980]), device.stats(64, [-1])], 2000);
    expect(rig.take()).toMatchObject([
      { kind: 'event', monoMs: 2000, code: 42, arguments: { pin: 3 } },
      { kind: 'event', code: 43, arguments: undefined },
      { kind: 'log', level: 'warning', text: 'hot.' },
      { kind: 'stats', values: { stackFreeMin: 120, supplyMv: 4980 } },
      { kind: 'stats', values: { 64: -1 } },
    ]);
  });
});

describe('a device that was restarted', () => {
  test('begins everything anew and says so', () => {
    const device = pump();
    const rig = readyRig(device);
    rig.hear([device.data(1, 50_000_000, [[1, 1]])], 50_000);
    const reborn = pump({ bootId: 8 });
    rig.hear([reborn.hello(1000), reborn.data(1, 2000, [[2, 2]])], 60_000);
    expect(rig.take()).toMatchObject([
      { kind: 'sample' },
      { kind: 'device', bootId: 8 },
      { monoMs: 60_000, values: [0.02, 0.02] },
    ]);
    expect(rig.decoder.timing).toMatchObject({ spanMs: 0 });
  });

  test('is not mistaken for one that only says hello again', () => {
    const device = pump();
    const rig = readyRig(device);
    rig.hear([device.hello(5_000_000), device.hello(10_000_000)], 10_000);
    expect(rig.take()).toEqual([]);
  });

  test('is noticed by its clock, too, when its boot id is the same', () => {
    const device = pump();
    const rig = readyRig(device);
    rig.hear([device.hello(5_000_000), device.hello(1000)], 10_000);
    expect(rig.of('device')).toHaveLength(1);
  });

  test('is forgotten when the link closes, and what was begun is noise', () => {
    const device = pump();
    const rig = readyRig(device);
    rig.hear([device.data(1, 0, [[1, 2]]).subarray(0, 5)], 0);
    expect(rig.decoder.reset(0)).toMatchObject([{ reason: 'bad-frame', sizeBytes: 5 }]);
    expect(rig.decoder.timing).toBeUndefined();
    rig.hear([device.data(1, 10_000, [[1, 2]])], 0);
    expect(rig.noise()).toEqual(['undescribed']);
  });
});
