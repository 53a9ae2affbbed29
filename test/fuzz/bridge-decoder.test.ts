import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BridgeDecoder } from '../../src/decode/bridge/decoder.ts';
import { createDecoder } from '../../src/decode/decoder.ts';
import type { Decoded } from '../../src/values/sample.ts';
import {
  BridgeDevice,
  PUMP_STREAMS,
  SHAKER_STREAM,
  seeded,
  wireFrame,
  withFlips,
} from '../support/bridge-device.ts';

const STREAMS = [...PUMP_STREAMS, SHAKER_STREAM];
const WAVEFORM = Array.from({ length: 512 }, (_, k) => [k]);

type Step = 'vib' | 'temp' | 'hello' | 'log' | 'stats' | 'event' | 'burst' | 'lose' | 'reboot';
const steps = fc.array(
  fc.constantFrom<Step>(
    'vib',
    'vib',
    'vib',
    'temp',
    'hello',
    'log',
    'stats',
    'event',
    'burst',
    'lose',
    'reboot',
  ),
  { maxLength: 40 },
);
const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });
const join = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** What a device says in a short life, 10 ms a step. */
function life(script: readonly Step[]): Uint8Array[] {
  let device = new BridgeDevice({ streams: STREAMS });
  const frames = [device.hello(0), ...device.descriptorInTurn()];
  for (const [at, step] of script.entries()) {
    const tick = at * 10_000;
    const says: Record<Step, () => Uint8Array[]> = {
      vib: () => [device.data(1, tick, [[at, -at]])],
      temp: () => [device.data(2, tick, [[at / 2]])],
      hello: () => [device.hello(tick)],
      log: () => [device.log(1, `step ${at}`)],
      stats: () => [device.stats(0, [at, at * 4])],
      event: () => [device.event(tick, at, [at])],
      burst: () => device.burst(3, tick, WAVEFORM),
      lose: () => {
        device.data(1, tick, [[0, 0]]);
        return [];
      },
      reboot: () => {
        device = new BridgeDevice({ streams: STREAMS, bootId: 100 + at });
        return [device.hello(tick)];
      },
    };
    frames.push(...says[step]());
  }
  return frames;
}

function feed(bytes: Uint8Array, cuts: readonly number[], protocol: 'bridge' | 'auto' = 'bridge'): Decoded[] {
  const decoder = createDecoder({ source: 's', protocol });
  const found: Decoded[] = [];
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const end = start + (cuts[turn % cuts.length] ?? bytes.length);
    found.push(...decoder.decode(bytes.subarray(start, end), 0));
    start = end;
  }
  return [...found, ...decoder.finish(0), ...decoder.reset(0)];
}

describe('the bridge decoder', () => {
  test('does not depend on how the bytes are cut into chunks', () => {
    fc.assert(
      fc.property(steps, sizes, fc.integer(), (script, cuts, seed) => {
        const bytes = withFlips(join(life(script)), 0.002, seeded(seed));
        const whole = feed(bytes, [bytes.length]);
        expect(feed(bytes, cuts)).toEqual(whole);
        expect(whole.filter(({ kind }) => kind === 'device').length).toBeLessThanOrEqual(script.length + 1);
      }),
      { numRuns: 200 },
    );
  });

  test('finds the same when it has to find out first what is spoken', () => {
    fc.assert(
      fc.property(steps, sizes, (script, cuts) => {
        const bytes = join(life(script));
        expect(feed(bytes, cuts, 'auto')).toEqual(feed(bytes, cuts));
      }),
      { numRuns: 100 },
    );
  });

  test('never throws and gives only well-formed values, whatever the bytes are', () => {
    const garbage = fc.uint8Array({ maxLength: 600 });
    const framed = fc
      .tuple(fc.nat(12), fc.nat(4), fc.nat(255), fc.uint8Array({ maxLength: 249 }))
      .map(([type, stream, sequence, body]) => frameOf(type, stream, sequence, body));
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 4, arbitrary: framed }, garbage), { maxLength: 30 }),
        (parts) => {
          for (const item of feed(join([...life([]), ...parts]), [64])) expectWellFormed(item);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('accepts only samples that were sent, with one byte in a hundred changed, and counts what is missing', () => {
    const device = new BridgeDevice({ streams: PUMP_STREAMS });
    const intro = join([device.hello(0), ...device.descriptorInTurn()]);
    const count = 20_000;
    const frames = Array.from({ length: count }, (_, n) =>
      device.data(1, n * 10_000, [[n & 0x7fff, n % 977]]),
    );
    const decoder = createDecoder({ source: 's', protocol: 'bridge' });
    decoder.decode(intro, 0);
    const random = seeded(5);
    const found: Decoded[] = [];
    for (const [n, frame] of frames.entries()) {
      const isEdge = n === 0 || n === count - 1;
      found.push(...decoder.decode(isEdge ? frame : withFlips(frame, 0.01, random), n * 10));
    }
    const samples = found.filter((item) => item.kind === 'sample');
    for (const { deviceMs, values } of samples) {
      const n = Math.round((deviceMs ?? Number.NaN) / 10);
      expect(values).toEqual([(n & 0x7fff) * 0.01, (n % 977) * 0.01]);
    }
    expect(samples.length).toBeGreaterThan(count * 0.75);
    const lost = found.reduce((sum, item) => sum + (item.kind === 'loss' ? item.samples : 0), 0);
    expect(samples.length + lost).toBe(count);
  });

  test('keeps nothing of an endless run of bytes without a delimiter', () => {
    const decoder = new BridgeDecoder({ source: 's' });
    const chunk = new Uint8Array(65_536).fill(0x41);
    global.gc?.();
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 500; count++) expect(decoder.decode(chunk, count)).toEqual([]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
    expect(decoder.reset(0)).toMatchObject([{ reason: 'bad-frame', sizeBytes: 500 * 65_536 }]);
  });
});

/** A valid frame with any content. */
function frameOf(type: number, stream: number, sequence: number, body: Uint8Array): Uint8Array {
  return wireFrame([0x40 | type, stream, sequence], body);
}

function expectWellFormed(item: Decoded): void {
  expect(item.source).toBe('s');
  expect(Number.isFinite(item.monoMs)).toBe(true);
  if (item.kind === 'noise') {
    expect(item.excerpt).toMatch(/^\P{C}{0,64}$/u);
  } else if (item.kind === 'sample') {
    expect(item.values.length).toBe(item.names.length);
    for (const value of item.values) expect(Math.abs(value)).not.toBe(Number.POSITIVE_INFINITY);
  } else if (item.kind === 'loss') {
    expect(item.frames + item.samples).toBeGreaterThan(0);
    expect(Math.min(item.frames, item.samples)).toBeGreaterThanOrEqual(0);
  }
}
