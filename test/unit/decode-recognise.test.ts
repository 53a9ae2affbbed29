import { describe, expect, test } from 'vitest';
import { createDecoder } from '../../src/decode/decoder.ts';
import type { Decoded } from '../../src/values/sample.ts';
import { BridgeDevice, PUMP_STREAMS, seeded, withFlips } from '../support/bridge-device.ts';
import { createRig } from '../support/bridge-rig.ts';

const pump = () => new BridgeDevice({ streams: PUMP_STREAMS });
const text = (...lines: readonly string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''));
const listen = () => createDecoder({ source: 'port', protocol: 'auto' });
const samples = (found: readonly Decoded[]) => found.filter((item) => item.kind === 'sample');
const reasons = (found: readonly Decoded[]) =>
  found.flatMap((item) => (item.kind === 'noise' ? [item.reason] : []));

describe('text', () => {
  test('is told after two seconds, with all that came until then', () => {
    const decoder = listen();
    const found: Decoded[] = [];
    for (let ms = 0; ms < 2000; ms += 100) found.push(...decoder.decode(text(`a:${ms}`), ms));
    expect(found).toEqual([]);
    found.push(...(decoder.tick?.(2000) ?? []));
    expect(samples(found).map(({ values, monoMs }) => [...values, monoMs])).toEqual(
      Array.from({ length: 20 }, (_, at) => [at * 100, at * 100]),
    );
    expect(decoder.decode(text('a:1'), 2100)).toMatchObject([{ kind: 'sample', values: [1] }]);
  });

  test('is told at once when there is much of it, as in a recording', () => {
    const decoder = listen();
    const line = text('pressure:1 flow:2');
    const found = Array.from({ length: 5000 }, () => decoder.decode(line, 0)).flat();
    expect(samples(found)).toHaveLength(5000);
  });

  test('is told at the end of a short recording', () => {
    const decoder = listen();
    expect(decoder.decode(text('a:1', 'a:2').subarray(0, -1), 0)).toEqual([]);
    expect(samples(decoder.finish(0))).toHaveLength(2);
  });

  test('is told although a 0x00 comes now and then', () => {
    const decoder = listen();
    const found = [...decoder.decode(text('a:1', 'a\u0000:2', 'a:3', 'a:4\u0000', 'a:5'), 0)];
    found.push(...(decoder.tick?.(2000) ?? []), ...decoder.decode(text('a:6'), 2001));
    expect(samples(found)).toHaveLength(4);
    expect(reasons(found)).toEqual(['not-utf8', 'not-utf8']);
  });

  test('that cannot be used is told to be text', () => {
    const decoder = listen();
    decoder.decode(text('Hello', 'I am a sensor'), 0);
    expect(reasons(decoder.tick?.(2000) ?? [])).toEqual(['unreadable', 'unreadable']);
  });

  test('is not written to once it is known', () => {
    const rig = createRig({ device: pump(), protocol: 'auto' });
    for (let ms = 0; ms <= 2000; ms += 100) rig.hear([text('a:1')], ms);
    expect(rig.sent.length).toBeLessThanOrEqual(4);
    rig.sent.splice(0);
    for (let ms = 2100; ms < 30_000; ms += 100) rig.hear([text('a:1')], ms);
    expect(rig.sent).toEqual([]);
  });
});

describe('the bridge', () => {
  test('is told with its second frame, and no noise of the others is', () => {
    const device = pump();
    const rig = createRig({ device, protocol: 'auto', isDeaf: true });
    rig.introduce(0);
    rig.hear([device.data(1, 1000, [[1, 2]])], 5);
    expect(rig.of('device')).toHaveLength(1);
    expect(rig.of('sample')).toHaveLength(1);
    expect(rig.noise()).toEqual([]);
    expect(rig.decoder.timing).toBeDefined();
  });

  test('is told within two seconds when it was attached in the middle of a frame', () => {
    const device = pump();
    const rig = createRig({ device, protocol: 'auto' });
    rig.hear([device.data(1, 0, [[1, 2]]).subarray(6)], 0);
    for (let ms = 0; ms < 2000; ms += 100) {
      rig.converse(ms);
      rig.hear([device.data(1, (ms + 1) * 1000, [[1, 2]])], ms + 1);
    }
    expect(rig.of('device')).toHaveLength(1);
    expect(rig.of('sample').length).toBeGreaterThanOrEqual(19);
    expect(rig.noise().filter((reason) => reason !== 'undescribed')).toHaveLength(1);
  });

  test.each([
    ['binary garbage', () => withFlips(new Uint8Array(300), 1, seeded(3))],
    ['words', () => text('rst:0x1 boot:0x13', 'load:1 len:2', 'entry 0x400')],
  ])('is told after two seconds of %s from a boot loader', (_, garbage) => {
    const device = pump();
    const rig = createRig({ device, protocol: 'auto' });
    for (let ms = 0; ms <= 2500; ms += 100) rig.hear([garbage()], ms);
    rig.take();
    rig.hear([Uint8Array.of(0)], 3000);
    rig.introduce(3000);
    for (let ms = 3000; ms < 4000; ms += 100) rig.hear([device.data(1, ms * 1000, [[1, 2]])], ms + 1);
    expect(rig.of('device')).toHaveLength(1);
    expect(rig.of('sample')).toHaveLength(10);
  });

  test('may go on asking once it is known', () => {
    const device = pump();
    const rig = createRig({ device, protocol: 'auto' });
    for (let ms = 0; ms < 20_000; ms += 100) rig.converse(ms);
    expect(rig.decoder.timing?.errorMs).toBeDefined();
  });
});

describe('what nobody knows', () => {
  test('is counted as noise each two seconds, and the search goes on', () => {
    const random = seeded(11);
    const decoder = listen();
    const found: Decoded[] = [];
    for (let ms = 0; ms < 20_000; ms += 10) {
      const bytes = Uint8Array.from({ length: 30 }, () => Math.floor(random() * 256));
      found.push(...decoder.decode(bytes, ms));
    }
    found.push(...decoder.reset(20_000));
    expect(new Set(reasons(found))).toEqual(new Set(['unrecognised']));
    expect(found.length).toBeLessThanOrEqual(10);
    const sizes = found.map((item) => (item.kind === 'noise' ? item.sizeBytes : 0));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(60_000);
    decoder.decode(text('', 'a:1'), 20_001);
    expect(samples(decoder.tick?.(22_001) ?? [])).toHaveLength(1);
  });

  test('is nothing while nothing comes', () => {
    const decoder = listen();
    for (let ms = 0; ms < 10_000; ms += 500) expect(decoder.tick?.(ms)).toEqual([]);
    expect([...decoder.finish(10_000), ...decoder.reset(10_000)]).toEqual([]);
  });
});

test('another device may speak another protocol after the link was closed', () => {
  const device = pump();
  const rig = createRig({ device, protocol: 'auto', isDeaf: true });
  rig.introduce(0);
  rig.decoder.reset(1000);
  rig.take();
  rig.hear([text('a:1')], 2000);
  rig.converse(4000);
  expect(rig.of('sample')).toMatchObject([{ names: ['a'] }]);
  rig.decoder.reset(5000);
  rig.introduce(6000);
  rig.hear([device.data(1, 6_001_000, [[1, 2]])], 6001);
  expect(rig.of('sample')).toHaveLength(2);
});
