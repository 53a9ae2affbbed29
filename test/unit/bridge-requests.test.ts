import { describe, expect, test } from 'vitest';
import { FRAME_TYPES } from '../../src/decode/bridge/protocol.ts';
import { BridgeDevice, PUMP_STREAMS } from '../support/bridge-device.ts';
import { createRig } from '../support/bridge-rig.ts';
import { deframe } from '../support/deframe.ts';

const pump = (options: object = {}) => new BridgeDevice({ streams: PUMP_STREAMS, ...options });
const NAMES = new Map(Object.entries(FRAME_TYPES).map(([name, code]) => [code as number, name]));

/** Ticks each 100 ms, and what was asked when. The device hears nothing. */
function questions(rig: ReturnType<typeof createRig>, fromMs: number, toMs: number): string[] {
  const asked: string[] = [];
  for (let ms = fromMs; ms <= toMs; ms += 100) {
    rig.decoder.tick?.(ms);
    for (const bytes of rig.sent.splice(0))
      for (const item of deframe(bytes))
        asked.push(`${typeof item === 'string' ? item : NAMES.get(item.type)} ${ms}`);
  }
  return asked;
}

describe('the host asks', () => {
  test('who is there: quickly at first, then as often as a device would say so itself', () => {
    const rig = createRig({ device: pump() });
    const expected = [0, 500, 1000, 1500, 6500, 11_500].map((ms) => `hello ${ms}`);
    expect(questions(rig, 0, 12_000)).toEqual(expected);
  });

  test('once a second for the descriptor of a device that does not answer', () => {
    const rig = createRig({ device: pump() });
    rig.hear([pump().hello(0)], 0);
    rig.sent.splice(0);
    expect(questions(rig, 100, 3000)).toEqual(['desc 1000', 'desc 2000', 'desc 3000']);
  });

  test('for the first byte of the descriptor that is missing', () => {
    const device = pump({ chunkSize: 60 });
    const rig = createRig({ device });
    const [first, second, , fourth] = device.descriptorInTurn();
    rig.hear([device.hello(0), fourth as Uint8Array, first as Uint8Array, second as Uint8Array], 0);
    expect(deframe(rig.sent.at(-1) ?? new Uint8Array())).toMatchObject([{ body: '7800' }]);
  });

  test('nothing of a device that has no room for the question', () => {
    const rig = createRig({ device: pump() });
    rig.introduce(0);
    const small = pump({ receiveWindow: 15, bootId: 9 });
    rig.hear([small.hello(0)], 0);
    rig.sent.splice(0);
    expect(questions(rig, 0, 30_000)).toEqual([]);
  });

  test('for the time, often at first, then each 10 s, so that the device feels heard', () => {
    const device = pump();
    const rig = createRig({ device });
    rig.introduce(0);
    rig.sent.splice(0);
    const fast = [1, 2, 3, 4, 5, 6, 7].map((s) => `sync ${s}000`);
    expect(questions(rig, 100, 30_000)).toEqual([...fast, 'sync 17000', 'sync 27000']);
  });
});

describe('the round trip', () => {
  test('takes the delay of the link out of the time', () => {
    const device = pump();
    const rig = createRig({ device });
    const toHost: [number, Uint8Array][] = [];
    const toDevice: [number, Uint8Array][] = [];
    const due = (pipe: [number, Uint8Array][], ms: number) =>
      pipe.splice(0, pipe.filter(([sentMs]) => sentMs + 20 <= ms).length).map(([, bytes]) => bytes);
    for (let ms = 0; ms < 30_000; ms += 10) {
      for (const bytes of due(toDevice, ms))
        for (const answer of device.receive(bytes, ms * 1000)) toHost.push([ms, answer]);
      if (ms % 50 === 0) toHost.push([ms, device.data(1, ms * 1000, [[1, 1]])]);
      rig.hear(due(toHost, ms), ms);
      rig.decoder.tick?.(ms);
      for (const bytes of rig.sent.splice(0)) toDevice.push([ms, bytes]);
    }
    const late = rig.of('sample').at(-1);
    expect(late?.monoMs).toBeCloseTo(late?.deviceMs ?? 0, 1);
    expect(rig.decoder.timing?.errorMs).toBeCloseTo(20, 1);
    expect(Math.abs(rig.decoder.timing?.rateErrorPpm ?? Number.NaN)).toBeLessThan(1);
  });

  test('that nobody asked for is not believed', () => {
    const device = pump();
    const rig = createRig({ device, isDeaf: true });
    rig.introduce(0);
    rig.hear([device.frame('sync', 0, new Uint8Array(12))], 0);
    expect(rig.decoder.timing?.errorMs).toBeUndefined();
  });
});
